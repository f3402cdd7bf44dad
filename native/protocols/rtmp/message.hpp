#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"

namespace millrace::rtmp {

/// RTMP 1.0 §5.4 (1 to 6) and §7.1: what a message's payload is.
enum class MessageType : uint8_t {
  kSetChunkSize = 1,
  kAbort = 2,
  kAcknowledgement = 3,
  kUserControl = 4,
  kWindowAcknowledgementSize = 5,
  kSetPeerBandwidth = 6,
  kAudio = 8,
  kVideo = 9,
  kDataAmf3 = 15,
  kSharedObjectAmf3 = 16,
  kCommandAmf3 = 17,
  kDataAmf0 = 18,
  kSharedObjectAmf0 = 19,
  kCommandAmf0 = 20,
  kAggregate = 22,
};

/// RTMP 1.0 §7.1.7: event type of a user control message.
enum class UserControl : uint16_t {
  kStreamBegin = 0,
  kStreamEof = 1,
  kStreamDry = 2,
  kSetBufferLength = 3,
  kStreamIsRecorded = 4,
  kPingRequest = 6,
  kPingResponse = 7,
};

/// The chunk streams that we send on; the ids are those of SRS. One chunk stream carries messages
/// of one kind only, so that a timestamp delta (type 1 chunk) always refers to a message of that
/// kind.
inline constexpr uint32_t kControlChunkStream = 2;  // fixed by RTMP 1.0 §5.4
inline constexpr uint32_t kCommandChunkStream = 3;  // commands of the connection
inline constexpr uint32_t kDataChunkStream = 4;     // onMetaData
inline constexpr uint32_t kStreamChunkStream = 5;   // commands of the message stream: onStatus
inline constexpr uint32_t kVideoChunkStream = 6;
inline constexpr uint32_t kAudioChunkStream = 7;

/// The message stream that createStream always answers with, as SRS: one per connection.
inline constexpr uint32_t kMediaStreamId = 1;

inline constexpr uint32_t kDefaultChunkSize = 128;        // RTMP 1.0 §5.4.1
inline constexpr uint32_t kMaxChunkSize = 0xff'ff'ff;     // §5.4.1: longer than any message
inline constexpr uint32_t kMaxMessageBytes = 0xff'ff'ff;  // §5.3.1.2.1: 24 bits
/// §5.3.1.3: in place of a timestamp that is in the extended timestamp field.
inline constexpr uint32_t kExtendedTimestamp = 0xff'ff'ff;

/// What the chunk headers say of a message.
struct MessageHeader {
  uint32_t chunk_stream_id = 0;  // 2 to 65599
  MessageType type{};
  uint32_t timestamp_ms = 0;  // absolute; wraps after 2^32 ms
  uint32_t stream_id = 0;     // message stream
};

/// A whole message. Who hands it out says how long `payload` is valid.
struct Message : MessageHeader {
  Bytes payload;
};

}  // namespace millrace::rtmp
