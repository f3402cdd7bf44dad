#pragma once

#include <cstdint>
#include <span>

#include "base/byte_reader.hpp"
#include "media/frame.hpp"

namespace millrace::h264 {

/// What the NAL units of one access unit tell without decoding.
struct AccessUnit {
  bool has_slice = false;
  bool has_idr = false;
  bool has_intra_slice = false;     // the first slice is I or SI, as in a whole intra picture
  bool has_recovery_point = false;  // recovery point SEI, §D.2.8: open GOP or intra refresh
  bool has_delimiter = false;       // access unit delimiter
  bool has_sps = false;
  bool has_pps = false;

  /// Looks at each unit's header, at the start of the first slice and at the SEI messages.
  /// @param units  as in Frame: offsets into `payload`.
  [[nodiscard]] static AccessUnit inspect(Bytes payload, std::span<const NalUnit> units);

  /// Decoding can start here: an IDR picture, or one with a recovery point.
  [[nodiscard]] bool is_random_access() const { return has_idr || has_recovery_point; }
};

/// Does the SEI unit hold a recovery point message (payloadType 6)?
[[nodiscard]] bool has_recovery_point_sei(Bytes nal);

/// slice_type of a slice unit, §7.4.3: 0 P, 1 B, 2 I, 3 SP, 4 SI; 5 to 9 the same for all slices of
/// the picture. -1 when the header is cut.
[[nodiscard]] int slice_type(Bytes nal);

}  // namespace millrace::h264
