#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "protocols/rtmp/message.hpp"

/// Messages as chunks, RTMP 1.0 §5.3.1, without allocation: the bytes go to `append(Bytes)`, which
/// copies them or notes where they are. A payload is given as the pieces that it consists of, so a
/// tag header and the codec's bytes need not be joined first.
///
/// A rendition of a stream at one chunk size holds messages in the form of write_delta() (12 bytes
/// less a message at chunk sizes above the message's), and those before which a player may join in
/// the form of write_absolute(). Both forms of one kind of message must be on the same chunk
/// stream: audio on 7, video on 6, data on 4 (see message.hpp).
namespace millrace::rtmp {

namespace chunk_header {

/// Basic header, type 0 message header and extended timestamp.
inline constexpr size_t kMaxBytes = 3 + 11 + 4;

/// Bytes of a chunk header on the stack.
struct Header {
  std::array<uint8_t, kMaxBytes> room{};
  size_t size = 0;
  [[nodiscard]] Bytes bytes() const { return Bytes(room).first(size); }
};

/// §5.3.1.1: one byte for ids up to 63, two up to 319, three up to 65599.
[[nodiscard]] constexpr size_t basic_size(uint32_t chunk_stream_id) {
  return chunk_stream_id < 64 ? 1 : chunk_stream_id < 320 ? 2 : 3;
}

inline void put_basic(ByteWriter& out, unsigned format, uint32_t chunk_stream_id) {
  assert(chunk_stream_id >= 2 && chunk_stream_id <= 65599);
  if (chunk_stream_id < 64) {
    out.u8(format << 6 | chunk_stream_id);
  } else if (chunk_stream_id < 320) {
    out.u8(format << 6);
    out.u8(chunk_stream_id - 64);
  } else {
    out.u8(format << 6 | 1);
    out.u8((chunk_stream_id - 64) & 0xff);
    out.u8((chunk_stream_id - 64) >> 8);
  }
}

/// §5.3.1.2.1
inline Header type_0(const MessageHeader& message, size_t payload_bytes) {
  assert(payload_bytes <= kMaxMessageBytes);
  Header header;
  ByteWriter out(header.room);
  put_basic(out, 0, message.chunk_stream_id);
  out.u24(std::min(message.timestamp_ms, kExtendedTimestamp));
  out.u24(static_cast<uint32_t>(payload_bytes));
  out.u8(static_cast<uint8_t>(message.type));
  out.u32_le(message.stream_id);
  if (message.timestamp_ms >= kExtendedTimestamp) {
    out.u32(message.timestamp_ms);
  }
  header.size = out.size();
  return header;
}

/// §5.3.1.2.2. `delta_ms` must fit without an extended timestamp.
inline Header type_1(uint32_t chunk_stream_id, MessageType type, uint32_t delta_ms,
                     size_t payload_bytes) {
  assert(payload_bytes <= kMaxMessageBytes && delta_ms < kExtendedTimestamp);
  Header header;
  ByteWriter out(header.room);
  put_basic(out, 1, chunk_stream_id);
  out.u24(delta_ms);
  out.u24(static_cast<uint32_t>(payload_bytes));
  out.u8(static_cast<uint8_t>(type));
  header.size = out.size();
  return header;
}

/// §5.3.1.2.4; repeats the extended timestamp of the first chunk, §5.3.1.3.
inline Header type_3(uint32_t chunk_stream_id, uint32_t timestamp_ms) {
  Header header;
  ByteWriter out(header.room);
  put_basic(out, 3, chunk_stream_id);
  if (timestamp_ms >= kExtendedTimestamp) {
    out.u32(timestamp_ms);
  }
  header.size = out.size();
  return header;
}

}  // namespace chunk_header

using Pieces = std::span<const Bytes>;

[[nodiscard]] inline size_t total_bytes(Pieces pieces) {
  size_t total = 0;
  for (const Bytes piece : pieces) {
    total += piece.size();
  }
  return total;
}

/// Appends `first`, then the payload with `next` before each chunk but the first.
template <typename Append>
void write_chunks(Bytes first, Bytes next, uint32_t chunk_size, Pieces payload, Append&& append) {
  assert(chunk_size != 0);
  append(first);
  size_t left = chunk_size;
  for (Bytes piece : payload) {
    while (!piece.empty()) {
      if (left == 0) {
        append(next);
        left = chunk_size;
      }
      const size_t size = std::min(left, piece.size());
      append(piece.first(size));
      piece = piece.subspan(size);
      left -= size;
    }
  }
}

/// A message that refers to none before it: a type 0 chunk, then type 3.
template <typename Append>
void write_absolute(const MessageHeader& message, uint32_t chunk_size, Pieces payload,
                    Append&& append) {
  const auto first = chunk_header::type_0(message, total_bytes(payload));
  const auto next = chunk_header::type_3(message.chunk_stream_id, message.timestamp_ms);
  write_chunks(first.bytes(), next.bytes(), chunk_size, payload, append);
}

/// A message whose time is `delta_ms` (less than 0xffffff) after the last one on this chunk stream,
/// and whose message stream is the same: a type 1 chunk, then type 3.
template <typename Append>
void write_delta(uint32_t chunk_stream_id, MessageType type, uint32_t delta_ms, uint32_t chunk_size,
                 Pieces payload, Append&& append) {
  const auto first = chunk_header::type_1(chunk_stream_id, type, delta_ms, total_bytes(payload));
  const auto next = chunk_header::type_3(chunk_stream_id, 0);
  write_chunks(first.bytes(), next.bytes(), chunk_size, payload, append);
}

/// Chunks after the first one.
[[nodiscard]] constexpr size_t continuation_chunks(size_t payload_bytes, uint32_t chunk_size) {
  return payload_bytes == 0 ? 0 : (payload_bytes - 1) / chunk_size;
}

/// Bytes that write_absolute() appends.
[[nodiscard]] constexpr size_t absolute_size(uint32_t chunk_stream_id, uint32_t timestamp_ms,
                                             uint32_t chunk_size, size_t payload_bytes) {
  const size_t extended = timestamp_ms >= kExtendedTimestamp ? 4 : 0;
  const size_t basic = chunk_header::basic_size(chunk_stream_id);
  return basic + 11 + extended + payload_bytes +
         continuation_chunks(payload_bytes, chunk_size) * (basic + extended);
}

/// Bytes that write_delta() appends.
[[nodiscard]] constexpr size_t delta_size(uint32_t chunk_stream_id, uint32_t chunk_size,
                                          size_t payload_bytes) {
  const size_t basic = chunk_header::basic_size(chunk_stream_id);
  return basic + 7 + payload_bytes + continuation_chunks(payload_bytes, chunk_size) * basic;
}

}  // namespace millrace::rtmp
