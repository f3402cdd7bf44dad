#include "formats/flv/enhanced_header.hpp"

namespace millrace::flv {
namespace {

enum class MultitrackType : uint8_t { kOneTrack = 0, kManyTracks = 1, kManyTracksManyCodecs = 2 };

constexpr uint8_t kModExTimestampOffsetNano = 0;
constexpr uint32_t kMaxTimestampOffsetNano = 999'999;

}  // namespace

ModEx read_mod_ex(ByteReader& reader, uint8_t packet_type) {
  ModEx out{packet_type, 0};
  // Each round takes at least three bytes, so the body's length bounds the loop.
  while (out.packet_type == kPacketTypeModEx && reader.ok()) {
    size_t size = size_t{reader.u8()} + 1;
    if (size == 256) {
      size = size_t{reader.u16()} + 1;
    }
    ByteReader data(reader.bytes(size));
    const uint8_t types = reader.u8();
    out.packet_type = types & 0x0f;
    if (types >> 4 == kModExTimestampOffsetNano) {
      const uint32_t nano = data.u24();
      out.timestamp_offset_nano = data.ok() && nano <= kMaxTimestampOffsetNano ? nano : 0;
    }
  }
  return out;
}

Result<EnhancedHeader> EnhancedHeader::parse(ByteReader& reader, uint8_t packet_type,
                                             uint8_t multitrack_type) {
  EnhancedHeader header;
  header.packet_type = packet_type;
  if (packet_type != multitrack_type) {
    header.codec = reader.u32();
    header.data = reader.rest();
    if (!reader.ok()) {
      return ErrorCode::kFlvTagMalformed;
    }
    return header;
  }

  const uint8_t types = reader.u8();
  const auto tracks = static_cast<MultitrackType>(types >> 4);
  header.packet_type = types & 0x0f;
  if (header.packet_type == multitrack_type || tracks > MultitrackType::kManyTracksManyCodecs) {
    return ErrorCode::kFlvTagMalformed;
  }
  FourCc codec = tracks == MultitrackType::kManyTracksManyCodecs ? 0 : reader.u32();
  for (bool first = true;; first = false) {
    if (tracks == MultitrackType::kManyTracksManyCodecs) {
      codec = reader.u32();
    }
    const uint8_t track_id = reader.u8();
    const Bytes data = tracks == MultitrackType::kOneTrack ? reader.bytes(reader.remaining())
                                                           : reader.bytes(reader.u24());
    if (!reader.ok()) {
      return ErrorCode::kFlvTagMalformed;
    }
    if (first || (track_id == 0 && header.track_id != 0)) {
      header.codec = codec;
      header.track_id = track_id;
      header.data = data;
    }
    header.has_other_tracks = header.has_other_tracks || !first;
    if (reader.empty()) {
      return header;
    }
  }
}

}  // namespace millrace::flv
