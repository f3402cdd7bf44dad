#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "protocols/rtmp/message.hpp"

namespace millrace::rtmp {

/// Appends whole messages as chunks to a vector of bytes that the caller sends: control messages,
/// commands, and the media of a client. Starts at the chunk size that both sides start with.
/// For the media of players see media_chunks.hpp.
class ChunkWriter {
 public:
  /// What is appended to; must outlive the writer.
  explicit ChunkWriter(std::vector<uint8_t>& out) : out_(out) {}

  /// A type 0 chunk and type 3 chunks. `payload` is at most kMaxMessageBytes long.
  void message(const MessageHeader& header, Bytes payload);

  /// Set Chunk Size, RTMP 1.0 §5.4.1; counts for all that is written after it. 1 to kMaxChunkSize.
  void set_chunk_size(uint32_t bytes);
  /// §5.4.3. @param sequence_number  bytes received so far.
  void acknowledgement(uint32_t sequence_number);
  /// §5.4.4
  void window_acknowledgement_size(uint32_t bytes);
  /// §5.4.5, limit type 2 (dynamic).
  void set_peer_bandwidth(uint32_t bytes);
  /// §7.1.7. @param value  message stream id, or the timestamp of a ping.
  void user_control(UserControl event, uint32_t value);

  [[nodiscard]] uint32_t chunk_size() const { return chunk_size_; }

 private:
  void control(MessageType type, Bytes payload);

  std::vector<uint8_t>& out_;
  uint32_t chunk_size_ = kDefaultChunkSize;
};

}  // namespace millrace::rtmp
