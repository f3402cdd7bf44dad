#include "formats/mpegts/packet_header.hpp"

#include <cassert>

namespace millrace::mpegts {

Result<PacketHeader> PacketHeader::parse(Bytes packet) {
  assert(packet.size() == kPacketBytes);
  PacketHeader header;
  header.transport_error = (packet[1] & 0x80) != 0;
  header.payload_unit_start = (packet[1] & 0x40) != 0;
  header.pid = static_cast<uint16_t>((packet[1] & 0x1f) << 8 | packet[2]);
  header.scrambled = (packet[3] & 0xc0) != 0;
  header.continuity_counter = packet[3] & 0x0f;
  header.has_payload = (packet[3] & 0x10) != 0;
  size_t at = kPacketHeaderBytes;
  if ((packet[3] & 0x20) != 0) {
    const size_t length = packet[at++];
    if (length > kPacketBytes - at) {
      return Error{ErrorCode::kTsAdaptationFieldInvalid, header.pid};
    }
    if (length > 0) {
      const Bytes field = packet.subspan(at, length);
      header.discontinuity = (field[0] & 0x80) != 0;
      header.random_access = (field[0] & 0x40) != 0;
      if ((field[0] & 0x10) != 0) {
        if (length < 7) {
          return Error{ErrorCode::kTsAdaptationFieldInvalid, header.pid};
        }
        header.pcr = Pcr{uint64_t{field[1]} << 25 | uint64_t{field[2]} << 17 |
                             uint64_t{field[3]} << 9 | uint64_t{field[4]} << 1 | field[5] >> 7,
                         static_cast<uint16_t>((field[5] & 1) << 8 | field[6])};
      }
      at += length;
    }
  }
  if (header.has_payload) {
    header.payload = packet.subspan(at);
  }
  return header;
}

}  // namespace millrace::mpegts
