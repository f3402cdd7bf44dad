#include "codecs/h265/access_unit.hpp"

#include "codecs/h265/nal_unit.hpp"

namespace millrace::h265 {

AccessUnit AccessUnit::inspect(Bytes payload, std::span<const NalUnit> units) {
  AccessUnit out;
  for (const NalUnit& unit : units) {
    const NalUnitType type = nal_unit_type(payload.subspan(unit.offset, unit.size));
    out.has_slice = out.has_slice || is_slice(type);
    out.has_irap = out.has_irap || is_irap(type);
    out.has_delimiter = out.has_delimiter || type == NalUnitType::kAccessUnitDelimiter;
    out.has_vps = out.has_vps || type == NalUnitType::kVps;
    out.has_sps = out.has_sps || type == NalUnitType::kSps;
    out.has_pps = out.has_pps || type == NalUnitType::kPps;
  }
  return out;
}

}  // namespace millrace::h265
