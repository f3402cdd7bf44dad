#include "codecs/aac/audio_specific_config.hpp"

#include <algorithm>

#include "base/bit_reader.hpp"

namespace millrace::aac {
namespace {

constexpr uint32_t kEscapeIndex = 15;
constexpr uint32_t kSbrSyncExtension = 0x2b7;
constexpr uint32_t kPsSyncExtension = 0x548;

// Table 1.19, by channelConfiguration; 0 where it is reserved.
constexpr std::array<uint8_t, 16> kChannels{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0};

// The format allows 48 channels and 16 for low frequencies; a program_config_element has room
// for 93.
constexpr uint32_t kMaxChannels = 64;

// The escape value allows 0 to 16.7 MHz. No decoder goes over 192 kHz, and what follows the rate
// (frame durations, resamplers) must not have to cope with 1 Hz.
constexpr uint32_t kMinSamplingFrequency = 1000;
constexpr uint32_t kMaxSamplingFrequency = 192000;

bool is_possible_rate(uint32_t rate) {
  return rate >= kMinSamplingFrequency && rate <= kMaxSamplingFrequency;
}

/// GetAudioObjectType()
uint32_t read_object_type(BitReader& reader) {
  const uint32_t type = reader.u(5);
  return type == 31 ? 32 + reader.u(6) : type;
}

/// A samplingFrequencyIndex and what it stands for; 0 when reserved.
uint32_t read_sampling_frequency(BitReader& reader) {
  const uint32_t index = reader.u(4);
  if (index == kEscapeIndex) {
    return reader.u(24);
  }
  return index < kSamplingFrequencies.size() ? kSamplingFrequencies[index] : 0;
}

/// program_config_element(), ISO/IEC 14496-3 Table 4.2: only its count of channels is of interest.
uint32_t read_program_config_channels(BitReader& reader) {
  reader.skip(4 + 2 + 4);  // element_instance_tag, object_type, sampling_frequency_index
  const uint32_t front = reader.u(4);
  const uint32_t side = reader.u(4);
  const uint32_t back = reader.u(4);
  const uint32_t lfe = reader.u(2);
  reader.skip(3 + 4);   // num_assoc_data_elements, num_valid_cc_elements
  if (reader.flag()) {  // mono_mixdown_present
    reader.skip(4);
  }
  if (reader.flag()) {  // stereo_mixdown_present
    reader.skip(4);
  }
  if (reader.flag()) {  // matrix_mixdown_idx_present
    reader.skip(3);
  }
  uint32_t channels = lfe;
  for (uint32_t i = 0; i < front + side + back; ++i) {
    channels += reader.flag() ? 2 : 1;  // element_is_cpe
    reader.skip(4);
  }
  return channels;
}

bool has_ga_specific_config(uint32_t object_type) {
  switch (object_type) {
    case 1:   // Main
    case 2:   // LC
    case 3:   // SSR
    case 4:   // LTP
    case 6:   // Scalable
    case 7:   // TwinVQ
    case 17:  // ER LC
    case 19:  // ER LTP
    case 20:  // ER Scalable
    case 21:  // ER TwinVQ
    case 22:  // ER BSAC
    case 23:  // ER LD
      return true;
    default:
      return false;
  }
}

/// GASpecificConfig(), Table 4.1
void read_ga_specific_config(BitReader& reader, AudioSpecificConfig& config) {
  const bool short_frame = reader.flag();  // frameLengthFlag
  config.frame_length = short_frame ? 960 : 1024;
  if (config.object_type == 23) {
    config.frame_length = short_frame ? 480 : 512;
  }
  if (reader.flag()) {  // dependsOnCoreCoder
    reader.skip(14);
  }
  const bool extension = reader.flag();
  if (config.channel_configuration == 0) {
    config.channels = read_program_config_channels(reader);
    // byte_alignment() and the comment field end the element. What may follow is not read then.
    return;
  }
  if (config.object_type == 6 || config.object_type == 20) {
    reader.skip(3);  // layerNr
  }
  if (extension) {
    if (config.object_type == 22) {
      reader.skip(5 + 11);
    } else if (config.object_type == 17 || config.object_type == 19 || config.object_type == 20 ||
               config.object_type == 23) {
      reader.skip(3);
    }
    reader.skip(1);  // extensionFlag3
  }
}

/// Signalling after the core's configuration, where old decoders do not look (§1.6.5.2).
void read_backward_compatible_extension(BitReader& reader, AudioSpecificConfig& config) {
  if (reader.bits_left() < 16 || reader.u(11) != kSbrSyncExtension ||
      read_object_type(reader) != kObjectTypeSbr || !reader.flag()) {
    return;
  }
  const uint32_t rate = read_sampling_frequency(reader);
  if (!reader.ok() || !is_possible_rate(rate)) {
    return;
  }
  config.sbr = true;
  config.extension_sampling_frequency = rate;
  if (reader.bits_left() >= 12 && reader.u(11) == kPsSyncExtension) {
    config.ps = reader.flag();
  }
}

/// Bits gathered from the most significant one down.
class BitGatherer {
 public:
  void put(uint64_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) {
      bytes_[size_ / 8] =
          static_cast<uint8_t>(bytes_[size_ / 8] | (value >> i & 1) << (7 - size_ % 8));
      ++size_;
    }
  }
  void put_object_type(uint32_t type) {
    if (type < 31) {
      put(type, 5);
    } else {
      put(31, 5);
      put(type - 32, 6);
    }
  }
  void put_sampling_frequency(uint32_t rate) {
    if (const auto index = sampling_frequency_index(rate)) {
      put(*index, 4);
    } else {
      put(kEscapeIndex, 4);
      put(rate, 24);
    }
  }
  [[nodiscard]] Bytes bytes() const { return Bytes(bytes_).first((size_ + 7) / 8); }

 private:
  std::array<uint8_t, 16> bytes_{};  // at most 11 + 28 + 4 + 28 + 11 + 3 bits
  size_t size_ = 0;
};

BitGatherer gather(const AudioSpecificConfig& config) {
  BitGatherer bits;
  if (config.sbr) {
    bits.put_object_type(config.ps ? kObjectTypePs : kObjectTypeSbr);
    bits.put_sampling_frequency(config.sampling_frequency);
    bits.put(config.channel_configuration, 4);
    bits.put_sampling_frequency(config.extension_sampling_frequency);
    bits.put_object_type(config.object_type);
  } else {
    bits.put_object_type(config.object_type);
    bits.put_sampling_frequency(config.sampling_frequency);
    bits.put(config.channel_configuration, 4);
  }
  const bool short_frame = config.frame_length == 960 || config.frame_length == 480;
  bits.put(short_frame ? 1 : 0, 1);
  bits.put(0, 2);  // dependsOnCoreCoder, extensionFlag
  return bits;
}

}  // namespace

std::optional<uint32_t> sampling_frequency_index(uint32_t rate) {
  const auto* found = std::find(kSamplingFrequencies.begin(), kSamplingFrequencies.end(), rate);
  if (found == kSamplingFrequencies.end()) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(found - kSamplingFrequencies.begin());
}

Result<AudioSpecificConfig> AudioSpecificConfig::parse(Bytes bytes) {
  BitReader reader(bytes);
  AudioSpecificConfig config;
  config.object_type = read_object_type(reader);
  config.sampling_frequency = read_sampling_frequency(reader);
  config.channel_configuration = reader.u(4);
  config.channels = kChannels[config.channel_configuration];
  const bool explicit_sbr =
      config.object_type == kObjectTypeSbr || config.object_type == kObjectTypePs;
  if (explicit_sbr) {
    config.sbr = true;
    config.ps = config.object_type == kObjectTypePs;
    config.extension_sampling_frequency = read_sampling_frequency(reader);
    config.object_type = read_object_type(reader);
    if (config.object_type == 22) {
      reader.skip(4);  // extensionChannelConfiguration
    }
  }
  if (has_ga_specific_config(config.object_type)) {
    read_ga_specific_config(reader, config);
  }
  if (!reader.ok() || config.object_type == 0 || !is_possible_rate(config.sampling_frequency) ||
      config.channels > kMaxChannels ||
      (config.channels == 0 && config.channel_configuration != 0) ||
      (config.sbr && !is_possible_rate(config.extension_sampling_frequency))) {
    return ErrorCode::kAacConfigInvalid;
  }
  if (!explicit_sbr && config.channel_configuration != 0) {
    read_backward_compatible_extension(reader, config);
  }
  return config;
}

uint32_t AudioSpecificConfig::output_samples_per_frame() const {
  return sbr ? static_cast<uint32_t>(uint64_t{frame_length} * extension_sampling_frequency /
                                     sampling_frequency)
             : frame_length;
}

size_t AudioSpecificConfig::size() const { return gather(*this).bytes().size(); }

void AudioSpecificConfig::write_to(ByteWriter& writer) const {
  assert(channel_configuration != 0);
  const BitGatherer bits = gather(*this);
  writer.bytes(bits.bytes());
}

Result<Ref<Track>> make_track(Bytes audio_specific_config) {
  const auto config = AudioSpecificConfig::parse(audio_specific_config);
  if (!config) {
    return config.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kAac;
  track->configuration = Buffer::copy_of(audio_specific_config);
  track->audio.sample_rate = config->output_sample_rate();
  track->audio.channels = config->output_channels();
  track->audio.profile = config->ps    ? kObjectTypePs
                         : config->sbr ? kObjectTypeSbr
                                       : config->object_type;
  track->audio.samples_per_frame = config->output_samples_per_frame();
  return track;
}

}  // namespace millrace::aac
