#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "io/connection.hpp"
#include "protocols/http/request_parser.hpp"
#include "protocols/http2/flood_guard.hpp"
#include "protocols/http2/request_head.hpp"
#include "protocols/http2/response_head.hpp"

namespace millrace::http2 {

struct MultiplexerSettings {
  http::RequestLimits request;
  uint32_t max_streams = 100;   // at a time; RFC 9113 §6.5.2 recommends no less
  Duration idle = seconds(30);  // a connection without a request is closed
};

/// One HTTP/2 connection: turns each of its streams into a Connection of its own, on which whoever
/// answers HTTP/1.1 answers as ever. nghttp2 does the framing and the compression of fields.
///
/// Nothing is queued per stream. What a stream is given to send goes at once, as far as its window,
/// the connection's and the socket allow; the rest is asked for again. So a viewer of a live stream
/// reads from the same log as all others, and is behind in it when its peer is slow. Each DATA
/// frame becomes one TLS record.
///
/// On the loop of its connection only. It ends with Handler::on_end, after which the owner destroys
/// it through Loop::dispose.
class Multiplexer final : private Connection::Owner {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Another request has come. @return the status that refuses it; 0: on_stream() follows.
    virtual unsigned refusal() = 0;
    /// A request that was not refused: its bytes come to the owner of `stream` after the call.
    virtual void on_stream(std::unique_ptr<Connection> stream) = 0;
    /// What the peer did wrong, for a counted log line.
    virtual void on_fault(Error error) = 0;
    /// The end, once. The streams have ended before.
    virtual void on_end(Error reason) = 0;
  };

  /// @param scratch  of the loop: frames are put together in it, and nothing stays.
  Multiplexer(Loop& loop, std::unique_ptr<Connection> connection,
              const MultiplexerSettings& settings, std::vector<uint8_t>& scratch, Handler& handler);
  ~Multiplexer() override;
  Multiplexer(const Multiplexer&) = delete;
  Multiplexer& operator=(const Multiplexer&) = delete;

  /// The connection has been started; its first bytes may come by Connection::carried_bytes().
  void start();
  /// Ends all streams and the connection, for this reason. on_end comes within the call.
  void close(Error reason);

  [[nodiscard]] const Connection& connection() const { return *connection_; }

 private:
  class Stream;
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void on_bytes(Bytes bytes) override;
  void on_writable() override;
  void on_closed(Error error) override;

  struct Callbacks;  // of nghttp2

  void hand_out_input();
  void open(Stream& stream);
  void wake_streams();
  void on_ended_streams();
  [[nodiscard]] bool can_send() const;
  void flush();
  void append(Bytes bytes);
  void flush_scratch();
  [[nodiscard]] bool is_over() const;
  void spend(double tokens);
  void arm_idle();
  void goodbye(uint32_t error_code, Error reason);
  void end(Error reason);

  Loop& loop_;
  const MultiplexerSettings settings_;
  std::vector<uint8_t>& scratch_;
  Handler& handler_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::map<int32_t, std::unique_ptr<Stream>> streams_;
  std::vector<int32_t> arrived_;  // streams that something has come for, in this call
  int32_t woken_last_ = 0;
  size_t handled_ = 0;  // streams that somebody answers
  FloodGuard guard_;
  bool flooded_ = false;
  bool failed_ = false;  // nghttp2 can do no more
  bool sending_ = false;
  bool ended_ = false;
  Timer ended_streams_;
  Timer idle_;
};

}  // namespace millrace::http2
