#include "protocols/http/websocket_frame.hpp"

#include <algorithm>
#include <array>

#include "base/byte_writer.hpp"

namespace millrace::http {

namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kReservedBits = 0x70;
constexpr uint8_t kMasked = 0x80;
constexpr uint64_t kMaxControlBytes = 125;
// The read buffer is given back when a rare large message has passed.
constexpr size_t kKeptBytes = 4096;

bool is_control(WebSocketOpcode opcode) { return (static_cast<uint8_t>(opcode) & 0x08) != 0; }

bool is_known(uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xa); }

/// Codes that may appear on the wire, RFC 6455 §7.4.
bool is_close_status(uint16_t status) {
  const bool defined =
      status >= 1000 && status <= 1014 && status != 1004 && status != 1005 && status != 1006;
  return defined || (status >= 3000 && status <= 4999);
}

}  // namespace

uint16_t WebSocketFrame::close_status() const {
  return payload.size() >= 2 ? static_cast<uint16_t>(payload[0] << 8 | payload[1])
                             : static_cast<uint16_t>(WebSocketStatus::kNormal);
}

WebSocketFrameParser::WebSocketFrameParser(uint64_t max_message_bytes)
    : max_message_bytes_(max_message_bytes) {}

void WebSocketFrameParser::feed(Bytes bytes) {
  if (at_ == input_.size() && input_.capacity() > kKeptBytes) {
    std::vector<uint8_t>{}.swap(input_);
  } else {
    input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(at_));
  }
  at_ = 0;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<WebSocketFrame>> WebSocketFrameParser::fail(ErrorCode code) {
  failed_ = code;
  return code;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-------+-+-------------+-------------------------------+
// |F|R|R|R| opcode|M| length (7)  | length (16 or 64, if 126/127) |
// +-+-+-+-+-------+-+-------------+-------------------------------+
// | masking key (32)                                              |
// +---------------------------------------------------------------+
Result<std::optional<WebSocketFrame>> WebSocketFrameParser::poll() {
  if (failed_) {
    return *failed_;
  }
  ByteReader reader(Bytes(input_).subspan(at_));
  const uint8_t first = reader.u8();
  const uint8_t second = reader.u8();
  if (!reader.ok()) {
    return std::optional<WebSocketFrame>{};
  }
  const auto opcode = static_cast<WebSocketOpcode>(first & 0x0f);
  const bool final = (first & kFinal) != 0;
  if ((first & kReservedBits) != 0 || !is_known(first & 0x0f)) {
    return fail(ErrorCode::kWebsocketFrameMalformed);
  }
  if ((second & kMasked) == 0) {
    return fail(ErrorCode::kWebsocketUnmasked);
  }
  uint64_t size = second & 0x7f;
  if (is_control(opcode) ? !final || size > kMaxControlBytes
                         : (opcode == WebSocketOpcode::kContinuation) != in_message_) {
    return fail(ErrorCode::kWebsocketFrameMalformed);
  }
  if (size == 126) {
    size = reader.u16();
    if (reader.ok() && size < 126) {
      return fail(ErrorCode::kWebsocketFrameMalformed);
    }
  } else if (size == 127) {
    size = reader.u64();
    if (reader.ok() && size <= UINT16_MAX) {
      return fail(ErrorCode::kWebsocketFrameMalformed);
    }
  }
  // Lengths of 2^63 and more, which §5.2 forbids, are above every limit as well. message_bytes_ is
  // never over the limit, so the subtraction cannot wrap.
  if (reader.ok() && !is_control(opcode) && size > max_message_bytes_ - message_bytes_) {
    return fail(ErrorCode::kWebsocketFrameTooLarge);
  }
  const Bytes mask = reader.bytes(4);
  if (!reader.ok() || reader.remaining() < size) {
    return std::optional<WebSocketFrame>{};
  }
  const std::array<uint8_t, 4> key{mask[0], mask[1], mask[2], mask[3]};
  const std::span<uint8_t> payload =
      std::span(input_).subspan(at_ + reader.position(), static_cast<size_t>(size));
  for (size_t i = 0; i < payload.size(); ++i) {
    payload[i] ^= key[i & 3];
  }
  at_ += reader.position() + payload.size();
  if (!is_control(opcode)) {
    in_message_ = !final;
    message_bytes_ = final ? 0 : message_bytes_ + size;
  }
  const WebSocketFrame frame{opcode, final, payload};
  if (opcode == WebSocketOpcode::kClose &&
      (payload.size() == 1 || !is_close_status(frame.close_status()))) {
    return fail(ErrorCode::kWebsocketFrameMalformed);
  }
  return std::optional(frame);
}

WebSocketStatus close_status_of(ErrorCode code) {
  return code == ErrorCode::kWebsocketFrameTooLarge ? WebSocketStatus::kTooLarge
                                                    : WebSocketStatus::kProtocolError;
}

size_t write_websocket_head(std::span<uint8_t, kWebSocketHeadRoom> room, WebSocketOpcode opcode,
                            uint64_t payload_bytes) {
  ByteWriter writer(room);
  writer.u8(kFinal | static_cast<uint32_t>(opcode));
  if (payload_bytes <= kMaxControlBytes) {
    writer.u8(static_cast<uint32_t>(payload_bytes));
  } else if (payload_bytes <= UINT16_MAX) {
    writer.u8(126);
    writer.u16(static_cast<uint32_t>(payload_bytes));
  } else {
    writer.u8(127);
    writer.u64(payload_bytes);
  }
  return writer.size();
}

std::array<uint8_t, 4> websocket_close_frame(WebSocketStatus status) {
  const auto code = static_cast<uint16_t>(status);
  return {static_cast<uint8_t>(kFinal | static_cast<uint8_t>(WebSocketOpcode::kClose)), 2,
          static_cast<uint8_t>(code >> 8), static_cast<uint8_t>(code & 0xff)};
}

}  // namespace millrace::http
