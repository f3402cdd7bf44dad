#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"

namespace millrace::h265 {

/// nal_unit_type, ITU-T H.265 Table 7-1; those that the server tells apart.
enum class NalUnitType : uint8_t {
  kBlaWLp = 16,
  kIdrWRadl = 19,
  kIdrNLp = 20,
  kCra = 21,
  kReservedIrap23 = 23,
  kVps = 32,
  kSps = 33,
  kPps = 34,
  kAccessUnitDelimiter = 35,
  kEndOfSequence = 36,
  kEndOfBitstream = 37,
  kFillerData = 38,
  kPrefixSei = 39,
  kSuffixSei = 40,
  kUnspecified63 = 63,
};

/// Bytes of nal_unit_header(), §7.3.1.2.
constexpr size_t kNalHeaderSize = 2;

/// @param nal  a unit without start code; one that is shorter than its header gives 63,
/// unspecified.
[[nodiscard]] constexpr NalUnitType nal_unit_type(Bytes nal) {
  return nal.size() < kNalHeaderSize ? NalUnitType::kUnspecified63
                                     : static_cast<NalUnitType>(nal[0] >> 1 & 0x3f);
}

/// Does the unit carry coded picture data (types 0 to 31)?
[[nodiscard]] constexpr bool is_slice(NalUnitType type) { return type < NalUnitType::kVps; }

/// Is it a slice of an intra random access point picture, BLA, IDR or CRA (types 16 to 23)?
[[nodiscard]] constexpr bool is_irap(NalUnitType type) {
  return type >= NalUnitType::kBlaWLp && type <= NalUnitType::kReservedIrap23;
}

}  // namespace millrace::h265
