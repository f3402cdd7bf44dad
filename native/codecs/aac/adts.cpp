#include "codecs/aac/adts.hpp"

#include "base/bit_reader.hpp"

namespace millrace::aac {

Result<AdtsHeader> AdtsHeader::parse(Bytes bytes) {
  BitReader reader(bytes);
  const uint32_t syncword = reader.u(12);
  reader.skip(1);  // ID: MPEG-4 or MPEG-2, the same frames
  const uint32_t layer = reader.u(2);
  const bool protection_absent = reader.flag();
  AdtsHeader header;
  header.object_type = reader.u(2) + 1;
  header.sampling_frequency_index = reader.u(4);
  reader.skip(1);  // private_bit
  header.channel_configuration = reader.u(3);
  reader.skip(4);  // original_copy, home, copyright_identification_bit and _start
  header.frame_size = reader.u(13);
  reader.skip(11);  // adts_buffer_fullness
  header.raw_data_blocks = reader.u(2) + 1;
  header.header_size = protection_absent ? kSize : kSize + 2;
  if (!reader.ok() || syncword != 0xfff || layer != 0 ||
      header.sampling_frequency_index >= kSamplingFrequencies.size() ||
      header.frame_size <= header.header_size) {
    return ErrorCode::kAacAdtsInvalid;
  }
  return header;
}

void AdtsHeader::write_to(ByteWriter& writer) const {
  assert(object_type >= 1 && object_type <= 4 && frame_size <= kMaxFrameSize);
  writer.u16(0xfff1);  // syncword, MPEG-4, layer 0, no CRC
  writer.u8((object_type - 1) << 6 | sampling_frequency_index << 2 | channel_configuration >> 2);
  // The last 2 bits of channel_configuration, 4 flags, 13 bits of length, 11 bits of fullness (7ff:
  // variable rate), 2 bits of the block count less one.
  const auto size = static_cast<uint32_t>(frame_size);
  writer.u8((channel_configuration & 3) << 6 | size >> 11);
  writer.u8(size >> 3 & 0xff);
  writer.u8((size & 7) << 5 | 0x1f);
  writer.u8(0xfc);
}

Result<AdtsHeader> AdtsHeader::describe(const AudioSpecificConfig& config, size_t payload_size) {
  const auto index = aac::sampling_frequency_index(config.sampling_frequency);
  if (config.object_type < 1 || config.object_type > 4 || !index ||
      config.channel_configuration > 7 || payload_size > kMaxFrameSize - kSize) {
    return ErrorCode::kAacAdtsInvalid;
  }
  AdtsHeader header;
  header.object_type = config.object_type;
  header.sampling_frequency_index = *index;
  header.channel_configuration = config.channel_configuration;
  header.frame_size = kSize + payload_size;
  return header;
}

AudioSpecificConfig AdtsHeader::audio_specific_config() const {
  AudioSpecificConfig config;
  config.object_type = object_type;
  config.sampling_frequency = kSamplingFrequencies[sampling_frequency_index];
  config.channel_configuration = channel_configuration;
  // Configuration 7 is 7.1; 1 to 6 are as many channels; 0 leaves it to the frames.
  config.channels = channel_configuration == 7 ? 8 : channel_configuration;
  return config;
}

}  // namespace millrace::aac
