#include "rtp/rtcp/reports.hpp"

namespace millrace::rtp {
namespace {

void read_blocks(ByteReader& reader, size_t count, ReportBlocks& blocks) {
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    ReportBlock block;
    block.ssrc = reader.u32();
    block.fraction_lost = reader.u8();
    block.cumulative_lost = reader.s24();
    block.extended_highest_sequence_number = reader.u32();
    block.jitter = reader.u32();
    block.last_sr = reader.u32();
    block.delay_since_last_sr = reader.u32();
    (void)blocks.push_back(block);
  }
}

void write_blocks(ByteWriter& writer, const ReportBlocks& blocks) {
  for (const ReportBlock& block : blocks) {
    writer.u32(block.ssrc);
    writer.u8(block.fraction_lost);
    writer.u24(static_cast<uint32_t>(block.cumulative_lost) & 0xffffff);
    writer.u32(block.extended_highest_sequence_number);
    writer.u32(block.jitter);
    writer.u32(block.last_sr);
    writer.u32(block.delay_since_last_sr);
  }
}

Error malformed(const RtcpPacket& packet) {
  return {ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(packet.body.size())};
}

}  // namespace

Result<SenderReport> SenderReport::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  SenderReport report;
  report.ssrc = reader.u32();
  report.ntp = reader.u64();
  report.rtp_timestamp = reader.u32();
  report.packet_count = reader.u32();
  report.octet_count = reader.u32();
  read_blocks(reader, packet.count, report.reports);
  if (!reader.ok() || packet.type != RtcpType::kSenderReport) {
    return malformed(packet);
  }
  return report;
}

void SenderReport::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kSenderReport, static_cast<uint8_t>(reports.size()),
                    size() - kRtcpHeaderSize);
  writer.u32(ssrc);
  writer.u64(ntp);
  writer.u32(rtp_timestamp);
  writer.u32(packet_count);
  writer.u32(octet_count);
  write_blocks(writer, reports);
}

Result<ReceiverReport> ReceiverReport::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  ReceiverReport report;
  report.ssrc = reader.u32();
  read_blocks(reader, packet.count, report.reports);
  if (!reader.ok() || packet.type != RtcpType::kReceiverReport) {
    return malformed(packet);
  }
  return report;
}

void ReceiverReport::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kReceiverReport, static_cast<uint8_t>(reports.size()),
                    size() - kRtcpHeaderSize);
  writer.u32(ssrc);
  write_blocks(writer, reports);
}

}  // namespace millrace::rtp
