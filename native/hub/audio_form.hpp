#pragma once

#include <cstdint>

#include "media/codec_id.hpp"
#include "transcode/audio_pipeline.hpp"

namespace millrace {

/// In which form a sink wants a stream's audio.
enum class AudioForm : uint8_t {
  kPlain,  // as it is; as AAC where the publication says so
  kRtc,    // what RTP carries to browsers: Opus, G.711
};
constexpr size_t kAudioForms = 2;

/// What a publication says about audio that some players cannot take.
struct AudioSettings {
  bool plain_as_aac = false;  // Opus and G.711 are made AAC for kPlain
  uint32_t opus_bit_rate_bps = 48'000;
  uint32_t aac_bit_rate_bps = 48'000;
};

/// Audio that must be made from a stream's own for the sinks of one form.
struct DerivedAudio {
  AudioForm form = AudioForm::kPlain;
  transcode::AudioTarget target{CodecId::kUnknown, 0};
  [[nodiscard]] bool needed() const { return target.codec != CodecId::kUnknown; }
};

/// Whether it can be made at present.
enum class Transcoding : bool { kFails, kWorks };

/// What is made of audio of a codec. At most one form of the two needs something else than the
/// source: what RTP carries is not what the others carry.
inline DerivedAudio derived_audio(CodecId source, const AudioSettings& settings) {
  switch (source) {
    case CodecId::kOpus:
    case CodecId::kG711A:
    case CodecId::kG711U:
      if (settings.plain_as_aac) {
        return {AudioForm::kPlain, {CodecId::kAac, settings.aac_bit_rate_bps}};
      }
      return {};
    case CodecId::kAac:
    case CodecId::kMp3:
      return {AudioForm::kRtc, {CodecId::kOpus, settings.opus_bit_rate_bps}};
    default:
      return {};
  }
}

}  // namespace millrace
