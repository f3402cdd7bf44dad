#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

Result<std::optional<RtcpPacket>> RtcpReader::next() {
  if (reader_.empty()) {
    return std::optional<RtcpPacket>();
  }
  const Error malformed{ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(reader_.position())};
  const uint8_t first = reader_.u8();
  RtcpPacket packet;
  packet.count = first & 0x1f;
  packet.type = static_cast<RtcpType>(reader_.u8());
  packet.body = reader_.bytes(size_t{4} * reader_.u16());
  if (!reader_.ok() || first >> 6 != 2) {
    reader_.fail();
    return malformed;
  }
  if ((first & 0x20) != 0) {
    // §6.4.1 wants padding in the last packet of a compound only, and in multiples of four bytes.
    // libwebrtc pads its transport-wide feedback to the byte, wherever in the compound that stands.
    const size_t padding = packet.body.empty() ? 0 : packet.body.back();
    if (padding == 0 || padding > packet.body.size()) {
      reader_.fail();
      return malformed;
    }
    packet.body = packet.body.first(packet.body.size() - padding);
  }
  return std::optional(packet);
}

void write_rtcp_header(ByteWriter& writer, RtcpType type, uint8_t count, size_t body_size) {
  assert(count < 32 && body_size % 4 == 0);
  writer.u8(0x80U | count);
  writer.u8(static_cast<uint32_t>(type));
  writer.u16(static_cast<uint32_t>(body_size / 4));
}

}  // namespace millrace::rtp
