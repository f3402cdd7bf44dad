#include "codecs/av1/temporal_unit.hpp"

#include "codecs/av1/obu.hpp"

namespace millrace::av1 {
namespace {

/// uncompressed_header(), §5.9.2, up to show_frame. Streams of still pictures with the reduced
/// header have no such bits, but they are no live streams.
bool is_shown_key_frame(Bytes frame_header) {
  constexpr unsigned kKeyFrame = 0;
  if (frame_header.empty()) {
    return false;
  }
  const uint8_t first = frame_header[0];
  const bool show_existing_frame = (first & 0x80) != 0;
  const unsigned frame_type = first >> 5 & 3;
  const bool show_frame = (first & 0x10) != 0;
  return !show_existing_frame && frame_type == kKeyFrame && show_frame;
}

}  // namespace

Result<TemporalUnit> TemporalUnit::inspect(Bytes bytes) {
  TemporalUnit out;
  ObuReader reader(bytes);
  for (;;) {
    const auto obu = reader.next();
    if (!obu) {
      return obu.error();
    }
    if (!*obu) {
      return out;
    }
    switch ((*obu)->type) {
      case ObuType::kSequenceHeader:
        if (!out.has_sequence_header) {
          out.sequence_header = (*obu)->whole;
        }
        out.has_sequence_header = true;
        break;
      case ObuType::kTemporalDelimiter:
        out.delimiter_bytes += (*obu)->whole.size();
        break;
      case ObuType::kFrame:
      case ObuType::kFrameHeader:
        out.has_frame = true;
        out.has_key_frame = out.has_key_frame || is_shown_key_frame((*obu)->payload);
        break;
      default:
        break;
    }
  }
}

void copy_without_delimiters(Bytes unit, ByteWriter& writer) {
  ObuReader reader(unit);
  for (auto obu = reader.next(); obu && *obu; obu = reader.next()) {
    if ((*obu)->type != ObuType::kTemporalDelimiter) {
      writer.bytes((*obu)->whole);
    }
  }
}

}  // namespace millrace::av1
