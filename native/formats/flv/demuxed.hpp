#pragma once

#include <cstdint>

#include "base/ref.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// Why a message gave nothing to carry, though nothing was wrong with it.
enum class Skipped : uint8_t {
  kNothing,           // it was used
  kEmpty,             // no bytes of a picture or of sound
  kUnchanged,         // sequence header that says what the last one said
  kInfoFrame,         // frame type 5
  kMetadata,          // colorInfo, multichannel configuration, Opus comment header
  kOtherTrack,        // multitrack message without track 0
  kCodecUnsupported,  // after the error that said so once
  kScript,            // script data other than onMetaData
};

/// What one message gave.
struct Demuxed {
  TrackRef new_track;  // set when the configuration is new or has changed; comes before `frame`
  Ref<Frame> frame;    // not shared yet, so that its times may still be mended
  Skipped skipped = Skipped::kNothing;

  static Demuxed nothing(Skipped why) { return Demuxed{nullptr, nullptr, why}; }
};

}  // namespace millrace::flv
