#pragma once

#include <span>

#include "base/byte_reader.hpp"
#include "media/frame.hpp"

namespace millrace::h265 {

/// What the NAL unit headers of one access unit tell.
struct AccessUnit {
  bool has_slice = false;
  bool has_irap = false;       // BLA, IDR or CRA: decoding can start here
  bool has_delimiter = false;  // access unit delimiter
  bool has_vps = false;
  bool has_sps = false;
  bool has_pps = false;

  /// @param units  as in Frame: offsets into `payload`.
  [[nodiscard]] static AccessUnit inspect(Bytes payload, std::span<const NalUnit> units);
};

}  // namespace millrace::h265
