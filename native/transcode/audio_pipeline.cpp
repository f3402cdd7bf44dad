#include "transcode/audio_pipeline.hpp"

#include <array>

namespace millrace::transcode {

namespace {

constexpr uint32_t kRate = 48'000;
constexpr uint32_t kChannels = 2;
constexpr uint32_t kG711Rate = 8000;
// A decoder may need some frames before it finds its feet (the bit reservoir of MP3, a start in the
// middle); after so many in a row the track is something else than it says.
constexpr uint32_t kHopelessFailures = 50;

int32_t library_codec(CodecId codec) {
  switch (codec) {
    case CodecId::kAac:
      return MILLRACE_AUDIO_AAC;
    case CodecId::kMp3:
      return MILLRACE_AUDIO_MP3;
    case CodecId::kOpus:
      return MILLRACE_AUDIO_OPUS;
    case CodecId::kG711A:
      return MILLRACE_AUDIO_PCMA;
    case CodecId::kG711U:
      return MILLRACE_AUDIO_PCMU;
    default:
      return 0;
  }
}

bool is_g711(CodecId codec) { return codec == CodecId::kG711A || codec == CodecId::kG711U; }
uint32_t rate_of(CodecId codec) { return is_g711(codec) ? kG711Rate : kRate; }
uint32_t channels_of(CodecId codec) { return is_g711(codec) ? 1 : kChannels; }

/// ISO/IEC 14496-3 §1.6.2.1: AAC-LC, 48 kHz, two channels.
constexpr std::array<uint8_t, 2> kAacConfiguration{0x11, 0x90};
/// RFC 7845 §5.1, two channels, 48 kHz, no pre-skip: a live stream is joined anywhere.
constexpr std::array<uint8_t, 19> kOpusHead{'O', 'p', 'u',  's',  'H', 'e', 'a', 'd', 1, 2,
                                            0,   0,   0x80, 0xbb, 0,   0,   0,   0,   0};

}  // namespace

bool can_decode(CodecId codec) { return library_codec(codec) != 0; }

TrackRef target_track(const AudioTarget& target) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = target.codec;
  track->audio.sample_rate = rate_of(target.codec);
  track->audio.channels = channels_of(target.codec);
  if (target.codec == CodecId::kAac) {
    track->configuration = Buffer::copy_of(Bytes(kAacConfiguration));
    track->audio.profile = 2;
    track->audio.samples_per_frame = 1024;
  } else if (target.codec == CodecId::kOpus) {
    track->configuration = Buffer::copy_of(Bytes(kOpusHead));
    track->flv_signalling = FlvSignalling::kEnhanced;
  }
  return track;
}

AudioPipeline::AudioPipeline(const MillraceAudioLibrary& library, const AudioTarget& target,
                             EncoderPtr encoder, uint32_t frame_samples)
    : library_(library),
      target_(target),
      encoder_(std::move(encoder)),
      decoder_(nullptr, CloseDecoder{&library}),
      timeline_({rate_of(target.codec), channels_of(target.codec), frame_samples}) {}

Result<std::unique_ptr<AudioPipeline>> AudioPipeline::open(const MillraceAudioLibrary& library,
                                                           const AudioTarget& target,
                                                           std::string& why) {
  const MillraceAudioFormat format{library_codec(target.codec),
                                   static_cast<int32_t>(rate_of(target.codec)),
                                   static_cast<int32_t>(channels_of(target.codec)),
                                   static_cast<int32_t>(target.bit_rate_bps),
                                   nullptr,
                                   0};
  std::array<char, 256> text{};
  EncoderPtr encoder(library.encoder_open(&format, text.data(), text.size()),
                     CloseEncoder{&library});
  if (!encoder) {
    why = text.data();
    return ErrorCode::kTranscodeFailed;
  }
  const int32_t samples = library.encoder_frame_samples(encoder.get());
  return std::unique_ptr<AudioPipeline>(
      new AudioPipeline(library, target, std::move(encoder), static_cast<uint32_t>(samples)));
}

Status AudioPipeline::set_track(const Track& track, std::string& why) {
  decoder_.reset();
  failures_ = 0;
  const MillraceAudioFormat format{library_codec(track.codec),
                                   static_cast<int32_t>(track.audio.sample_rate),
                                   static_cast<int32_t>(track.audio.channels),
                                   0,
                                   track.configuration ? track.configuration->data() : nullptr,
                                   track.configuration ? track.configuration->size() : 0};
  if (format.codec == 0) {
    why = codec_name(track.codec);
    return ErrorCode::kTranscodeFailed;
  }
  std::array<char, 256> text{};
  decoder_.reset(library_.decoder_open(&format, static_cast<int32_t>(rate_of(target_.codec)),
                                       static_cast<int32_t>(channels_of(target_.codec)),
                                       text.data(), text.size()));
  if (!decoder_) {
    why = text.data();
    return ErrorCode::kTranscodeFailed;
  }
  // Opus and G.711 come by RTP with sample clocks: a missing packet shows. RTMP rounds times to
  // milliseconds, and encoders do worse.
  const bool exact = track.codec == CodecId::kOpus || is_g711(track.codec);
  timeline_.set_tolerance(std::chrono::milliseconds(exact ? 10 : 60));
  return {};
}

Status AudioPipeline::feed(Bytes frame, MediaTime at, std::vector<EncodedAudio>& out) {
  if (!decoder_ || frame.empty()) {
    return {};
  }
  const float* samples = nullptr;
  int32_t pending = 0;
  const int32_t count =
      library_.decoder_decode(decoder_.get(), frame.data(), frame.size(), &samples, &pending);
  if (count < 0) {
    return ++failures_ == kHopelessFailures ? Status(ErrorCode::kTranscodeFailed) : Status();
  }
  failures_ = 0;
  if (count > 0) {
    timeline_.add({samples, static_cast<size_t>(count) * channels_of(target_.codec)}, at,
                  static_cast<uint32_t>(pending));
  }
  while (const auto block = timeline_.poll()) {
    if (auto status = encode(*block, out); !status.ok()) {
      return status;
    }
  }
  if (const int32_t stretch = timeline_.take_stretch(); stretch != 0) {
    library_.decoder_stretch(decoder_.get(), stretch, static_cast<int32_t>(rate_of(target_.codec)));
  }
  return {};
}

Status AudioPipeline::encode(const SampleTimeline::Block& block, std::vector<EncodedAudio>& out) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  int64_t position = 0;
  const int32_t result = library_.encoder_encode(encoder_.get(), block.samples.data(),
                                                 block.position, &data, &size, &position);
  if (result < 0) {
    return ErrorCode::kTranscodeFailed;
  }
  // What an encoder gives first is its run-up, from before the first sample.
  if (result == 1 && size > 0 && position >= 0) {
    out.push_back(
        {Buffer::copy_of(Bytes{data, size}), from_ticks(position, rate_of(target_.codec))});
  }
  return {};
}

}  // namespace millrace::transcode
