#pragma once

#include <cassert>
#include <cstdint>

#include "media/track.hpp"

namespace millrace::g711 {

/// ITU-T G.711: one byte per sample and channel.
constexpr uint32_t kSampleRate = 8000;

/// @param codec  kG711A or kG711U. There is no configuration record.
[[nodiscard]] inline Ref<Track> make_track(CodecId codec, uint32_t channels) {
  assert(codec == CodecId::kG711A || codec == CodecId::kG711U);
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = codec;
  track->audio.sample_rate = kSampleRate;
  track->audio.channels = channels;
  return track;
}

}  // namespace millrace::g711
