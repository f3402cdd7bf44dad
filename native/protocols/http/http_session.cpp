#include "protocols/http/http_session.hpp"

#include <array>
#include <utility>

#include "protocols/http/websocket_handshake.hpp"

namespace millrace::http {

namespace {

// Pipelined requests that one peer has answered before the others have their turn.
constexpr unsigned kRequestsPerTurn = 32;
// Reading stops when so much lies behind a request that is not answered yet.
constexpr size_t kMaxAheadBytes = 64 << 10;

}  // namespace

HttpSession::HttpSession(HttpService& service, Loop& loop, Fd fd, const Address& peer,
                         std::shared_ptr<const TlsContext> tls, Handler& handler)
    : HttpSession(service, loop,
                  std::make_unique<Connection>(loop, std::move(fd), peer, std::move(tls)),
                  handler) {}

HttpSession::HttpSession(HttpService& service, Loop& loop, std::unique_ptr<Connection> connection,
                         Handler& handler)
    : service_(service),
      loop_(loop),
      handler_(handler),
      connection_(std::move(connection)),
      parser_(service.settings().limits),
      deadline_(Time::max()),
      armed_for_(Time::max()),
      deadline_timer_([this] { on_deadline(); }),
      continue_([this] { on_continue(); }) {
  connection_->set_owner(static_cast<Connection::Owner&>(*this));
}

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
  if (request.is_get_or_head() && !service_.is_control_path(request.path) &&
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

// Bodies and streams

void HttpSession::refuse_body(ErrorCode code) {
  if (state_ == State::kBodyStream) {
    state_ = State::kAnswering;
    refuse(code);
  }
}

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
  } else if (request.version == Version::k10 || connection_->is_carried()) {
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
    websocket_ = std::make_unique<WebSocketReader>();
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
    const auto event = websocket_->poll(loop_.now());
    if (!event.ok()) {
      handler_.on_fault(event.error());
      close_websocket(close_status_of(event.error().code));
      return;
    }
    switch (*event) {
      case WebSocketReader::Event::kMore:
        return;
      case WebSocketReader::Event::kPong:
        handler_.write_between_frames(websocket_->pong());
        break;
      case WebSocketReader::Event::kClose:
        close_websocket(WebSocketStatus::kNormal);
        return;
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
