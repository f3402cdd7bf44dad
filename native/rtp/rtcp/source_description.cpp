#include "rtp/rtcp/source_description.hpp"

namespace millrace::rtp {
namespace {

constexpr uint8_t kItemEnd = 0;
constexpr uint8_t kItemCname = 1;

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error malformed(const RtcpPacket& packet) {
  return {ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(packet.body.size())};
}

/// SSRC, type, length, text, at least one null byte, filled up to 4 bytes.
size_t chunk_size(const SourceDescription::Chunk& chunk) {
  const size_t items = chunk.cname.empty() ? 0 : 2 + chunk.cname.size();
  return 4 + (items + 4) / 4 * 4;
}

}  // namespace

Result<SourceDescription> SourceDescription::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  SourceDescription out;
  for (size_t i = 0; i < packet.count; ++i) {
    Chunk chunk;
    chunk.ssrc = reader.u32();
    for (uint8_t type = reader.u8(); type != kItemEnd && reader.ok(); type = reader.u8()) {
      const Bytes text = reader.bytes(reader.u8());
      if (type == kItemCname && chunk.cname.empty()) {
        chunk.cname = as_text(text);
      }
    }
    reader.skip((4 - reader.position() % 4) % 4);  // §6.5: each chunk begins on 32 bits
    if (!reader.ok()) {
      return malformed(packet);
    }
    (void)out.chunks.push_back(chunk);
  }
  if (packet.type != RtcpType::kSourceDescription) {
    return malformed(packet);
  }
  return out;
}

size_t SourceDescription::size() const {
  size_t size = kRtcpHeaderSize;
  for (const Chunk& chunk : chunks) {
    size += chunk_size(chunk);
  }
  return size;
}

void SourceDescription::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kSourceDescription, static_cast<uint8_t>(chunks.size()),
                    size() - kRtcpHeaderSize);
  for (const Chunk& chunk : chunks) {
    assert(chunk.cname.size() <= 255);
    const size_t end = writer.size() + chunk_size(chunk);
    writer.u32(chunk.ssrc);
    if (!chunk.cname.empty()) {
      writer.u8(kItemCname);
      writer.u8(static_cast<uint32_t>(chunk.cname.size()));
      writer.text(chunk.cname);
    }
    writer.fill(0, end - writer.size());
  }
}

Result<Goodbye> Goodbye::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  Goodbye out;
  for (size_t i = 0; i < packet.count; ++i) {
    (void)out.ssrcs.push_back(reader.u32());
  }
  if (reader.ok() && !reader.empty()) {
    out.reason = as_text(reader.bytes(reader.u8()));
  }
  if (!reader.ok() || packet.type != RtcpType::kGoodbye) {
    return malformed(packet);
  }
  return out;
}

size_t Goodbye::size() const {
  return kRtcpHeaderSize + 4 * ssrcs.size() + (reason.empty() ? 0 : (reason.size() + 4) / 4 * 4);
}

void Goodbye::write_to(ByteWriter& writer) const {
  assert(reason.size() <= 255);
  const size_t end = writer.size() + size();
  write_rtcp_header(writer, RtcpType::kGoodbye, static_cast<uint8_t>(ssrcs.size()),
                    size() - kRtcpHeaderSize);
  for (const uint32_t ssrc : ssrcs) {
    writer.u32(ssrc);
  }
  if (!reason.empty()) {
    writer.u8(static_cast<uint32_t>(reason.size()));
    writer.text(reason);
    writer.fill(0, end - writer.size());
  }
}

Result<ApplicationDefined> ApplicationDefined::parse(const RtcpPacket& packet) {
  ByteReader reader(packet.body);
  ApplicationDefined out;
  out.subtype = packet.count;
  out.ssrc = reader.u32();
  out.name = reader.u32();
  // §6.7: its data are whole words; padding to the byte may leave others.
  if (!reader.ok() || reader.remaining() % 4 != 0 || packet.type != RtcpType::kApplicationDefined) {
    return malformed(packet);
  }
  out.data = reader.rest();
  return out;
}

void ApplicationDefined::write_to(ByteWriter& writer) const {
  write_rtcp_header(writer, RtcpType::kApplicationDefined, subtype, size() - kRtcpHeaderSize);
  writer.u32(ssrc);
  writer.u32(name);
  writer.bytes(data);
}

}  // namespace millrace::rtp
