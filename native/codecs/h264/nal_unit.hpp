#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"

namespace millrace::h264 {

/// nal_unit_type, ITU-T H.264 Table 7-1.
enum class NalUnitType : uint8_t {
  kSliceNonIdr = 1,
  kSlicePartitionA = 2,
  kSlicePartitionB = 3,
  kSlicePartitionC = 4,
  kSliceIdr = 5,
  kSei = 6,
  kSps = 7,
  kPps = 8,
  kAccessUnitDelimiter = 9,
  kEndOfSequence = 10,
  kEndOfStream = 11,
  kFillerData = 12,
  kSpsExtension = 13,
};

/// @param nal  a unit without start code; an empty one gives type 0, which is unspecified.
[[nodiscard]] constexpr NalUnitType nal_unit_type(Bytes nal) {
  return static_cast<NalUnitType>(nal.empty() ? 0 : nal[0] & 0x1f);
}

/// Does the unit carry coded picture data (types 1 to 5)?
[[nodiscard]] constexpr bool is_slice(NalUnitType type) {
  return type >= NalUnitType::kSliceNonIdr && type <= NalUnitType::kSliceIdr;
}

}  // namespace millrace::h264
