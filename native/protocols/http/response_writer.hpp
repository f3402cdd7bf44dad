#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/byte_reader.hpp"
#include "protocols/http/http_date.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

enum class Cors : bool { kNo, kYes };
enum class KeepAlive : bool { kNo, kYes };

/// Head of one answer.
struct Response {
  /// How the end of the body is told. Source: RFC 9112 §6.
  enum class Framing : uint8_t {
    kLength,   // Content-Length: `content_length`
    kChunked,  // Transfer-Encoding: chunked
    kNone,     // no body and no word about one: 101, 204, 304
  };

  unsigned status = 200;
  std::string_view content_type = {};  // empty: no such field
  Framing framing = Framing::kLength;
  uint64_t content_length = 0;
  KeepAlive keep_alive = KeepAlive::kNo;
  Cors cors = Cors::kNo;
  /// Further fields, in order. A field that would forge lines is left out.
  std::span<const Header> fields = {};
};

/// Writes heads of answers and small whole answers. One per loop: it remembers the text of the
/// present second. Appends to the caller's string, whose capacity is used again.
class ResponseWriter {
 public:
  /// @param server  value of the Server field, for example `Millrace/1.0.0`.
  explicit ResponseWriter(std::string_view server);

  /// Sets the time of the Date field (RFC 9110 §6.6.1). Costs nothing within the same second.
  /// @param unix_s  seconds since 1970; without a call there is no Date field.
  void set_time(int64_t unix_s);

  void write_head(std::string& out, const Response& response) const;

  /// A whole answer in plain text that says what the status means, and nothing of what was asked.
  /// @param fields  further fields, such as Allow.
  void write_error(std::string& out, unsigned status, KeepAlive keep_alive, Cors cors,
                   Method method, std::span<const Header> fields = {}) const;

  /// A redirect without a body.
  /// @param location  must not be made from the Host field; controls in it end the answer as 400.
  void write_redirect(std::string& out, unsigned status, std::string_view location,
                      KeepAlive keep_alive, Cors cors) const;

  /// Answer to OPTIONS on any path: 200 with the CORS fields, 405 when CORS is off.
  void write_options(std::string& out, KeepAlive keep_alive, Cors cors) const;

 private:
  std::string server_line_;
  std::string date_line_;
  int64_t date_unix_s_ = -1;
};

/// Room for the longest chunk-size line.
constexpr size_t kChunkHeadRoom = 18;
/// Writes the size line of a chunk of `size` bytes; after its data comes kChunkEnd.
/// @return bytes written. Source: RFC 9112 §7.1.
size_t write_chunk_head(std::span<char, kChunkHeadRoom> room, uint64_t size);
constexpr std::string_view kChunkEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// Interim answer to `Expect: 100-continue`.
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace millrace::http
