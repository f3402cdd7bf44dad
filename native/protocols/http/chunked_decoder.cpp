#include "protocols/http/chunked_decoder.hpp"

#include <algorithm>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

constexpr uint8_t kMaxSizeDigits = 16;
// No known client sends extensions; the room is for a signature such as AWS's, about 90 bytes.
constexpr uint32_t kMaxExtensionBytes = 256;
constexpr uint32_t kMaxTrailerBytes = 8 << 10;

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_field_byte(char byte) {
  return byte == '\t' || (static_cast<uint8_t>(byte) >= 0x20 && byte != 0x7f);
}

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::step(Bytes input, uint64_t limit) {
  Step out;
  while (out.consumed < input.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const auto size =
          static_cast<size_t>(std::min<uint64_t>(chunk_left_, input.size() - out.consumed));
      out.data = input.subspan(out.consumed, size);
      out.consumed += size;
      chunk_left_ -= size;
      if (chunk_left_ == 0) {
        state_ = State::kDataCr;
      }
      return out;
    }
    if (const Status taken = take(static_cast<char>(input[out.consumed]), limit); !taken) {
      return taken.error();
    }
    ++out.consumed;
  }
  out.complete = state_ == State::kDone;
  return out;
}

Status ChunkedDecoder::take(char byte, uint64_t limit) {
  const Error malformed{ErrorCode::kHttpMalformed, static_cast<uint32_t>(state_)};
  switch (state_) {
    case State::kSizeFirst:
    case State::kSize: {
      const int digit = hex_value(byte);
      if (digit >= 0) {
        if (++size_digits_ > kMaxSizeDigits) {
          return malformed;
        }
        chunk_left_ = chunk_left_ << 4 | static_cast<unsigned>(digit);
        state_ = State::kSize;
        return {};
      }
      if (state_ == State::kSizeFirst || (byte != '\r' && byte != ';')) {
        return malformed;
      }
      if (chunk_left_ > limit - std::min(limit, seen_)) {
        return ErrorCode::kHttpBodyTooLarge;
      }
      seen_ += chunk_left_;
      extension_bytes_ = 0;
      state_ = byte == '\r' ? State::kSizeLf : State::kExtension;
      return {};
    }
    case State::kExtension:
      if (byte == '\r') {
        state_ = State::kSizeLf;
        return {};
      }
      if (!is_field_byte(byte) || ++extension_bytes_ > kMaxExtensionBytes) {
        return malformed;
      }
      return {};
    case State::kSizeLf:
      if (byte != '\n') {
        return malformed;
      }
      state_ = chunk_left_ == 0 ? State::kTrailerStart : State::kData;
      return {};
    case State::kDataCr:
      if (byte != '\r') {
        return malformed;
      }
      state_ = State::kDataLf;
      return {};
    case State::kDataLf:
      if (byte != '\n') {
        return malformed;
      }
      size_digits_ = 0;
      state_ = State::kSizeFirst;
      return {};
    case State::kTrailerStart:
      if (byte == '\r') {
        state_ = State::kEndLf;
        return {};
      }
      if (!is_token_byte(byte)) {
        return malformed;
      }
      state_ = State::kTrailerName;
      [[fallthrough]];
    case State::kTrailerName:
      if (++trailer_bytes_ > kMaxTrailerBytes) {
        return ErrorCode::kHttpHeadTooLarge;
      }
      if (byte == ':') {
        state_ = State::kTrailerValue;
      } else if (!is_token_byte(byte)) {
        return malformed;
      }
      return {};
    case State::kTrailerValue:
      if (++trailer_bytes_ > kMaxTrailerBytes) {
        return ErrorCode::kHttpHeadTooLarge;
      }
      if (byte == '\r') {
        state_ = State::kTrailerLf;
      } else if (!is_field_byte(byte)) {
        return malformed;
      }
      return {};
    case State::kTrailerLf:
      if (byte != '\n') {
        return malformed;
      }
      state_ = State::kTrailerStart;
      return {};
    case State::kEndLf:
      if (byte != '\n') {
        return malformed;
      }
      state_ = State::kDone;
      return {};
    case State::kData:
    case State::kDone:
      return {};  // step() never comes here with these
  }
  return malformed;
}

}  // namespace millrace::http
