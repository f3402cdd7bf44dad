#include "codecs/h264/access_unit.hpp"

#include <algorithm>
#include <array>

#include "base/bit_reader.hpp"
#include "base/byte_reader.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::h264 {
namespace {

constexpr uint32_t kSeiRecoveryPoint = 6;

/// payloadType or payloadSize of sei_message(), §7.3.2.3.1: bytes of ff add up, the last one ends.
uint32_t read_sei_number(ByteReader& reader) {
  uint32_t value = 0;
  uint8_t byte = 0;
  do {
    byte = reader.u8();
    value += byte;
  } while (byte == 0xff && reader.ok());
  return value;
}

}  // namespace

bool has_recovery_point_sei(Bytes nal) {
  // Encoders put the recovery point before long messages (user data, captions), so the first bytes
  // suffice, and a hostile SEI costs no more than they do.
  std::array<uint8_t, 1024> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  if (nal.size() < 2) {
    return false;
  }
  ByteReader reader(nal::unescape(nal.subspan(1), room));
  while (reader.remaining() > 2) {  // the trailing bits alone take one byte
    const uint32_t type = read_sei_number(reader);
    const uint32_t size = read_sei_number(reader);
    if (!reader.ok()) {
      return false;
    }
    if (type == kSeiRecoveryPoint) {
      return true;
    }
    reader.skip(size);
  }
  return false;
}

int slice_type(Bytes nal) {
  // Two Exp-Golomb codes of at most 32 bits each, and room for emulation prevention.
  std::array<uint8_t, 24> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  if (nal.size() < 2) {
    return -1;
  }
  BitReader reader(nal::unescape(nal.subspan(1), room));
  (void)reader.ue();  // first_mb_in_slice
  const uint32_t type = reader.ue();
  return reader.ok() && type <= 9 ? static_cast<int>(type) : -1;
}

AccessUnit AccessUnit::inspect(Bytes payload, std::span<const NalUnit> units) {
  AccessUnit out;
  for (const NalUnit& unit : units) {
    const Bytes nal = payload.subspan(unit.offset, unit.size);
    const NalUnitType type = nal_unit_type(nal);
    switch (type) {
      case NalUnitType::kSei:
        // Messages belong before the first slice (§7.4.1.2.3).
        out.has_recovery_point =
            out.has_recovery_point || (!out.has_slice && has_recovery_point_sei(nal));
        break;
      case NalUnitType::kSps:
        out.has_sps = true;
        break;
      case NalUnitType::kPps:
        out.has_pps = true;
        break;
      case NalUnitType::kAccessUnitDelimiter:
        out.has_delimiter = true;
        break;
      default:
        if (is_slice(type)) {
          if (!out.has_slice) {
            const int slice = slice_type(nal);
            out.has_intra_slice = slice == 2 || slice == 4 || slice == 7 || slice == 9;
          }
          out.has_slice = true;
          out.has_idr = out.has_idr || type == NalUnitType::kSliceIdr;
        }
        break;
    }
  }
  return out;
}

}  // namespace millrace::h264
