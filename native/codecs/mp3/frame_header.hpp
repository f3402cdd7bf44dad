#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::mp3 {

/// Header of an MPEG audio frame: ISO/IEC 11172-3 §2.4.1.3, 13818-3 §2.4.1.3, and MPEG-2.5, which
/// is no standard but what encoders write below 16 kHz.
struct FrameHeader {
  static constexpr size_t kSize = 4;

  uint32_t layer = 3;        // 1 to 3
  uint32_t bitrate_bps = 0;  // 0: free format
  uint32_t sample_rate = 0;  // Hz
  uint32_t channels = 0;
  uint32_t samples_per_frame = 0;
  size_t frame_size = 0;  // bytes, with the header; 0 when the format is free

  /// @return kMp3HeaderInvalid when there are fewer than kSize bytes, no syncword, or reserved
  /// values.
  [[nodiscard]] static Result<FrameHeader> parse(Bytes bytes);
};

/// A track like the frames that have this header. There is no configuration record.
[[nodiscard]] Ref<Track> make_track(const FrameHeader& header);

}  // namespace millrace::mp3
