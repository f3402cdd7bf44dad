#include "protocols/http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocols/http/header_text.hpp"
#include "protocols/http/status.hpp"

namespace millrace::http {

namespace {

// The set that the web players and pages of the field were written against; `*` without
// credentials.
constexpr std::string_view kCorsFields =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Headers: *\r\n"
    "Access-Control-Allow-Methods: *\r\n"
    "Access-Control-Expose-Headers: *\r\n"
    "Access-Control-Allow-Credentials: false\r\n"
    "Access-Control-Request-Private-Network: true\r\n";

bool is_one_line(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char byte) {
    return (static_cast<uint8_t>(byte) < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

void append_number(std::string& out, uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

ResponseWriter::ResponseWriter(std::string_view server) {
  if (!server.empty() && is_one_line(server)) {
    append_field(server_line_, "Server", server);
  }
}

void ResponseWriter::set_time(int64_t unix_s) {
  if (unix_s != date_unix_s_) {
    date_unix_s_ = unix_s;
    const HttpDate date = format_http_date(unix_s);
    date_line_.clear();
    append_field(date_line_, "Date", {date.data(), date.size()});
  }
}

void ResponseWriter::write_head(std::string& out, const Response& response) const {
  out.append("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  out.append(server_line_).append(date_line_);
  if (!response.content_type.empty() && is_one_line(response.content_type)) {
    append_field(out, "Content-Type", response.content_type);
  }
  switch (response.framing) {
    case Response::Framing::kLength:
      out.append("Content-Length: ");
      append_number(out, response.content_length);
      out.append("\r\n");
      break;
    case Response::Framing::kChunked:
      out.append("Transfer-Encoding: chunked\r\n");
      break;
    case Response::Framing::kNone:
      break;
  }
  if (response.status != 101) {  // there `Connection: Upgrade` comes with the fields
    out.append(response.keep_alive == KeepAlive::kYes ? "Connection: keep-alive\r\n"
                                                      : "Connection: close\r\n");
  }
  if (response.cors == Cors::kYes) {
    out.append(kCorsFields);
  }
  for (const Header& field : response.fields) {
    if (is_token(field.name) && is_one_line(field.value)) {
      append_field(out, field.name, field.value);
    }
  }
  out.append("\r\n");
}

void ResponseWriter::write_error(std::string& out, unsigned status, KeepAlive keep_alive, Cors cors,
                                 Method method, std::span<const Header> fields) const {
  constexpr size_t kMaxFields = 8;
  std::array<Header, kMaxFields + 2> all{Header{"X-Content-Type-Options", "nosniff"}};
  size_t count = 1;
  if (status == 401) {
    // RFC 9110 §15.5.2 asks for it. Bearer, because for Basic browsers would open a dialog in the
    // middle of a player.
    all[count++] = {"WWW-Authenticate", "Bearer realm=\"millrace\""};
  }
  const size_t more = std::min(fields.size(), kMaxFields);
  std::copy_n(fields.begin(), more, all.begin() + static_cast<std::ptrdiff_t>(count));
  count += more;
  const std::string_view body = reason_phrase(status);
  write_head(out, {.status = status,
                   .content_type = "text/plain; charset=utf-8",
                   .content_length = body.size() + 1,
                   .keep_alive = keep_alive,
                   .cors = cors,
                   .fields = std::span(all).first(count)});
  if (method != Method::kHead) {
    out.append(body).append("\n");
  }
}

void ResponseWriter::write_redirect(std::string& out, unsigned status, std::string_view location,
                                    KeepAlive keep_alive, Cors cors) const {
  if (!is_one_line(location)) {
    write_error(out, 400, keep_alive, cors, Method::kGet);
    return;
  }
  const std::array fields{Header{"Location", location}};
  write_head(out, {.status = status, .keep_alive = keep_alive, .cors = cors, .fields = fields});
}

void ResponseWriter::write_options(std::string& out, KeepAlive keep_alive, Cors cors) const {
  if (cors == Cors::kNo) {
    const std::array fields{Header{"Allow", "GET, HEAD"}};
    write_error(out, 405, keep_alive, cors, Method::kOptions, fields);
    return;
  }
  write_head(out, {.status = 200, .keep_alive = keep_alive, .cors = cors});
}

size_t write_chunk_head(std::span<char, kChunkHeadRoom> room, uint64_t size) {
  char* end = std::to_chars(room.data(), room.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return static_cast<size_t>(end - room.data());
}

}  // namespace millrace::http
