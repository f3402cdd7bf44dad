#include "rtp/rtcp/extended_report.hpp"

#include "base/byte_reader.hpp"

namespace millrace::rtp {
namespace {

constexpr uint8_t kReferenceTimeBlock = 4;
constexpr uint8_t kDelayBlock = 5;
constexpr size_t kWord = 4;
constexpr size_t kDelaySubBlock = 3 * kWord;

}  // namespace

void ReceiverReferenceTime::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kExtendedReport, 0, kSize - kRtcpHeaderSize);
  writer.u32(ssrc);
  writer.u8(kReferenceTimeBlock);
  writer.u8(0);
  writer.u16(2);
  writer.u64(ntp);
}

Result<std::optional<DelaySinceLastReference>> delay_since_reference_of(uint32_t ssrc,
                                                                        const RtcpPacket& packet) {
  const Error malformed{ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(packet.body.size())};
  ByteReader reader(packet.body);
  reader.skip(kWord);  // whose report it is
  while (reader.ok() && !reader.empty()) {
    const uint8_t type = reader.u8();
    reader.skip(1);
    ByteReader block(reader.bytes(reader.u16() * kWord));
    if (!reader.ok()) {
      return malformed;
    }
    while (type == kDelayBlock && block.remaining() >= kDelaySubBlock) {
      DelaySinceLastReference delay;
      delay.ssrc = block.u32();
      delay.last_rr = block.u32();
      delay.delay = block.u32();
      if (delay.ssrc == ssrc) {
        return std::optional(delay);
      }
    }
  }
  if (!reader.ok() || packet.type != RtcpType::kExtendedReport) {
    return malformed;
  }
  return std::optional<DelaySinceLastReference>();
}

}  // namespace millrace::rtp
