#include "protocols/rtmp/chunk_parser.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::rtmp {

namespace {

/// Memory kept for the next messages of a connection. Enough for the key frames of a usual stream;
/// a peer that sends one huge message on each chunk stream must not keep it all.
constexpr size_t kKeptBytes = size_t{512} << 10;

enum class Match : uint8_t { kYes, kNo, kNeedMore };

/// Whether `bytes` begin with `value`, as far as they go.
Match begins_with(Bytes bytes, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) {
    if (i == bytes.size()) {
      return Match::kNeedMore;
    }
    if (bytes[i] != static_cast<uint8_t>(value >> (8 * (3 - i)))) {
      return Match::kNo;
    }
  }
  return Match::kYes;
}

/// §5.3.1.3 repeats the extended timestamp in type 3 chunks. Old encoders leave it out, so it is
/// taken only where it says what is known: the field of the last header, or the message's time
/// (some repeat that one after a delta).
Match repeats_timestamp(Bytes bytes, uint32_t field, uint32_t timestamp_ms) {
  const Match by_field = begins_with(bytes, field);
  if (by_field == Match::kYes) {
    return by_field;
  }
  const Match by_time = begins_with(bytes, timestamp_ms);
  return by_time == Match::kYes || by_field == Match::kNo ? by_time : by_field;
}

}  // namespace

ChunkParser::ChunkParser(const ChunkLimits& limits) : limits_(limits) {}

void ChunkParser::feed(Bytes bytes) {
  assert(input_.empty());
  input_ = bytes;
}

Bytes ChunkParser::take_unread() {
  const Bytes unread = input_;
  input_ = {};
  return unread;
}

Result<std::optional<Message>> ChunkParser::poll() {
  if (error_) {
    return *error_;
  }
  if (delivered_) {
    drop_body(streams_[*delivered_]);
    delivered_.reset();
  }
  for (;;) {
    if (!in_chunk_) {
      const Result<bool> whole = read_header();
      if (!whole.ok()) {
        return fail(whole.error());
      }
      if (!whole.value()) {
        return std::optional<Message>{};
      }
    }
    Result<std::optional<Message>> message = read_payload();
    if (!message.ok()) {
      return fail(message.error());
    }
    if (!message.value()) {
      if (in_chunk_) {
        return std::optional<Message>{};  // the fed bytes end inside this chunk
      }
      continue;
    }
    Status obeyed;
    switch (message.value()->type) {
      case MessageType::kSetChunkSize:
        obeyed = set_chunk_size(message.value()->payload);
        break;
      case MessageType::kAbort:
        obeyed = abort_message(message.value()->payload);
        break;
      default:
        return message;
    }
    if (delivered_) {
      drop_body(streams_[*delivered_]);
      delivered_.reset();
    }
    if (!obeyed.ok()) {
      return fail(obeyed.error());
    }
  }
}

/// Takes one chunk header off the input, and keeps it when it is not whole yet.
Result<bool> ChunkParser::read_header() {
  std::array<uint8_t, kMaxHeaderBytes> joined = pending_;
  Bytes bytes = input_;
  if (pending_size_ != 0) {
    const size_t more = std::min(input_.size(), kMaxHeaderBytes - pending_size_);
    std::copy_n(input_.begin(), more, joined.begin() + static_cast<ptrdiff_t>(pending_size_));
    bytes = Bytes(joined).first(pending_size_ + more);
  }
  const Result<std::optional<size_t>> size = parse_header(bytes);
  if (!size.ok()) {
    return size.error();
  }
  if (!size.value()) {
    assert(bytes.size() < kMaxHeaderBytes);
    std::copy(bytes.begin(), bytes.end(), pending_.begin());
    pending_size_ = bytes.size();
    input_ = {};
    return false;
  }
  const size_t taken = *size.value();
  if (taken >= pending_size_) {
    input_ = input_.subspan(taken - pending_size_);
    pending_size_ = 0;
  } else {
    // The kept bytes looked like a repeated timestamp until the next one came: they are payload.
    std::copy(pending_.begin() + static_cast<ptrdiff_t>(taken),
              pending_.begin() + static_cast<ptrdiff_t>(pending_size_), pending_.begin());
    pending_size_ -= taken;
  }
  return true;
}

/// @return the header's size, or nullopt when it is cut; changes nothing then.
Result<std::optional<size_t>> ChunkParser::parse_header(Bytes bytes) {
  constexpr std::optional<size_t> kNeedMore;
  ByteReader in(bytes);
  const uint8_t first = in.u8();
  const unsigned format = first >> 6;
  uint32_t id = first & 0x3fU;
  if (id == 0) {
    id = 64U + in.u8();
  } else if (id == 1) {
    id = 64U + in.u8();
    id += 256U * in.u8();
  }
  uint32_t field = 0;
  uint32_t length = 0;
  uint8_t type = 0;
  uint32_t stream_id = 0;
  if (format <= 2) {
    field = in.u24();
  }
  if (format <= 1) {
    length = in.u24();
    type = in.u8();
  }
  if (format == 0) {
    stream_id = in.u32_le();
  }
  const bool extended = format <= 2 && field == kExtendedTimestamp;
  if (extended) {
    field = in.u32();
  }
  if (!in.ok()) {
    return kNeedMore;
  }

  const Result<size_t> index = stream_of(id);
  if (!index.ok()) {
    return index.error();
  }
  const bool fresh = index.value() == streams_.size();
  if (fresh && format >= 2) {
    return Error{ErrorCode::kRtmpChunkMalformed, id};  // refers to a header that never came
  }
  // Type 1 on a fresh chunk stream is not allowed either, but librtmp begins its pings so; its
  // message stream is 0 then.
  if (fresh) {
    streams_.emplace_back().id = id;
  }
  ChunkStream& stream = streams_[index.value()];

  if (format == 3) {
    if (stream.extended) {
      switch (repeats_timestamp(in.rest(), stream.timestamp_field, stream.timestamp_ms)) {
        case Match::kYes:
          in.skip(4);
          break;
        case Match::kNo:
          break;
        case Match::kNeedMore:
          return kNeedMore;
      }
    }
    if (!stream.in_message) {
      stream.timestamp_ms += stream.timestamp_field;  // §5.3.1.2.4, also after a type 0 chunk
    }
  } else if (stream.in_message) {
    // §5.3.1.2.4 says only that chunks after the first "should" be of type 3.
    const bool same = format == 2 || (format == 1 && length == stream.length &&
                                      type == static_cast<uint8_t>(stream.type));
    if (!same) {
      return Error{ErrorCode::kRtmpChunkMalformed, id};
    }
  } else {
    if (format <= 1) {
      if (const Status allowed = check_length(static_cast<MessageType>(type), length);
          !allowed.ok()) {
        return allowed.error();
      }
      stream.length = length;
      stream.type = static_cast<MessageType>(type);
    }
    if (format == 0) {
      stream.stream_id = stream_id;
    }
    stream.timestamp_ms = format == 0 ? field : stream.timestamp_ms + field;
    stream.timestamp_field = field;
    stream.extended = extended;
  }

  stream.in_message = true;
  current_ = index.value();
  in_chunk_ = true;
  chunk_left_ = std::min(chunk_size_, stream.length - static_cast<uint32_t>(stream.body.size()));
  return std::optional<size_t>(in.position());
}

Status ChunkParser::check_length(MessageType type, uint32_t length) const {
  const bool media =
      type == MessageType::kAudio || type == MessageType::kVideo || type == MessageType::kAggregate;
  if (length > limits_.max_message_bytes) {
    return Error{ErrorCode::kRtmpMessageTooLarge, length};
  }
  if (!media && length > limits_.max_amf_bytes) {
    const bool data = type == MessageType::kDataAmf0 || type == MessageType::kDataAmf3;
    return Error{data ? ErrorCode::kRtmpMetadataTooLarge : ErrorCode::kRtmpMessageTooLarge, length};
  }
  return {};
}

/// @return index of the chunk stream; that behind the last one when it is new.
Result<size_t> ChunkParser::stream_of(uint32_t id) {
  if (current_ < streams_.size() && streams_[current_].id == id) {
    return size_t{current_};
  }
  const auto at = std::find_if(streams_.begin(), streams_.end(),
                               [id](const ChunkStream& stream) { return stream.id == id; });
  if (at == streams_.end() && streams_.size() >= limits_.max_chunk_streams) {
    return Error{ErrorCode::kRtmpChunkStreamsTooMany, id};
  }
  return static_cast<size_t>(at - streams_.begin());
}

/// @return the message that this chunk ends, if it does.
Result<std::optional<Message>> ChunkParser::read_payload() {
  ChunkStream& stream = streams_[current_];
  Message message;
  const bool in_one_piece = stream.body.empty() && pending_size_ == 0 &&
                            chunk_left_ == stream.length && input_.size() >= chunk_left_;
  if (in_one_piece) {
    message.payload = input_.first(chunk_left_);
    input_ = input_.subspan(chunk_left_);
  } else {
    const size_t kept = std::min<size_t>(pending_size_, chunk_left_);
    if (kept != 0) {
      if (Status stored = store(stream, Bytes(pending_).first(kept)); !stored.ok()) {
        return stored.error();
      }
      std::copy(pending_.begin() + static_cast<ptrdiff_t>(kept),
                pending_.begin() + static_cast<ptrdiff_t>(pending_size_), pending_.begin());
      pending_size_ -= kept;
    }
    const size_t size = std::min<size_t>(input_.size(), chunk_left_);
    if (size != 0) {
      if (Status stored = store(stream, input_.first(size)); !stored.ok()) {
        return stored.error();
      }
      input_ = input_.subspan(size);
    }
    if (chunk_left_ != 0) {
      return std::optional<Message>{};
    }
    if (stream.body.size() < stream.length) {
      in_chunk_ = false;
      return std::optional<Message>{};
    }
    message.payload = stream.body;
    unfinished_bytes_ -= stream.body.size();
    delivered_ = current_;
  }
  in_chunk_ = false;
  stream.in_message = false;
  message.chunk_stream_id = stream.id;
  message.type = stream.type;
  message.timestamp_ms = stream.timestamp_ms;
  message.stream_id = stream.stream_id;
  return std::optional<Message>(message);
}

Status ChunkParser::store(ChunkStream& stream, Bytes bytes) {
  if (unfinished_bytes_ + bytes.size() > limits_.max_unfinished_bytes) {
    return Error{ErrorCode::kRtmpUnfinishedTooLarge, limits_.max_unfinished_bytes};
  }
  const size_t capacity = stream.body.capacity();
  stream.body.insert(stream.body.end(), bytes.begin(), bytes.end());
  held_bytes_ += stream.body.capacity() - capacity;
  unfinished_bytes_ += bytes.size();
  chunk_left_ -= static_cast<uint32_t>(bytes.size());
  return {};
}

/// §5.4.1. A change inside a message counts from the next chunk on: the one at hand has its size.
Status ChunkParser::set_chunk_size(Bytes payload) {
  ByteReader in(payload);
  const uint32_t size = in.u32();
  if (!in.ok()) {
    return ErrorCode::kRtmpMessageMalformed;
  }
  if (size == 0 || size > kMaxChunkSize) {
    return Error{ErrorCode::kRtmpChunkSizeInvalid, size};
  }
  chunk_size_ = size;
  return {};
}

/// §5.4.2. An unknown chunk stream, or one without an unfinished message, is nothing to abort.
Status ChunkParser::abort_message(Bytes payload) {
  ByteReader in(payload);
  const uint32_t id = in.u32();
  if (!in.ok()) {
    return ErrorCode::kRtmpMessageMalformed;
  }
  for (ChunkStream& stream : streams_) {
    if (stream.id == id && stream.in_message) {
      unfinished_bytes_ -= stream.body.size();
      stream.in_message = false;
      drop_body(stream);
    }
  }
  return {};
}

void ChunkParser::drop_body(ChunkStream& stream) {
  stream.body.clear();
  if (held_bytes_ > kKeptBytes) {
    held_bytes_ -= stream.body.capacity();
    stream.body = {};
    stream.body.shrink_to_fit();
  }
}

Error ChunkParser::fail(Error error) {
  error_ = error;
  input_ = {};
  return error;
}

}  // namespace millrace::rtmp
