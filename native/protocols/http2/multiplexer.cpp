#include "protocols/http2/multiplexer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "protocols/http2/stream.hpp"

// Of a debugging function of nghttp2 that nothing calls; see cmake/FindNghttp2.cmake.
extern "C" [[gnu::visibility("hidden")]] FILE* millrace_nghttp2_stderr;
FILE* millrace_nghttp2_stderr = nullptr;

namespace millrace::http2 {

namespace {

constexpr size_t kFrameHeadBytes = 9;
constexpr size_t kMaxSettingsEntries = 32;
constexpr size_t kMaxContinuations = 8;
constexpr size_t kMaxUnsentAnswers = 1000;  // to PING and SETTINGS
// Who asks and takes it back all the time makes the server work for nothing.
constexpr uint64_t kResetBurst = 200;
constexpr uint64_t kResetsPerSecond = 20;
constexpr double kResetTokens = 4;

}  // namespace

/// nghttp2's way to us. None of these calls the owner of a stream: what happened is noted, and
/// handed out when nghttp2 has returned.
struct Multiplexer::Callbacks {
  static Multiplexer& self(void* user_data) { return *static_cast<Multiplexer*>(user_data); }
  static Stream* stream(nghttp2_session* session, int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      auto made = std::make_unique<Stream>(self(user), frame->hd.stream_id);
      nghttp2_session_set_stream_user_data(session, made->id(), made.get());
      self(user).streams_.emplace(made->id(), std::move(made));
    }
    return 0;
  }

  /// Every frame whose head may be: also those that nghttp2 then ignores, as PRIORITY.
  static int on_begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* head,
                            void* user) {
    const bool moves_something = head->type == NGHTTP2_DATA || head->type == NGHTTP2_HEADERS ||
                                 head->type == NGHTTP2_WINDOW_UPDATE;
    const bool is_answer = (head->type == NGHTTP2_SETTINGS || head->type == NGHTTP2_PING) &&
                           (head->flags & NGHTTP2_FLAG_ACK) != 0;
    if (!moves_something && !is_answer) {
      self(user).spend(head->type == NGHTTP2_RST_STREAM ? kResetTokens : 1);
    }
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                       void* user) {
    Stream* at = stream(session, frame->hd.stream_id);
    if (at != nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      at->head().add({reinterpret_cast<const char*>(name), name_size},
                     {reinterpret_cast<const char*>(value), value_size},
                     self(user).settings_.request);
    }
    return 0;
  }

  static int on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Multiplexer& here = self(user);
    const nghttp2_frame_hd& head = frame->hd;
    if (head.type != NGHTTP2_HEADERS && head.type != NGHTTP2_DATA) {
      return 0;
    }
    const bool last = (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (head.type == NGHTTP2_DATA && head.length == 0 && !last) {
      here.spend(1);
    }
    if (Stream* at = stream(session, head.stream_id); at != nullptr) {
      if (head.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        at->on_head(!last);
      } else if (last) {
        at->on_input_end();
      }
      here.arrived_.push_back(at->id());
    }
    return 0;
  }

  static int on_data_chunk(nghttp2_session* session, uint8_t /*flags*/, int32_t id,
                           const uint8_t* data, size_t size, void* user) {
    if (Stream* at = stream(session, id); at != nullptr) {
      at->on_data({data, size});
      self(user).arrived_.push_back(id);
    } else {
      nghttp2_session_consume_connection(session, size);
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, int32_t id, uint32_t /*error*/, void* user) {
    if (Stream* at = stream(session, id); at != nullptr) {
      at->on_close();
      // Later: this may happen while the stream's own owner writes.
      self(user).loop_.arm(self(user).ended_streams_, self(user).loop_.now());
    }
    return 0;
  }

  static int on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const nghttp2_frame_hd& head = frame->hd;
    if (head.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
      self(user).spend(kResetTokens);
    }
    if ((head.type == NGHTTP2_DATA || head.type == NGHTTP2_HEADERS) &&
        (head.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      // All is said, and the peer need not send the rest of its body: RFC 9113 §8.1.
      const Stream* at = stream(session, head.stream_id);
      if (at != nullptr && !at->input_ended()) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, head.stream_id, NGHTTP2_NO_ERROR);
      }
    }
    return 0;
  }

  static ssize_t send(nghttp2_session* /*session*/, const uint8_t* data, size_t size, int /*flags*/,
                      void* user) {
    self(user).append({data, size});
    return static_cast<ssize_t>(size);
  }

  static int send_data(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
                       const uint8_t* frame_head, size_t size, nghttp2_data_source* source,
                       void* user) {
    Multiplexer& here = self(user);
    if (here.scratch_.size() + kFrameHeadBytes + size > Connection::kTlsRecordBytes) {
      here.flush_scratch();
    }
    here.append({frame_head, kFrameHeadBytes});
    static_cast<Stream*>(source->ptr)->take(size);
    return 0;
  }

  /// A frame and its head are one TLS record.
  static ssize_t frame_size(nghttp2_session* /*session*/, uint8_t /*type*/, int32_t /*id*/,
                            int32_t /*session_window*/, int32_t /*stream_window*/,
                            uint32_t max_frame_size, void* /*user*/) {
    return static_cast<ssize_t>(
        std::min<size_t>(max_frame_size, Connection::kTlsRecordBytes - kFrameHeadBytes));
  }

  static nghttp2_session* make_session(Multiplexer& multiplexer) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    nghttp2_session* session = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0) {
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
      nghttp2_session_callbacks_set_send_callback(callbacks, send);
      nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
      nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, frame_size);
      nghttp2_option_set_no_auto_window_update(option, 1);
      nghttp2_option_set_no_closed_streams(option, 1);
      nghttp2_option_set_max_outbound_ack(option, kMaxUnsentAnswers);
      nghttp2_option_set_max_settings(option, kMaxSettingsEntries);
      nghttp2_option_set_max_continuations(option, kMaxContinuations);
      nghttp2_option_set_stream_reset_rate_limit(option, kResetBurst, kResetsPerSecond);
      (void)nghttp2_session_server_new2(&session, callbacks, &multiplexer, option);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return session;
  }
};

Multiplexer::Multiplexer(Loop& loop, std::unique_ptr<Connection> connection,
                         const MultiplexerSettings& settings, std::vector<uint8_t>& scratch,
                         Handler& handler)
    : loop_(loop),
      settings_(settings),
      scratch_(scratch),
      handler_(handler),
      connection_(std::move(connection)),
      session_(Callbacks::make_session(*this)),
      ended_streams_([this] { on_ended_streams(); }),
      idle_([this] { goodbye(NGHTTP2_NO_ERROR, {ErrorCode::kIdleTimeout}); }) {
  connection_->set_owner(static_cast<Connection::Owner&>(*this));
}

Multiplexer::~Multiplexer() {
  if (!ended_) {
    ended_ = true;
    for (auto& [id, stream] : std::exchange(streams_, {})) {
      stream->detach({ErrorCode::kPeerClosed});
    }
  }
  if (!connection_->closed()) {
    Connection::linger(std::move(connection_));
  }
}

void Multiplexer::start() {
  if (session_ == nullptr) {
    return end({ErrorCode::kOutOfMemory});
  }
  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings_.max_streams},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                             static_cast<uint32_t>(settings_.request.head_bytes)},
      // Nobody's pictures wait for somebody else's.
      nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  failed_ = nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(),
                                    settings.size()) != 0;
  arm_idle();
  flush();
}

// ---- reading

void Multiplexer::on_bytes(Bytes bytes) {
  if (ended_) {
    return;
  }
  const ssize_t read = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (read < 0) {
    handler_.on_fault({ErrorCode::kHttpMalformed, static_cast<uint32_t>(-read)});
    flush();  // it may have a GOAWAY to say why
    return end({ErrorCode::kHttpMalformed, static_cast<uint32_t>(-read)});
  }
  hand_out_input();
  flush();
  wake_streams();
  if (!ended_ && flooded_) {
    handler_.on_fault({ErrorCode::kHttpMalformed, NGHTTP2_ENHANCE_YOUR_CALM});
    goodbye(NGHTTP2_ENHANCE_YOUR_CALM, {ErrorCode::kHttpMalformed, NGHTTP2_ENHANCE_YOUR_CALM});
  } else if (!ended_ && is_over()) {
    end({ErrorCode::kNone});
  }
}

void Multiplexer::hand_out_input() {
  for (const int32_t id : std::exchange(arrived_, {})) {
    const auto found = streams_.find(id);
    if (ended_ || found == streams_.end() || found->second->closed()) {
      continue;
    }
    Stream& stream = *found->second;
    if (!stream.opened()) {
      open(stream);
    }
    stream.hand_out_input();
  }
}

void Multiplexer::open(Stream& stream) {
  unsigned refusal = stream.head().refusal();
  if (refusal == 0) {
    refusal = handler_.refusal();
  }
  if (refusal != 0) {
    return stream.refuse(refusal);
  }
  auto connection = std::make_unique<Connection>(loop_, std::make_unique<Stream::Handle>(stream),
                                                 connection_->peer());
  ++handled_;
  idle_.disarm();
  stream.attach(*connection);
  handler_.on_stream(std::move(connection));
}

// ---- sending

bool Multiplexer::can_send() const {
  return !connection_->closed() && !connection_->blocked() && connection_->queued_bytes() == 0;
}

void Multiplexer::flush() {
  if (sending_ || ended_ || failed_) {
    return;
  }
  sending_ = true;
  failed_ = nghttp2_session_send(session_.get()) != 0;
  flush_scratch();
  sending_ = false;
  if (failed_ || flooded_ || is_over()) {
    loop_.arm(ended_streams_, loop_.now());
  }
}

void Multiplexer::append(Bytes bytes) {
  scratch_.insert(scratch_.end(), bytes.begin(), bytes.end());
  if (scratch_.size() >= Connection::kTlsRecordBytes) {
    flush_scratch();
  }
}

void Multiplexer::flush_scratch() {
  if (!scratch_.empty()) {
    connection_->write(Bytes(scratch_));
    scratch_.clear();
  }
}

void Multiplexer::on_writable() {
  if (!ended_) {
    flush();
    wake_streams();
  }
}

/// Streams that could not send all they had, one after the other, beginning behind the one that was
/// last served: each may take all the room there is.
void Multiplexer::wake_streams() {
  // Whoever is called may end streams, so the next one is looked up each time.
  int32_t id = woken_last_;
  for (size_t left = streams_.size(); left > 0 && !streams_.empty(); --left) {
    if (ended_ || !can_send() || nghttp2_session_get_remote_window_size(session_.get()) <= 0) {
      return;
    }
    auto next = streams_.upper_bound(id);
    if (next == streams_.end()) {
      next = streams_.begin();
    }
    id = next->first;
    Stream& stream = *next->second;
    if (stream.closed() || !stream.blocked() ||
        nghttp2_session_get_stream_remote_window_size(session_.get(), id) <= 0) {
      continue;
    }
    woken_last_ = id;
    stream.on_writable();
  }
}

// ---- ends

bool Multiplexer::is_over() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0;
}

void Multiplexer::on_ended_streams() {
  std::vector<std::unique_ptr<Stream>> gone;
  for (auto at = streams_.begin(); at != streams_.end();) {
    if (at->second->closed()) {
      gone.push_back(std::move(at->second));
      at = streams_.erase(at);
    } else {
      ++at;
    }
  }
  for (const auto& stream : gone) {
    stream->detach({ErrorCode::kPeerClosed});
  }
  if (ended_) {
    return;
  }
  if (failed_) {
    end({ErrorCode::kHttpMalformed});
  } else if (flooded_) {
    handler_.on_fault({ErrorCode::kHttpMalformed, NGHTTP2_ENHANCE_YOUR_CALM});
    goodbye(NGHTTP2_ENHANCE_YOUR_CALM, {ErrorCode::kHttpMalformed, NGHTTP2_ENHANCE_YOUR_CALM});
  } else if (is_over()) {
    end({ErrorCode::kNone});
  }
}

void Multiplexer::spend(double tokens) {
  flooded_ = !guard_.spend(tokens, loop_.now()) || flooded_;
}

void Multiplexer::arm_idle() {
  if (handled_ == 0 && !ended_) {
    loop_.arm_in(idle_, settings_.idle);
  }
}

void Multiplexer::on_closed(Error error) { end(error); }

void Multiplexer::close(Error reason) { goodbye(NGHTTP2_NO_ERROR, reason); }

void Multiplexer::goodbye(uint32_t error_code, Error reason) {
  if (!ended_ && session_ != nullptr) {
    nghttp2_session_terminate_session(session_.get(), error_code);
    flush();
  }
  end(reason);
}

void Multiplexer::end(Error reason) {
  if (std::exchange(ended_, true)) {
    return;
  }
  const Error of_streams = reason.code != ErrorCode::kNone ? reason : Error{ErrorCode::kPeerClosed};
  for (auto& [id, stream] : std::exchange(streams_, {})) {
    stream->detach(of_streams);
  }
  ended_streams_.disarm();
  idle_.disarm();
  connection_->close_when_sent();
  handler_.on_end(reason);
}

}  // namespace millrace::http2
