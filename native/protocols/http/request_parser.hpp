#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/http/chunked_decoder.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

/// What one request may cost.
struct RequestLimits {
  size_t target_bytes = size_t{8} << 10;
  size_t head_bytes = size_t{64} << 10;  // request line and field lines with their line ends
  size_t header_count = 100;
  uint64_t body_bytes = uint64_t{1} << 20;  // until set_body_limit() says otherwise for one request
};

/// What poll() found.
struct RequestEvent {
  enum class Kind : uint8_t {
    kHead,      // request() is there
    kBody,      // `body` holds the next bytes of the body, valid until the next feed() or poll()
    kComplete,  // the request has ended; the next event, if any, belongs to another one
  };
  Kind kind;
  Bytes body;
};

/// Cuts a connection's bytes into HTTP/1 requests. Has no socket, clock, thread or log.
/// Source: RFC 9112.
///
/// The bytes of a head are first checked line by line, in one pass over each byte, for what
/// different servers read differently and request smuggling is made of: bare CR, bare LF, obs-fold,
/// NUL and other control characters, blanks before a colon. Only then does llhttp take the head
/// apart. The framing of the body is decided from the fields here, and anything ambiguous ends the
/// connection. In steady state a request costs no allocation.
///
/// Requests may follow one another without waiting (pipelining): what is fed beyond the present
/// request is kept until poll() gets there. Whoever feeds bounds it by not reading while
/// `buffered_bytes()` is over what he wants to hold.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits = {});
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Adds the next bytes of the connection. They may be cut anywhere, and may be empty.
  void feed(Bytes bytes);

  /// @return the next event, or nullopt when more bytes are needed.
  /// Errors end the connection and come again at each further call: kHttpMalformed,
  /// kHttpLengthAmbiguous, kHttpPathInvalid, kHttpHeadTooLarge, kHttpUrlTooLong, kHttpBodyTooLarge,
  /// kHttpVersionUnsupported, kUnsupported (unknown method or transfer coding).
  [[nodiscard]] Result<std::optional<RequestEvent>> poll();

  /// The present request; from kHead until the first event of the next one.
  [[nodiscard]] const Request& request() const { return request_; }

  /// Another limit for the body of the present request. To be called between kHead and the next
  /// poll(); UINT64_MAX for a body without end, which is then to be consumed as it comes.
  void set_body_limit(uint64_t bytes) { body_limit_ = bytes; }

  /// Bytes that were fed and not yet polled.
  [[nodiscard]] size_t buffered_bytes() const { return input_.size() - at_; }
  /// Whether the peer has begun, but not finished, to send a request: what a deadline is for.
  [[nodiscard]] bool in_request() const { return in_body() || buffered_bytes() > 0; }

  /// Whether the present request's body has not been read to its end.
  [[nodiscard]] bool in_body() const {
    return state_ == State::kBodyStart || state_ == State::kLengthBody ||
           state_ == State::kChunkedBody;
  }

  /// Hands out what was fed beyond the present request, and forgets it: after an upgrade those
  /// bytes belong to another protocol.
  [[nodiscard]] std::vector<uint8_t> take_rest();
  /// Gives memory back that only parsing needs, when the connection goes on as something else. The
  /// present request is gone.
  void release_memory();

 private:
  enum class State : uint8_t { kHead, kBodyStart, kLengthBody, kChunkedBody, kComplete, kFailed };

  [[nodiscard]] Result<std::optional<RequestEvent>> fail(Error error);
  [[nodiscard]] Result<std::optional<size_t>> find_head_end();
  [[nodiscard]] Status check_line(std::string_view line);
  [[nodiscard]] Status parse_head();
  [[nodiscard]] Status read_fields();
  [[nodiscard]] Result<std::optional<RequestEvent>> poll_body();

  const RequestLimits limits_;
  State state_ = State::kHead;
  Error error_{ErrorCode::kNone};

  std::vector<uint8_t> input_;
  size_t at_ = 0;           // first byte of input_ not consumed
  size_t checked_ = 0;      // up to here input_ has been looked through for the end of the head
  size_t line_at_ = 0;      // start of the line in which checked_ lies
  size_t lines_ = 0;        // lines of this head so far
  size_t empty_lines_ = 0;  // before the request line

  std::string head_;  // the present request's head; request_ points into it
  std::string path_;
  std::vector<Header> headers_;
  Request request_;
  uint64_t body_limit_;
  uint64_t body_left_ = 0;
  ChunkedDecoder chunks_;
};

}  // namespace millrace::http
