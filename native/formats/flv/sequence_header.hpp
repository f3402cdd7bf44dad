#pragma once

#include <algorithm>

#include "base/result.hpp"
#include "codecs/registry.hpp"
#include "formats/flv/demuxed.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// Reads the record of a sequence header and makes it the current track when it says something new.
/// Publishers repeat their sequence headers, some with each key frame: that must not look like a
/// change of configuration to players.
/// @param current  the kind's track so far, or null; set to the new track on success.
/// @return Skipped::kUnchanged, or the track; the codec's error leaves `current` as it was.
[[nodiscard]] inline Result<Demuxed> adopt_sequence_header(CodecId codec, FlvSignalling signalling,
                                                           Bytes record, TrackRef& current) {
  auto made = make_track(codec, record);
  if (!made) {
    return made.error();
  }
  const Ref<Track> track = std::move(made).value();
  track->flv_signalling = signalling;
  if (current && current->codec == codec && current->flv_signalling == signalling &&
      std::ranges::equal(current->configuration->bytes(), track->configuration->bytes())) {
    return Demuxed::nothing(Skipped::kUnchanged);
  }
  current = track;
  return Demuxed{current, nullptr};
}

}  // namespace millrace::flv
