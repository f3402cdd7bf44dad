#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "hub/byte_log.hpp"
#include "protocols/http/response_writer.hpp"
#include "protocols/http/websocket_frame.hpp"

namespace millrace::http {

/// What wraps each unit of a live stream on its way. The wrapping is the same for all viewers, so
/// it is done once.
enum class Framing : uint8_t {
  kNone,       // HTTP/1.0: up to the end of the connection
  kChunked,    // HTTP/1.1: a chunk for each unit, RFC 9112 §7.1
  kWebSocket,  // a binary message for each unit, RFC 6455 §5
};

/// Hands one unit that `pieces` make to `append(Bytes)`, wrapped. A unit without bytes is none.
template <typename Append>
void wrap(Framing framing, std::initializer_list<Bytes> pieces, Append&& append) {
  size_t size = 0;
  for (const Bytes piece : pieces) {
    size += piece.size();
  }
  if (size == 0) {
    return;
  }
  const auto text = [&append](std::string_view line) {
    append(Bytes{reinterpret_cast<const uint8_t*>(line.data()), line.size()});
  };
  switch (framing) {
    case Framing::kNone:
      break;
    case Framing::kChunked: {
      std::array<char, kChunkHeadRoom> room;
      text({room.data(), write_chunk_head(room, size)});
      break;
    }
    case Framing::kWebSocket: {
      std::array<uint8_t, kWebSocketHeadRoom> room;
      append(Bytes(room).first(write_websocket_head(room, WebSocketOpcode::kBinary, size)));
      break;
    }
  }
  for (const Bytes piece : pieces) {
    append(piece);
  }
  if (framing == Framing::kChunked) {
    text(kChunkEnd);
  }
}

/// Where wrap() may append to.
inline auto to_log(ByteLog& log) {
  return [&log](Bytes bytes) { log.append(bytes); };
}
inline auto to_vector(std::vector<uint8_t>& out) {
  return [&out](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
}

}  // namespace millrace::http
