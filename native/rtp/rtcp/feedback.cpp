#include "rtp/rtcp/feedback.hpp"

namespace millrace::rtp {
namespace {

constexpr uint32_t kRembIdentifier = 0x52454d42;  // "REMB"
constexpr uint64_t kMaxMantissa = (1U << 18) - 1;

Error malformed(const RtcpPacket& packet) {
  return {ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(packet.body.size())};
}

}  // namespace

Result<Nack> Nack::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  Nack out;
  out.sender_ssrc = reader.u32();
  out.media_ssrc = reader.u32();
  out.entries_ = reader.rest();
  if (!reader.ok() || !packet.is(TransportFeedbackType::kNack) || out.entries_.empty() ||
      out.entries_.size() % 4 != 0) {
    return malformed(packet);
  }
  return out;
}

size_t Nack::write(ByteWriter& writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                   std::span<const uint16_t> sequence_numbers) {
  const auto entry_end = [&](size_t from) {
    size_t to = from + 1;
    while (to < sequence_numbers.size() &&
           static_cast<uint16_t>(sequence_numbers[to] - sequence_numbers[from]) <= 16) {
      ++to;
    }
    return to;
  };
  const size_t head = kRtcpHeaderSize + kFeedbackHeaderSize;
  const size_t max_entries = writer.room_left() > head ? (writer.room_left() - head) / 4 : 0;
  size_t entries = 0;
  size_t asked = 0;
  while (asked < sequence_numbers.size() && entries < max_entries) {
    asked = entry_end(asked);
    ++entries;
  }
  if (entries == 0) {
    return 0;
  }
  write_rtcp_header(writer, RtcpType::kTransportFeedback,
                    static_cast<uint8_t>(TransportFeedbackType::kNack),
                    kFeedbackHeaderSize + 4 * entries);
  writer.u32(sender_ssrc);
  writer.u32(media_ssrc);
  for (size_t at = 0; at < asked;) {
    const size_t end = entry_end(at);
    const uint16_t pid = sequence_numbers[at];
    uint32_t blp = 0;
    for (size_t i = at + 1; i < end; ++i) {
      const unsigned step = static_cast<uint16_t>(sequence_numbers[i] - pid);
      blp |= step == 0 ? 0 : 1U << (step - 1);
    }
    writer.u16(pid);
    writer.u16(blp);
    at = end;
  }
  return asked;
}

Result<PictureLossIndication> PictureLossIndication::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  PictureLossIndication out;
  out.sender_ssrc = reader.u32();
  out.media_ssrc = reader.u32();
  if (!reader.ok() || !packet.is(PayloadFeedbackType::kPictureLoss)) {
    return malformed(packet);
  }
  return out;
}

void PictureLossIndication::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kPayloadFeedback,
                    static_cast<uint8_t>(PayloadFeedbackType::kPictureLoss), kFeedbackHeaderSize);
  writer.u32(sender_ssrc);
  writer.u32(media_ssrc);
}

Result<FullIntraRequest> FullIntraRequest::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  FullIntraRequest out;
  out.sender_ssrc = reader.u32();
  reader.skip(4);  // §4.3.1.2: media source, not used
  if (!reader.ok() || !packet.is(PayloadFeedbackType::kFullIntraRequest) || reader.empty() ||
      reader.remaining() % 8 != 0) {
    return malformed(packet);
  }
  while (!reader.empty()) {
    Entry entry;
    entry.ssrc = reader.u32();
    entry.command_sequence_number = reader.u8();
    reader.skip(3);
    (void)out.entries.push_back(entry);
  }
  return out;
}

void FullIntraRequest::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kPayloadFeedback,
                    static_cast<uint8_t>(PayloadFeedbackType::kFullIntraRequest),
                    size() - kRtcpHeaderSize);
  writer.u32(sender_ssrc);
  writer.u32(0);
  for (const Entry& entry : entries) {
    writer.u32(entry.ssrc);
    writer.u8(entry.command_sequence_number);
    writer.u24(0);
  }
}

Result<ReceiverEstimatedBitrate> ReceiverEstimatedBitrate::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  ReceiverEstimatedBitrate out;
  out.sender_ssrc = reader.u32();
  reader.skip(4);
  const uint32_t identifier = reader.u32();
  const size_t count = reader.u8();
  const uint32_t rate = reader.u24();
  if (!reader.ok() || !packet.is(PayloadFeedbackType::kApplicationLayer) ||
      identifier != kRembIdentifier || reader.remaining() < 4 * count) {
    return malformed(packet);
  }
  const unsigned exponent = rate >> 18;
  const uint64_t mantissa = rate & kMaxMantissa;
  // An exponent of 6 bits may shift the mantissa out; that much is as good as no limit.
  out.bitrate_bps = exponent > 45 ? UINT64_MAX : mantissa << exponent;
  for (size_t i = 0; i < count; ++i) {
    (void)out.ssrcs.push_back(reader.u32());
  }
  return out;
}

void ReceiverEstimatedBitrate::write_to(ByteWriter& writer) const {
  uint32_t exponent = 0;
  uint64_t mantissa = bitrate_bps;
  while (mantissa > kMaxMantissa) {
    mantissa >>= 1;
    ++exponent;
  }
  write_rtcp_header(writer, RtcpType::kPayloadFeedback,
                    static_cast<uint8_t>(PayloadFeedbackType::kApplicationLayer),
                    size() - kRtcpHeaderSize);
  writer.u32(sender_ssrc);
  writer.u32(0);
  writer.u32(kRembIdentifier);
  writer.u8(static_cast<uint32_t>(ssrcs.size()));
  writer.u24(exponent << 18 | static_cast<uint32_t>(mantissa));
  for (const uint32_t ssrc : ssrcs) {
    writer.u32(ssrc);
  }
}

}  // namespace millrace::rtp
