#include "rtp/packet/rtp_packet.hpp"

namespace millrace::rtp {
namespace {

constexpr uint8_t kVersion = 2;

}  // namespace

Result<RtpPacket> RtpPacket::parse(Bytes packet) {
  const Error malformed{ErrorCode::kRtpPacketMalformed, static_cast<uint32_t>(packet.size())};
  ByteReader reader(packet);
  const uint8_t first = reader.u8();
  const uint8_t second = reader.u8();
  RtpPacket out;
  out.marker = (second & 0x80) != 0;
  out.payload_type = second & 0x7f;
  out.sequence_number = reader.u16();
  out.timestamp = reader.u32();
  out.ssrc = reader.u32();
  out.csrcs = reader.bytes(size_t{4} * (first & 0x0fU));
  out.has_extension = (first & 0x10) != 0;
  if (out.has_extension) {
    out.extension_profile = reader.u16();
    out.extension = reader.bytes(size_t{4} * reader.u16());
  }
  if (!reader.ok() || first >> 6 != kVersion) {
    return malformed;
  }
  out.payload = reader.rest();
  if ((first & 0x20) != 0) {
    // §5.1: the last byte counts the padding and itself, so 0 is a lie.
    out.padding_size = out.payload.empty() ? 0 : out.payload.back();
    if (out.padding_size == 0 || out.padding_size > out.payload.size()) {
      return malformed;
    }
    out.payload = out.payload.first(out.payload.size() - out.padding_size);
  }
  return out;
}

void RtpPacket::write_to(ByteWriter& writer) const {
  assert(csrcs.size() % 4 == 0 && csrcs.size() <= 60 && extension.size() % 4 == 0);
  writer.u8(static_cast<uint32_t>(kVersion) << 6 | (padding_size > 0 ? 0x20U : 0U) |
            (has_extension ? 0x10U : 0U) | static_cast<uint32_t>(csrcs.size() / 4));
  writer.u8((marker ? 0x80U : 0U) | payload_type);
  writer.u16(sequence_number);
  writer.u32(timestamp);
  writer.u32(ssrc);
  writer.bytes(csrcs);
  if (has_extension) {
    writer.u16(extension_profile);
    writer.u16(static_cast<uint32_t>(extension.size() / 4));
    writer.bytes(extension);
  }
  writer.bytes(payload);
  if (padding_size > 0) {
    writer.fill(0, padding_size - 1U);
    writer.u8(padding_size);
  }
}

}  // namespace millrace::rtp
