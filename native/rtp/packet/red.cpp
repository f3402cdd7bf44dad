#include "rtp/packet/red.hpp"

namespace millrace::rtp {

Result<RedPayload> RedPayload::parse(Bytes payload) {
  const Error malformed{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  ByteReader reader(payload);
  RedPayload out;
  std::array<size_t, kMaxBlocks> sizes{};
  for (bool more = true; more;) {
    if (out.count_ == kMaxBlocks) {
      return malformed;
    }
    //  0                   1                    2                   3
    // |F|   block PT  |  timestamp offset         |   block length    |   the primary: F = 0, PT
    const uint8_t first = reader.u8();
    more = (first & 0x80) != 0;
    Block& block = out.blocks_[out.count_];
    block.payload_type = first & 0x7f;
    if (more) {
      const uint32_t rest = reader.u24();
      block.timestamp_offset = static_cast<uint16_t>(rest >> 10);
      sizes[out.count_] = rest & 0x3ff;
    }
    if (!reader.ok()) {
      return malformed;
    }
    ++out.count_;
  }
  for (size_t i = 0; i + 1 < out.count_; ++i) {
    out.blocks_[i].data = reader.bytes(sizes[i]);
  }
  if (!reader.ok()) {
    return malformed;
  }
  out.blocks_[out.count_ - 1].data = reader.rest();
  return out;
}

size_t RedPayload::size() const {
  size_t size = 0;
  for (size_t i = 0; i < count_; ++i) {
    size += (i + 1 < count_ ? 4 : 1) + blocks_[i].data.size();
  }
  return size;
}

void RedPayload::write_to(ByteWriter& writer) const {
  assert(count_ > 0);
  for (size_t i = 0; i + 1 < count_; ++i) {
    const Block& block = blocks_[i];
    assert(block.data.size() <= kMaxRedundantBytes &&
           block.timestamp_offset <= kMaxTimestampOffset);
    writer.u8(0x80U | block.payload_type);
    writer.u24(static_cast<uint32_t>(block.timestamp_offset) << 10 |
               static_cast<uint32_t>(block.data.size()));
  }
  writer.u8(primary().payload_type & 0x7fU);
  for (size_t i = 0; i < count_; ++i) {
    writer.bytes(blocks_[i].data);
  }
}

void RedPayload::set_block_payload_types(std::span<uint8_t> payload, uint8_t payload_type) {
  size_t at = 0;
  for (; (payload[at] & 0x80) != 0; at += 4) {
    payload[at] = 0x80U | payload_type;
  }
  payload[at] = payload_type;
}

}  // namespace millrace::rtp
