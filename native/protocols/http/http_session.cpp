#include "protocols/http/http_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "protocols/http/header_text.hpp"
#include "protocols/http/http_date.hpp"
#include "protocols/http/preconditions.hpp"
#include "protocols/http/query.hpp"
#include "protocols/http/target.hpp"
#include "protocols/http/websocket_handshake.hpp"

namespace millrace::http {

namespace {

// Pipelined requests that one peer has answered before the others have their turn.
constexpr unsigned kRequestsPerTurn = 32;
// Reading stops when so much lies behind a request that is not answered yet.
constexpr size_t kMaxAheadBytes = 64 << 10;
// What a connection keeps of its scratch memory between requests.
constexpr size_t kKeptBytes = 4096;
// Viewers send nothing but control frames and now and then a keep-alive text.
constexpr uint64_t kMaxWebSocketMessageBytes = 64 << 10;
constexpr unsigned kMaxPongsPerSecond = 8;

constexpr std::array<std::string_view, 6> kOwnFields{
    "connection", "content-length", "content-type", "transfer-encoding", "server", "date"};

bool is_own_field(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(),
                     [&](std::string_view own) { return equals_ignoring_case(own, name); });
}

bool has_no_body(unsigned status) { return status < 200 || status == 204 || status == 304; }

/// The vhost that is asked for: `vhost` or `domain` of the query, else the Host field.
std::string_view requested_host(const Request& request) {
  for (const std::string_view name : {"vhost", "domain"}) {
    if (const auto value = query_value(request.query, name); value && !value->empty()) {
      return *value;
    }
  }
  return host_name(request.host);
}

bool is_get_or_head(const Request& request) {
  return request.method == Method::kGet || request.method == Method::kHead;
}

}  // namespace

HttpSession::HttpSession(HttpService& service, Loop& loop, Fd fd, const Address& peer,
                         std::shared_ptr<const TlsContext> tls, Handler& handler)
    : service_(service),
      loop_(loop),
      handler_(handler),
      connection_(std::make_unique<Connection>(loop, std::move(fd), peer, std::move(tls),
                                               static_cast<Connection::Owner&>(*this))),
      parser_(service.settings().limits),
      deadline_(Time::max()),
      armed_for_(Time::max()),
      deadline_timer_([this] { on_deadline(); }),
      continue_([this] { on_continue(); }) {}

HttpSession::~HttpSession() {
  if (!connection_->closed()) {
    Connection::linger(std::move(connection_));
  }
}

bool HttpSession::start() {
  set_deadline(loop_.now() + service_.settings().deadlines.head);
  return connection_->start();
}

// Reading

void HttpSession::on_bytes(Bytes bytes) {
  switch (state_) {
    case State::kStream:
      if (websocket_ != nullptr) {
        read_websocket(bytes);
      }
      return;  // a viewer's bytes on a plain stream mean nothing
    case State::kEnded:
      return;
    case State::kAnswering:
    case State::kSending:
      parser_.feed(bytes);
      bound_what_is_ahead();
      return;
    case State::kReading:
    case State::kCollecting:
    case State::kBodyStream:
      parser_.feed(bytes);
      read_requests();
  }
}

void HttpSession::read_requests() {
  if (in_read_requests_) {
    return;  // an answer was given within on_request(); the loop below goes on
  }
  in_read_requests_ = true;
  unsigned requests = 0;
  while (state_ == State::kReading || state_ == State::kCollecting ||
         state_ == State::kBodyStream) {
    const auto event = parser_.poll();
    if (!event.ok()) {
      answer_fault(event.error());
      break;
    }
    if (!*event) {
      break;
    }
    requests += (*event)->kind == RequestEvent::Kind::kHead ? 1 : 0;
    read_request_step(**event);
    if (requests == kRequestsPerTurn && state_ == State::kReading) {
      loop_.arm(continue_, loop_.now());
      break;
    }
  }
  in_read_requests_ = false;
  settle();
}

void HttpSession::read_request_step(const RequestEvent& event) {
  switch (event.kind) {
    case RequestEvent::Kind::kHead:
      on_head();
      break;
    case RequestEvent::Kind::kBody:
      if (state_ == State::kBodyStream) {
        handler_.on_body(event.body);
      } else {
        body_.insert(body_.end(), event.body.begin(), event.body.end());
      }
      break;
    case RequestEvent::Kind::kComplete:
      if (state_ == State::kBodyStream) {
        state_ = State::kAnswering;
        handler_.on_body_end();
      } else if (state_ == State::kCollecting) {
        state_ = State::kAnswering;
        dispatch();
      }
      break;
  }
}

void HttpSession::on_head() {
  const Request& request = parser_.request();
  head_begun_ = false;
  keep_alive_ = request.keep_alive && !draining_ ? KeepAlive::kYes : KeepAlive::kNo;
  cors_ = service_.settings().cors == Cors::kYes && request.find_header("origin") ? Cors::kYes
                                                                                  : Cors::kNo;
  body_.clear();
  if (!request.has_body()) {
    state_ = State::kCollecting;  // kComplete comes next, without another byte
    return;
  }
  // The handler is asked at the head: a stream that is published has no end to wait for.
  if (request.method != Method::kOptions && request.method != Method::kOther) {
    state_ = State::kAnswering;
    if (handler_.on_request(request) == Taken::kYes || state_ != State::kAnswering) {
      return;
    }
  }
  state_ = State::kCollecting;
  if (request.expect_continue &&
      request.content_length.value_or(0) <= service_.settings().limits.body_bytes) {
    connection_->write(kContinue);
  }
}

void HttpSession::dispatch() {
  const Request& request = parser_.request();
  if (request.method == Method::kOther) {
    constexpr std::array kAllow{Header{"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}};
    write_error(405, kAllow);
    return;
  }
  if (request.method == Method::kOptions) {
    service_.writer().write_options(outgoing_.head(), keep_alive_, service_.settings().cors);
    send_answer(keep_alive_);
    return;
  }
  // A request with a body has been offered at its head.
  if (!request.has_body() &&
      (handler_.on_request(request) == Taken::kYes || state_ != State::kAnswering)) {
    return;
  }
  if (is_get_or_head(request) && !service_.is_control_path(request.path) &&
      answer_with_file() == Taken::kYes) {
    return;
  }
  handler_.on_control_request(request, body_);
}

void HttpSession::answer_fault(Error error) {
  handler_.on_fault(error);
  if (state_ == State::kEnded) {
    return;
  }
  if (state_ == State::kBodyStream) {
    end(error);  // the handler's stream broke off; nobody reads an answer in the middle of sending
    return;
  }
  state_ = State::kAnswering;
  keep_alive_ = KeepAlive::kNo;
  cors_ = Cors::kNo;
  refuse(error.code);
}

// Answering

void HttpSession::refuse(unsigned status) { write_error(status); }

void HttpSession::write_error(unsigned status, std::span<const Header> fields) {
  if (state_ != State::kAnswering) {
    return;
  }
  service_.writer().write_error(outgoing_.head(), status, keep_alive_, cors_,
                                parser_.request().method, fields);
  send_answer(keep_alive_);
}

void HttpSession::redirect(unsigned status, std::string_view location) {
  if (state_ != State::kAnswering) {
    return;
  }
  service_.writer().write_redirect(outgoing_.head(), status, location, keep_alive_, cors_);
  send_answer(keep_alive_);
}

void HttpSession::answer(const Answer& answer) {
  if (state_ != State::kAnswering) {
    return;
  }
  if (answer.keep_alive == KeepAlive::kNo) {
    keep_alive_ = KeepAlive::kNo;
  }
  const Request& request = parser_.request();
  const size_t size = answer.body ? answer.body->size : answer.text.size();
  Response response{.status = answer.status,
                    .content_type = answer.content_type,
                    .keep_alive = keep_alive_,
                    .cors = cors_};
  fields_.clear();
  std::copy_if(answer.fields.begin(), answer.fields.end(), std::back_inserter(fields_),
               [](const Header& field) { return !is_own_field(field.name); });
  ByteSelection part{answer.status, 0, size, {}};
  const HttpDate modified = format_http_date(answer.modified_unix_s);
  if (answer.status == 200 && is_get_or_head(request)) {
    const Validators validators{answer.etag, answer.modified_unix_s};
    if (answer.accept_ranges == AcceptRanges::kYes) {
      part = select_bytes(request, validators, size);
      fields_.push_back({"Accept-Ranges", "bytes"});
    } else if (is_not_modified(request, validators)) {
      part = {304, 0, 0, {}};
    }
    add_validators(validators, modified);
    if (!part.content_range.empty()) {
      fields_.push_back({"Content-Range", part.content_range});
    }
  }
  if (has_no_body(part.status)) {
    response.framing = Response::Framing::kNone;
    part.size = 0;
  }
  response.status = part.status;
  response.content_length = part.size;
  response.fields = fields_;
  service_.writer().write_head(outgoing_.head(), response);
  if (request.method != Method::kHead) {
    if (answer.body) {
      outgoing_.set_body(answer.body, static_cast<size_t>(part.offset),
                         static_cast<size_t>(part.size));
    } else {
      outgoing_.head().append(
          answer.text.substr(static_cast<size_t>(part.offset), static_cast<size_t>(part.size)));
    }
  }
  send_answer(keep_alive_);
}

void HttpSession::add_validators(const Validators& validators, const HttpDate& modified) {
  if (!validators.etag.empty()) {
    fields_.push_back({"ETag", validators.etag});
  }
  if (validators.modified_unix_s != 0) {
    fields_.push_back({"Last-Modified", {modified.data(), modified.size()}});
  }
}

Taken HttpSession::answer_with_file() {
  const Request& request = parser_.request();
  Result<FileAnswer> opened = service_.files().open(request, requested_host(request));
  if (!opened.ok()) {
    if (opened.error().code == ErrorCode::kHttpNotFound) {
      return Taken::kNo;
    }
    handler_.on_fault(opened.error());
    refuse(opened.error().code);
    return Taken::kYes;
  }
  FileAnswer& found = *opened;
  if (!found.location.empty()) {
    redirect(found.status, found.location);
    return Taken::kYes;
  }
  const HttpDate modified = format_http_date(found.modified_unix_s);
  fields_.clear();
  add_validators({found.etag, found.modified_unix_s}, modified);
  fields_.push_back({"Accept-Ranges", "bytes"});
  if (!found.cache_control.empty()) {
    fields_.push_back({"Cache-Control", found.cache_control});
  }
  if (!found.content_range.empty()) {
    fields_.push_back({"Content-Range", found.content_range});
  }
  const bool no_body = has_no_body(found.status);
  service_.writer().write_head(
      outgoing_.head(), {.status = found.status,
                         .content_type = no_body ? std::string_view{} : found.content_type,
                         .framing = no_body ? Response::Framing::kNone : Response::Framing::kLength,
                         .content_length = found.before.size() + found.size,
                         .keep_alive = keep_alive_,
                         .cors = cors_,
                         .fields = fields_});
  if (!no_body && request.method != Method::kHead) {
    outgoing_.head().append(reinterpret_cast<const char*>(found.before.data()),
                            found.before.size());
    outgoing_.set_file(std::move(found.file), found.offset, found.size);
  }
  send_answer(keep_alive_);
  return Taken::kYes;
}

void HttpSession::send_answer(KeepAlive keep_alive) {
  // What has not been read of the request's body cannot be told from the next request, so there is
  // none.
  keep_alive_ = parser_.in_body() ? KeepAlive::kNo : keep_alive;
  state_ = State::kSending;
  set_deadline(loop_.now() + service_.settings().deadlines.no_progress);
  send_some();
}

void HttpSession::send_some() {
  switch (outgoing_.send(*connection_)) {
    case OutgoingAnswer::Progress::kSent:
      finish_answer();
      break;
    case OutgoingAnswer::Progress::kBlocked:
      break;
    case OutgoingAnswer::Progress::kTurnTaken:
      loop_.arm(continue_, loop_.now());
      break;
    case OutgoingAnswer::Progress::kFileCut:
      // Only a broken connection tells the peer that the length it was promised will not come.
      end(Error{ErrorCode::kIoError});
      break;
  }
}

void HttpSession::finish_answer() {
  outgoing_.clear();
  if (body_.capacity() > kKeptBytes) {
    std::vector<uint8_t>{}.swap(body_);
  }
  if (keep_alive_ == KeepAlive::kNo || draining_) {
    end_when_sent();
    return;
  }
  state_ = State::kReading;
  set_deadline(loop_.now() + service_.settings().deadlines.idle);
  read_requests();
}

/// Everything is said. The connection outlives the session until the peer has read it.
void HttpSession::end_when_sent() {
  if (state_ == State::kEnded) {
    return;
  }
  state_ = State::kEnded;
  deadline_timer_.disarm();
  continue_.disarm();
  connection_->close_when_sent();
  handler_.on_end(Error{ErrorCode::kNone});
}

// Bodies and streams

void HttpSession::stream_body() {
  if (state_ != State::kAnswering || !parser_.in_body()) {
    return;
  }
  state_ = State::kBodyStream;
  parser_.set_body_limit(UINT64_MAX);
  if (parser_.request().expect_continue) {
    connection_->write(kContinue);
  }
  read_requests();  // the body's beginning may be here already
}

Result<StreamForm> HttpSession::begin_stream(std::string_view content_type) {
  if (state_ != State::kAnswering) {
    return ErrorCode::kCancelled;
  }
  const Request& request = parser_.request();
  keep_alive_ = KeepAlive::kNo;
  Response response{
      .content_type = content_type, .framing = Response::Framing::kChunked, .cors = cors_};
  StreamForm form = StreamForm::kChunked;
  std::array<Header, 3> upgrade{Header{"Upgrade", "websocket"}, Header{"Connection", "Upgrade"},
                                Header{}};
  Result<WebSocketAccept> accept = ErrorCode::kUnsupported;
  if (request.method == Method::kHead) {
    form = StreamForm::kNone;
  } else if (is_websocket_request(request)) {
    accept = accept_websocket(request);
    if (!accept.ok()) {
      handler_.on_fault(accept.error());
      constexpr std::array kVersion{Header{"Sec-WebSocket-Version", "13"}};
      const bool version = accept.error().detail == 426;
      write_error(version ? 426 : 400,
                  version ? std::span<const Header>(kVersion) : std::span<const Header>());
      return accept.error();
    }
    form = StreamForm::kWebSocket;
    upgrade[2] = {"Sec-WebSocket-Accept", {accept->data(), accept->size()}};
    response.status = 101;
    response.content_type = {};
    response.framing = Response::Framing::kNone;
    response.fields = upgrade;
  } else if (request.version == Version::k10) {
    form = StreamForm::kPlain;
    response.framing = Response::Framing::kNone;
  }
  service_.writer().write_head(outgoing_.head(), response);
  if (form == StreamForm::kNone) {
    send_answer(KeepAlive::kNo);
    return form;
  }
  state_ = State::kStream;
  deadline_timer_.disarm();
  armed_for_ = Time::max();
  connection_->resume_reading();
  connection_->write(outgoing_.head());
  outgoing_ = OutgoingAnswer{};
  std::vector<uint8_t>{}.swap(body_);
  std::vector<Header>{}.swap(fields_);
  const std::vector<uint8_t> rest = parser_.take_rest();
  parser_.release_memory();
  if (form == StreamForm::kWebSocket) {
    websocket_ = std::make_unique<WebSocketFrameParser>(kMaxWebSocketMessageBytes);
    websocket_->feed(rest);  // read with the next bytes: the handler has not begun to write yet
  }
  return form;
}

void HttpSession::end_stream(WebSocketStatus status) {
  if (state_ == State::kStream) {
    close_websocket(status);
  }
}

void HttpSession::read_websocket(Bytes bytes) {
  websocket_->feed(bytes);
  while (state_ == State::kStream) {
    const auto frame = websocket_->poll();
    if (!frame.ok()) {
      handler_.on_fault(frame.error());
      close_websocket(close_status_of(frame.error().code));
      return;
    }
    if (!*frame) {
      return;
    }
    switch ((*frame)->opcode) {
      case WebSocketOpcode::kPing: {
        // RFC 6455 §5.5.3 allows to answer only some of many pings.
        if (loop_.now() - pongs_since_ >= seconds(1)) {
          pongs_since_ = loop_.now();
          pongs_ = 0;
        }
        if (pongs_++ < kMaxPongsPerSecond) {
          std::array<uint8_t, kWebSocketHeadRoom> head;
          const size_t size =
              write_websocket_head(head, WebSocketOpcode::kPong, (*frame)->payload.size());
          std::vector<uint8_t> pong(head.begin(), head.begin() + static_cast<ptrdiff_t>(size));
          pong.insert(pong.end(), (*frame)->payload.begin(), (*frame)->payload.end());
          handler_.write_between_frames(pong);
        }
        break;
      }
      case WebSocketOpcode::kClose:
        close_websocket(WebSocketStatus::kNormal);
        return;
      default:
        break;  // nothing that a viewer says changes what it sees
    }
  }
}

void HttpSession::close_websocket(WebSocketStatus status) {
  if (websocket_ != nullptr) {
    handler_.write_between_frames(websocket_close_frame(status));
  }
  end_when_sent();
}

// Ends

void HttpSession::on_writable() {
  if (state_ == State::kSending) {
    set_deadline(loop_.now() + service_.settings().deadlines.no_progress);
    send_some();
  } else if (state_ == State::kStream) {
    handler_.on_writable();
  }
}

void HttpSession::on_closed(Error error) { end(error); }

void HttpSession::drain() {
  draining_ = true;
  if (state_ == State::kReading && !parser_.in_request()) {
    end_when_sent();
  }
}

void HttpSession::close(ErrorCode code) { end(Error{code}); }

void HttpSession::end(Error reason) {
  if (state_ == State::kEnded) {
    return;
  }
  state_ = State::kEnded;
  deadline_timer_.disarm();
  continue_.disarm();
  connection_->close();
  outgoing_.clear();
  handler_.on_end(reason);
}

/// After each reading: what is waited for now, and until when.
void HttpSession::settle() {
  const HttpDeadlines& deadlines = service_.settings().deadlines;
  bound_what_is_ahead();
  switch (state_) {
    case State::kReading:
      if (!parser_.in_request()) {
        head_begun_ = false;
      } else if (!head_begun_) {
        head_begun_ = true;
        set_deadline(loop_.now() + deadlines.head);
      }
      break;
    case State::kCollecting:
      if (!head_begun_) {
        head_begun_ = true;
        set_deadline(loop_.now() + deadlines.body);
      }
      break;
    case State::kBodyStream:
      set_deadline(loop_.now() + deadlines.body);
      break;
    case State::kAnswering:
      set_deadline(loop_.now() + deadlines.answer);
      break;
    case State::kSending:
    case State::kStream:
    case State::kEnded:
      break;
  }
}

void HttpSession::bound_what_is_ahead() {
  if (state_ == State::kStream || state_ == State::kEnded) {
    return;
  }
  if (parser_.buffered_bytes() > kMaxAheadBytes) {
    connection_->pause_reading();
  } else {
    connection_->resume_reading();
  }
}

void HttpSession::on_continue() {
  if (state_ == State::kSending) {
    send_some();
  } else if (state_ == State::kReading) {
    read_requests();
  }
}

void HttpSession::set_deadline(Time at) {
  deadline_ = at;
  // The timer may fire early and then looks again, so moving a deadline back costs nothing.
  if (!deadline_timer_.armed() || at < armed_for_) {
    armed_for_ = at;
    loop_.arm(deadline_timer_, at);
  }
}

void HttpSession::on_deadline() {
  if (loop_.now() < deadline_) {
    armed_for_ = deadline_;
    loop_.arm(deadline_timer_, deadline_);
    return;
  }
  switch (state_) {
    case State::kReading:
      if (parser_.in_request()) {
        answer_fault(Error{ErrorCode::kHttpTimeout});
      } else {
        end(Error{ErrorCode::kIdleTimeout});
      }
      break;
    case State::kCollecting:
      answer_fault(Error{ErrorCode::kHttpTimeout});
      break;
    case State::kBodyStream:
      end(Error{ErrorCode::kIdleTimeout});
      break;
    case State::kAnswering:
      keep_alive_ = KeepAlive::kNo;  // an answer that comes yet must not meet another request
      refuse(ErrorCode::kTimedOut);
      break;
    case State::kSending:
      end(Error{ErrorCode::kSlowReader});
      break;
    case State::kStream:
    case State::kEnded:
      break;
  }
}

}  // namespace millrace::http
