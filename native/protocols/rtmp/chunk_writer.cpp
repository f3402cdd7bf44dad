#include "protocols/rtmp/chunk_writer.hpp"

#include <array>
#include <cassert>

#include "base/byte_writer.hpp"
#include "protocols/rtmp/media_chunks.hpp"

namespace millrace::rtmp {

namespace {

std::array<uint8_t, 4> big_endian(uint32_t value) {
  std::array<uint8_t, 4> bytes{};
  ByteWriter(bytes).u32(value);
  return bytes;
}

}  // namespace

void ChunkWriter::message(const MessageHeader& header, Bytes payload) {
  write_absolute(header, chunk_size_, Pieces(&payload, 1),
                 [this](Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); });
}

void ChunkWriter::set_chunk_size(uint32_t bytes) {
  assert(bytes >= 1 && bytes <= kMaxChunkSize);
  control(MessageType::kSetChunkSize, big_endian(bytes));
  chunk_size_ = bytes;
}

void ChunkWriter::acknowledgement(uint32_t sequence_number) {
  control(MessageType::kAcknowledgement, big_endian(sequence_number));
}

void ChunkWriter::window_acknowledgement_size(uint32_t bytes) {
  control(MessageType::kWindowAcknowledgementSize, big_endian(bytes));
}

void ChunkWriter::set_peer_bandwidth(uint32_t bytes) {
  constexpr uint8_t kDynamic = 2;
  std::array<uint8_t, 5> payload{};
  ByteWriter out(payload);
  out.u32(bytes);
  out.u8(kDynamic);
  control(MessageType::kSetPeerBandwidth, payload);
}

void ChunkWriter::user_control(UserControl event, uint32_t value) {
  std::array<uint8_t, 6> payload{};
  ByteWriter out(payload);
  out.u16(static_cast<uint16_t>(event));
  out.u32(value);
  control(MessageType::kUserControl, payload);
}

/// §5.4: on chunk stream 2 and message stream 0, and its time is of no interest.
void ChunkWriter::control(MessageType type, Bytes payload) {
  message({.chunk_stream_id = kControlChunkStream, .type = type}, payload);
}

}  // namespace millrace::rtmp
