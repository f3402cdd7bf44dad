#include "protocols/http/request_parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "protocols/http/header_text.hpp"
#include "protocols/http/target.hpp"

namespace millrace::http {

namespace {

// RFC 9112 §2.2: a server should ignore at least one empty line before a request; two CRLF are what
// old clients append to a POST body.
constexpr size_t kMaxEmptyLines = 2;
// What a connection keeps between requests. A usual head is below 1 KB; more is given back.
constexpr size_t kKeptBytes = size_t{8} << 10;

// What the request line holds beside the target: `PROPPATCH`, two blanks, `HTTP/1.1`, CRLF and
// some.
constexpr size_t kLongestMethodAndVersion = 32;

constexpr std::array<std::pair<std::string_view, Method>, 7> kMethods{{
    {"GET", Method::kGet},
    {"HEAD", Method::kHead},
    {"POST", Method::kPost},
    {"PUT", Method::kPut},
    {"DELETE", Method::kDelete},
    {"OPTIONS", Method::kOptions},
    {"PATCH", Method::kPatch},
}};

Error malformed(size_t detail) {
  return Error{ErrorCode::kHttpMalformed, static_cast<uint32_t>(detail)};
}

std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Control characters have no place in a head. CR and LF are judged where lines are cut.
constexpr bool is_forbidden(uint8_t byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f;
}

/// Method, target and version of a request line. Source: RFC 9112 §3.
struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

std::optional<RequestLine> split_request_line(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  RequestLine out{line.substr(0, first), line.substr(first + 1, last - first - 1),
                  line.substr(last + 1)};
  const bool visible = std::all_of(out.target.begin(), out.target.end(),
                                   [](char byte) { return byte > 0x20 && byte < 0x7f; });
  if (!is_token(out.method) || out.target.empty() || !visible) {
    return std::nullopt;
  }
  return out;
}

/// `HTTP/` and two digits: the form of every version there is, so anything else is no HTTP.
bool is_http_version(std::string_view version) {
  const auto digit = [&](size_t at) { return version[at] >= '0' && version[at] <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(5) && version[6] == '.' &&
         digit(7);
}

/// What llhttp hands out while it runs over one whole head.
struct HeadSink {
  std::vector<Header>& headers;
  size_t max_headers;
  std::string_view target;
  bool value_open = false;  // the last field line may still get (more of) its value
  bool complete = false;
  bool too_many = false;
};

HeadSink& sink_of(llhttp_t* parser) { return *static_cast<HeadSink*>(parser->data); }

// The head lies in one piece, so llhttp gives each span at once. A second piece would mean that an
// empty gap was cut out of the middle, which nothing in a checked head can cause: refused.
int on_url(llhttp_t* parser, const char* at, size_t size) {
  HeadSink& sink = sink_of(parser);
  if (!sink.target.empty()) {
    return HPE_USER;
  }
  sink.target = {at, size};
  return HPE_OK;
}

int on_header_field(llhttp_t* parser, const char* at, size_t size) {
  HeadSink& sink = sink_of(parser);
  if (sink.headers.size() == sink.max_headers) {
    sink.too_many = true;
    return HPE_USER;
  }
  sink.headers.push_back({{at, size}, {}});
  sink.value_open = true;
  return is_token(sink.headers.back().name) ? HPE_OK : HPE_USER;
}

int on_header_value(llhttp_t* parser, const char* at, size_t size) {
  HeadSink& sink = sink_of(parser);
  if (size == 0) {
    return HPE_OK;
  }
  if (!sink.value_open) {
    return HPE_USER;
  }
  sink.headers.back().value = trim({at, size});
  sink.value_open = false;
  return HPE_OK;
}

int on_headers_complete(llhttp_t* parser) {
  sink_of(parser).complete = true;
  return HPE_PAUSED;  // the body is not llhttp's
}

constexpr llhttp_settings_t make_settings() {
  llhttp_settings_t settings{};
  settings.on_url = on_url;
  settings.on_header_field = on_header_field;
  settings.on_header_value = on_header_value;
  settings.on_headers_complete = on_headers_complete;
  return settings;
}

constexpr llhttp_settings_t kSettings = make_settings();

Error error_of(llhttp_errno_t code) {
  switch (code) {
    case HPE_INVALID_METHOD:
      return Error{ErrorCode::kUnsupported};
    case HPE_INVALID_VERSION:
      return Error{ErrorCode::kHttpVersionUnsupported};
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return Error{ErrorCode::kHttpLengthAmbiguous};
    default:
      return malformed(static_cast<size_t>(code));
  }
}

/// RFC 9112 §6.1 and §6.3. Only `chunked` alone is offered.
Status check_transfer_encoding(std::string_view codings) {
  if (equals_ignoring_case(codings, "chunked")) {
    return {};
  }
  std::string_view last;
  size_t chunked = 0;
  ListReader reader(codings);
  while (const auto coding = reader.next()) {
    last = *coding;
    chunked += equals_ignoring_case(last, "chunked") ? 1 : 0;
  }
  // A body whose end nobody can know is malformed; one that is merely compressed is not offered.
  return equals_ignoring_case(last, "chunked") && chunked == 1 ? Error{ErrorCode::kUnsupported}
                                                               : malformed(0);
}

}  // namespace

RequestParser::RequestParser(const RequestLimits& limits)
    : limits_(limits), body_limit_(limits.body_bytes) {}

void RequestParser::feed(Bytes bytes) {
  if (at_ == input_.size()) {
    input_.clear();
    checked_ -= std::min(checked_, at_);
    line_at_ -= std::min(line_at_, at_);
    at_ = 0;
  } else if (at_ > 0 && input_.size() + bytes.size() > input_.capacity()) {
    input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(at_));
    checked_ -= std::min(checked_, at_);
    line_at_ -= std::min(line_at_, at_);
    at_ = 0;
  }
  input_.insert(input_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<RequestEvent>> RequestParser::fail(Error error) {
  state_ = State::kFailed;
  error_ = error;
  request_ = Request{};
  return error;
}

Result<std::optional<RequestEvent>> RequestParser::poll() {
  switch (state_) {
    case State::kFailed:
      return error_;
    case State::kComplete:
      state_ = State::kHead;
      if (head_.capacity() > kKeptBytes || input_.capacity() > kKeptBytes) {
        release_memory();
      }
      [[fallthrough]];
    case State::kHead: {
      const Result<std::optional<size_t>> end = find_head_end();
      if (!end) {
        return fail(end.error());
      }
      if (!*end) {
        return std::optional<RequestEvent>{};
      }
      head_.assign(as_text(input_.data() + at_, **end - at_));
      at_ = checked_ = line_at_ = **end;
      lines_ = empty_lines_ = 0;
      if (const Status parsed = parse_head(); !parsed) {
        return fail(parsed.error());
      }
      state_ = State::kBodyStart;
      return std::optional(RequestEvent{RequestEvent::Kind::kHead, {}});
    }
    case State::kBodyStart:
    case State::kLengthBody:
    case State::kChunkedBody:
      return poll_body();
  }
  return fail(Error{ErrorCode::kInternal});
}

Status RequestParser::check_line(std::string_view line) {
  // The last byte of the line is its LF.
  if (line.size() < 2 || line.find('\r') != line.size() - 2) {
    return malformed(lines_);
  }
  if (lines_ > 0 && (line.front() == ' ' || line.front() == '\t')) {
    return malformed(lines_);  // obs-fold, RFC 9112 §5.2
  }
  return {};
}

Result<std::optional<size_t>> RequestParser::find_head_end() {
  // Bytes of a following request's body may lie here too and be no text, so a head that is complete
  // must be found before a byte behind it is judged: line by line.
  while (checked_ < input_.size()) {
    const uint8_t* const from = input_.data() + checked_;
    const auto* const line_feed =
        static_cast<const uint8_t*>(std::memchr(from, '\n', input_.size() - checked_));
    const size_t stop =
        line_feed == nullptr ? input_.size() : static_cast<size_t>(line_feed - input_.data()) + 1;
    const uint8_t* const to = input_.data() + stop;
    const uint8_t* const bad = std::find_if(from, to, is_forbidden);
    if (bad != to) {
      return malformed(static_cast<size_t>(bad - input_.data()) - at_);
    }
    checked_ = stop;
    const size_t line_bytes = stop - line_at_;
    if (lines_ == 0 && line_bytes > limits_.target_bytes + kLongestMethodAndVersion) {
      return Error{ErrorCode::kHttpUrlTooLong, static_cast<uint32_t>(line_bytes)};
    }
    if (stop - at_ > limits_.head_bytes) {
      return Error{ErrorCode::kHttpHeadTooLarge, static_cast<uint32_t>(stop - at_)};
    }
    const std::string_view line = as_text(input_.data() + line_at_, line_bytes);
    if (lines_ == 0 && line.front() != '\r' && !is_token_byte(line.front())) {
      return malformed(0);  // no HTTP at all: say so without waiting for a line end
    }
    if (line_feed == nullptr) {
      return std::optional<size_t>{};
    }
    if (const Status checked = check_line(line); !checked) {
      return checked.error();
    }
    line_at_ = stop;
    if (line_bytes > 2) {
      if (++lines_ > limits_.header_count + 1) {
        return Error{ErrorCode::kHttpHeadTooLarge, static_cast<uint32_t>(lines_)};
      }
    } else if (lines_ > 0) {
      return std::optional(stop);
    } else if (++empty_lines_ > kMaxEmptyLines) {
      return malformed(0);
    } else {
      at_ = stop;
    }
  }
  return std::optional<size_t>{};
}

Status RequestParser::parse_head() {
  request_ = Request{};
  headers_.clear();
  body_limit_ = limits_.body_bytes;

  const auto line = split_request_line(std::string_view(head_).substr(0, head_.find('\r')));
  if (!line) {
    return malformed(0);
  }
  if (!is_http_version(line->version)) {
    return malformed(0);
  }
  if (line->version != "HTTP/1.1" && line->version != "HTTP/1.0") {
    return ErrorCode::kHttpVersionUnsupported;
  }
  if (line->target.size() > limits_.target_bytes) {
    return Error{ErrorCode::kHttpUrlTooLong, static_cast<uint32_t>(line->target.size())};
  }

  HeadSink sink{headers_, limits_.header_count, {}};
  llhttp_t llhttp;
  llhttp_init(&llhttp, HTTP_REQUEST, &kSettings);
  llhttp.data = &sink;
  const llhttp_errno_t result = llhttp_execute(&llhttp, head_.data(), head_.size());
  if (sink.too_many) {
    return Error{ErrorCode::kHttpHeadTooLarge, static_cast<uint32_t>(headers_.size())};
  }
  if (result != HPE_PAUSED || !sink.complete || sink.target != line->target) {
    return error_of(result);
  }

  request_.version = line->version == "HTTP/1.0" ? Version::k10 : Version::k11;
  request_.method_name = line->method;
  for (const auto& [name, method] : kMethods) {
    if (name == line->method) {
      request_.method = method;
      break;
    }
  }
  request_.target = line->target;
  request_.headers = headers_;
  if (const Status read = read_fields(); !read) {
    return read;
  }
  const Result<Target> target = parse_target(request_.target, path_);
  if (!target) {
    return target.error();
  }
  if (target->path == "*" && request_.method != Method::kOptions) {
    return ErrorCode::kHttpPathInvalid;  // RFC 9112 §3.2.4
  }
  request_.path = target->path;
  request_.query = target->query;
  if (!target->authority.empty()) {
    request_.host = target->authority;
  }
  return {};
}

Status RequestParser::read_fields() {
  size_t hosts = 0;
  size_t lengths = 0;
  size_t transfer_encodings = 0;
  std::string_view transfer_encoding;
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool has_upgrade = false;
  for (const Header& header : headers_) {
    // The length of a name tells most fields apart before any byte is compared.
    switch (header.name.size()) {
      case 4:
        if (equals_ignoring_case(header.name, "host")) {
          ++hosts;
          request_.host = header.value;
        }
        break;
      case 6:
        if (equals_ignoring_case(header.name, "expect")) {
          if (!equals_ignoring_case(header.value, "100-continue")) {
            return ErrorCode::kUnsupported;
          }
          request_.expect_continue = request_.version == Version::k11;
        }
        break;
      case 7:
        has_upgrade = has_upgrade || equals_ignoring_case(header.name, "upgrade");
        break;
      case 10:
        if (equals_ignoring_case(header.name, "connection")) {
          close = close || list_has(header.value, "close");
          keep_alive = keep_alive || list_has(header.value, "keep-alive");
          upgrade = upgrade || list_has(header.value, "upgrade");
        }
        break;
      case 14:
        if (equals_ignoring_case(header.name, "content-length")) {
          ++lengths;
          request_.content_length = parse_decimal(header.value);
          if (!request_.content_length) {
            return malformed(0);
          }
        }
        break;
      case 17:
        if (equals_ignoring_case(header.name, "transfer-encoding")) {
          ++transfer_encodings;
          transfer_encoding = header.value;
          request_.chunked = true;
        }
        break;
      default:
        break;
    }
  }
  // RFC 9112 §3.2: exactly one Host in HTTP/1.1; two are an attack in any version.
  if (hosts > 1 || (hosts == 0 && request_.version == Version::k11) || !is_host(request_.host)) {
    return malformed(hosts);
  }
  if (lengths + transfer_encodings > 1) {
    return ErrorCode::kHttpLengthAmbiguous;
  }
  if (request_.chunked) {
    if (request_.version == Version::k10) {
      return ErrorCode::kHttpLengthAmbiguous;  // RFC 9112 §6.1: its framing is faulty
    }
    if (const Status known = check_transfer_encoding(transfer_encoding); !known) {
      return known;
    }
  }
  request_.keep_alive = !close && (request_.version == Version::k11 || keep_alive);
  request_.wants_upgrade = upgrade && has_upgrade && request_.version == Version::k11;
  return {};
}

Result<std::optional<RequestEvent>> RequestParser::poll_body() {
  using Kind = RequestEvent::Kind;
  if (state_ == State::kBodyStart) {
    chunks_ = ChunkedDecoder{};
    body_left_ = request_.content_length.value_or(0);
    if (body_left_ > body_limit_) {
      return fail(Error{ErrorCode::kHttpBodyTooLarge});
    }
    state_ = request_.chunked ? State::kChunkedBody : State::kLengthBody;
  }
  Bytes body;
  if (state_ == State::kLengthBody) {
    if (body_left_ == 0) {
      state_ = State::kComplete;
      return std::optional(RequestEvent{Kind::kComplete, {}});
    }
    body = Bytes(input_).subspan(at_);
    body = body.first(static_cast<size_t>(std::min<uint64_t>(body.size(), body_left_)));
    body_left_ -= body.size();
    at_ += body.size();
  } else {
    const auto step = chunks_.step(Bytes(input_).subspan(at_), body_limit_);
    if (!step) {
      return fail(step.error());
    }
    body = step->data;
    at_ += step->consumed;
    if (step->complete) {
      state_ = State::kComplete;
    }
  }
  checked_ = line_at_ = at_;
  if (state_ == State::kComplete) {
    return std::optional(RequestEvent{Kind::kComplete, {}});
  }
  if (body.empty()) {
    return std::optional<RequestEvent>{};
  }
  return std::optional(RequestEvent{Kind::kBody, body});
}

std::vector<uint8_t> RequestParser::take_rest() {
  std::vector<uint8_t> rest(input_.begin() + static_cast<ptrdiff_t>(at_), input_.end());
  input_.clear();
  at_ = checked_ = line_at_ = 0;
  return rest;
}

void RequestParser::release_memory() {
  request_ = Request{};
  std::string{}.swap(head_);
  std::string{}.swap(path_);
  std::vector<Header>{}.swap(headers_);
  if (buffered_bytes() == 0) {
    std::vector<uint8_t>{}.swap(input_);
    at_ = checked_ = line_at_ = 0;
  }
}

}  // namespace millrace::http
