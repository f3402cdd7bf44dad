#include "codecs/av1/obu.hpp"

namespace millrace::av1 {

uint32_t read_leb128(ByteReader& reader) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const uint8_t byte = reader.u8();
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if ((byte & 0x80) == 0) {
      if (value > UINT32_MAX) {
        break;
      }
      return static_cast<uint32_t>(value);
    }
  }
  reader.fail();
  return 0;
}

Result<std::optional<Obu>> ObuReader::next() {
  if (reader_.empty()) {
    return std::optional<Obu>();
  }
  const Bytes rest = reader_.rest();
  const auto offset = static_cast<uint32_t>(reader_.position());
  const uint8_t header = reader_.u8();
  Obu obu;
  obu.type = static_cast<ObuType>(header >> 3 & 0x0f);
  obu.has_size = (header & 2) != 0;
  if ((header & 4) != 0) {  // obu_extension_flag
    const uint8_t extension = reader_.u8();
    obu.temporal_id = extension >> 5;
    obu.spatial_id = extension >> 3 & 3;
  }
  obu.payload = reader_.bytes(obu.has_size ? read_leb128(reader_) : reader_.remaining());
  if (!reader_.ok() || (header & 0x80) != 0) {
    reader_.fail();
    return Error{ErrorCode::kAv1ObuMalformed, offset};
  }
  obu.whole = rest.first(reader_.position() - offset);
  return std::optional(obu);
}

}  // namespace millrace::av1
