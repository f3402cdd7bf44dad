#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/rtmp/message.hpp"

namespace millrace::rtmp {

/// Takes an aggregate message apart: RTMP 1.0 §7.1.6. Its payload is a row of FLV tags (11-byte
/// header, body, back pointer); the time of the first part becomes the time of the aggregate, those
/// of the others move with it.
class AggregateReader {
 public:
  AggregateReader() = default;
  /// @param aggregate  its payload must outlive the reader.
  explicit AggregateReader(const Message& aggregate)
      : aggregate_(aggregate), in_(aggregate.payload) {}

  /// The next part, which points into the aggregate, or nullopt after the last one.
  /// kRtmpAggregateMalformed (scope: packet) for a size that lies; nothing follows it.
  [[nodiscard]] Result<std::optional<Message>> next();

 private:
  Message aggregate_;
  ByteReader in_{Bytes{}};
  std::optional<uint32_t> first_timestamp_ms_;
};

}  // namespace millrace::rtmp
