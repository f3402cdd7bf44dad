#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/rtmp/message.hpp"

namespace millrace::rtmp {

/// What one peer may make us keep. Nothing is taken for what a header declares, only for what came.
struct ChunkLimits {
  /// Longest message, as its header declares it, in bytes.
  uint32_t max_message_bytes = kMaxMessageBytes;
  /// The same for messages that are not audio, video or aggregates: commands and metadata.
  uint32_t max_amf_bytes = 64U << 10;
  /// Bytes of messages that are not whole yet, over all chunk streams.
  uint32_t max_unfinished_bytes = 32U << 20;
  /// Chunk streams of one connection; encoders use less than ten.
  uint32_t max_chunk_streams = 64;
};

/// Puts messages together from a chunk stream. Has no socket, clock, thread or log.
/// Source: RTMP 1.0 §5.3 (chunks), §5.4.1 and §5.4.2 (Set Chunk Size and Abort, which it obeys and
/// does not hand out).
///
/// A message that lies in one piece in the fed bytes is handed out as it lies there. Others are put
/// together in one buffer per chunk stream, which is used again: no allocation per message.
class ChunkParser {
 public:
  explicit ChunkParser(const ChunkLimits& limits = {});

  /// Lends the next bytes of the stream, cut anywhere. They must stay until poll() has returned
  /// nullopt or an error, or until take_unread(). The bytes fed before must have been read.
  void feed(Bytes bytes);

  /// @return the next whole message, or nullopt when all fed bytes are read and more are needed.
  /// The payload is valid until the next poll(), and no longer than the fed bytes.
  /// Errors end the stream and come again with each call: kRtmpChunkMalformed,
  /// kRtmpChunkSizeInvalid, kRtmpChunkStreamsTooMany, kRtmpMessageTooLarge, kRtmpMessageMalformed,
  /// kRtmpMetadataTooLarge, kRtmpUnfinishedTooLarge.
  [[nodiscard]] Result<std::optional<Message>> poll();

  /// Gives back the fed bytes that were not read yet, for a caller that must wait and cannot keep
  /// the memory they are in. They must be fed again before others.
  [[nodiscard]] Bytes take_unread();

  /// Other limits from the next chunk on: a peer may get more room once it is let in.
  void set_limits(const ChunkLimits& limits) { limits_ = limits; }

  /// What the peer last set, in bytes.
  [[nodiscard]] uint32_t chunk_size() const { return chunk_size_; }
  /// Memory held for messages, finished or not, in bytes.
  [[nodiscard]] size_t held_bytes() const { return held_bytes_; }

 private:
  struct ChunkStream {
    uint32_t id = 0;
    uint32_t timestamp_ms = 0;     // of the message last begun
    uint32_t timestamp_field = 0;  // of the last header: absolute (type 0) or delta (types 1, 2)
    uint32_t length = 0;
    uint32_t stream_id = 0;
    MessageType type{};
    bool extended = false;    // the last header had an extended timestamp
    bool in_message = false;  // some chunks of a message came, others are missing
    std::vector<uint8_t> body;
  };
  /// Basic header, message header, extended timestamp: §5.3.1.1 to §5.3.1.3.
  static constexpr size_t kMaxHeaderBytes = 3 + 11 + 4;

  Result<bool> read_header();
  Result<std::optional<size_t>> parse_header(Bytes bytes);
  Result<size_t> stream_of(uint32_t id);
  Result<std::optional<Message>> read_payload();
  [[nodiscard]] Status check_length(MessageType type, uint32_t length) const;
  Status store(ChunkStream& stream, Bytes bytes);
  Status set_chunk_size(Bytes payload);
  Status abort_message(Bytes payload);
  void drop_body(ChunkStream& stream);
  Error fail(Error error);

  ChunkLimits limits_;
  std::vector<ChunkStream> streams_;
  size_t current_ = 0;       // index of the chunk stream of the chunk that is read
  bool in_chunk_ = false;    // its header is read, its payload is not
  uint32_t chunk_left_ = 0;  // bytes of that payload still missing
  uint32_t chunk_size_ = kDefaultChunkSize;
  size_t unfinished_bytes_ = 0;
  size_t held_bytes_ = 0;            // capacity of all bodies
  std::optional<size_t> delivered_;  // chunk stream whose body was handed out by the last poll()
  Bytes input_;
  std::array<uint8_t, kMaxHeaderBytes> pending_{};  // bytes before `input_`: a header that was cut
  size_t pending_size_ = 0;
  std::optional<Error> error_;
};

}  // namespace millrace::rtmp
