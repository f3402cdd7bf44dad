#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::ac3 {

/// Head of an AC-3 or E-AC-3 syncframe; ETSI TS 102 366 §4.4.1 to §4.4.2 and §E.1.3.1.
struct Syncframe {
  CodecId codec = CodecId::kAc3;  // kAc3 or kEac3, by bsid
  uint32_t sample_rate = 0;       // Hz
  uint32_t channels = 0;          // with the low frequency one
  uint32_t samples_per_frame = 1536;
  size_t frame_size = 0;   // bytes, with the head
  bool dependent = false;  // E-AC-3: more channels of the frame before, in a frame of its own

  /// @return kCodecDecodeFailed when it is cut, or has no syncword or reserved values.
  [[nodiscard]] static Result<Syncframe> parse(Bytes bytes);
};

/// A track like the frames that have this head. There is no configuration record.
[[nodiscard]] Ref<Track> make_track(const Syncframe& frame);

}  // namespace millrace::ac3
