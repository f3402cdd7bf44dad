#include "protocols/rtmp/aggregate.hpp"

namespace millrace::rtmp {

Result<std::optional<Message>> AggregateReader::next() {
  if (in_.empty()) {
    return std::optional<Message>{};
  }
  Message part = aggregate_;
  part.type = static_cast<MessageType>(in_.u8());
  const uint32_t size = in_.u24();
  const uint32_t low = in_.u24();
  const uint32_t timestamp_ms = uint32_t{in_.u8()} << 24 | low;  // FLV E.4.1: upper byte last
  in_.skip(3);  // stream id: the aggregate's counts
  part.payload = in_.bytes(size);
  // The back pointer of the last part is missing in what some encoders send; its value means
  // nothing.
  if (in_.ok() && !in_.empty()) {
    in_.skip(4);
  }
  if (!in_.ok()) {
    return Error{ErrorCode::kRtmpAggregateMalformed, size};
  }
  if (!first_timestamp_ms_) {
    first_timestamp_ms_ = timestamp_ms;
  }
  part.timestamp_ms = aggregate_.timestamp_ms + (timestamp_ms - *first_timestamp_ms_);
  return std::optional<Message>(part);
}

}  // namespace millrace::rtmp
