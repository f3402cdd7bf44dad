#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer_chain.hpp"
#include "base/result.hpp"
#include "io/connection.hpp"
#include "protocols/http/byte_selection.hpp"
#include "protocols/http/http_service.hpp"
#include "protocols/http/outgoing_answer.hpp"
#include "protocols/http/request.hpp"
#include "protocols/http/request_parser.hpp"
#include "protocols/http/response_writer.hpp"
#include "protocols/http/websocket_reader.hpp"

namespace millrace::http {

enum class Taken : bool { kNo, kYes };
enum class AcceptRanges : bool { kNo, kYes };

/// A whole answer from memory. The session adds Content-Length, Connection, Date, Server and the
/// CORS fields, and drops such fields from `fields`.
struct Answer {
  unsigned status = 200;
  std::string_view content_type = {};
  std::span<const Header> fields = {};
  std::shared_ptr<const BufferChain> body = {};  // sent from where it lies; or
  std::string_view text = {};                    // copied, when there is no `body`
  /// With either of these the peer's copy is compared, and may be confirmed with 304.
  std::string_view etag = {};                      // strong, with its quotes
  int64_t modified_unix_s = 0;                     // Last-Modified; 0: none
  AcceptRanges accept_ranges = AcceptRanges::kNo;  // Range is then answered with 206
  KeepAlive keep_alive = KeepAlive::kYes;          // as far as the peer wants it
};

/// How the bytes of a live stream are framed on the wire.
enum class StreamForm : uint8_t {
  kNone,       // HEAD: the answer has been sent, and there is nothing to stream
  kPlain,      // HTTP/1.0: bytes until the connection closes; or framed by what carries it
  kChunked,    // each write is one or more whole chunks
  kWebSocket,  // each write is one or more whole binary messages
};

/// One HTTP connection: reads requests, answers with files, and leaves the rest to its handler.
///
/// Requests are answered one after the other: while an answer is not sent, nothing more is read, so
/// a peer that asks without reading costs one answer and one read buffer. An answer is sent from
/// where it lies (memory that others share, or a file) as the socket takes it.
///
/// On the loop of its connection only. It ends with Handler::on_end, after which the owner destroys
/// it through Loop::dispose.
class HttpSession final : private Connection::Owner {
 public:
  /// Who answers what no file does. Each call may answer, at once or later, or end the session.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Every request but OPTIONS, when its head is there: live mounts, HLS and DASH from memory,
    /// publishing by POST. `request` is valid until the answer has been given.
    /// @return kYes when the handler will call answer(), refuse(), begin_stream() or, for a request
    /// with a body, stream_body(). kNo: a file, and if there is none, on_control_request().
    virtual Taken on_request(const Request& request) = 0;
    /// What neither on_request() nor a file took, with its whole body (limit:
    /// RequestLimits::body_bytes). To be answered with answer() or refuse(). `body` is valid for
    /// the call.
    virtual void on_control_request(const Request& request, Bytes body) = 0;

    /// After stream_body(): the next bytes of the body, and its end, upon which an answer is due.
    virtual void on_body(Bytes bytes) { (void)bytes; }
    virtual void on_body_end() {}

    /// After begin_stream(): the socket takes bytes again.
    virtual void on_writable() {}
    /// After begin_stream(): bytes of the session's own (a WebSocket pong) that are to be sent
    /// between two frames, never inside of one.
    virtual void write_between_frames(Bytes bytes) { (void)bytes; }
    /// What the peer did wrong, for a counted log line; the session answers it by itself.
    virtual void on_fault(Error error) { (void)error; }
    /// The end, once. kNone when all was said, or why the connection was cut. What was said last
    /// may still be on its way: the loop sees to that when the session has been destroyed.
    virtual void on_end(Error reason) = 0;
  };

  HttpSession(HttpService& service, Loop& loop, Fd fd, const Address& peer,
              std::shared_ptr<const TlsContext> tls, Handler& handler);
  /// On a connection that has been started, or a stream of one.
  HttpSession(HttpService& service, Loop& loop, std::unique_ptr<Connection> connection,
              Handler& handler);
  ~HttpSession() override;
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// Begins to read. @return false when the loop cannot watch the connection; on_end does not come
  /// then.
  [[nodiscard]] bool start();

  /// Answers the present request. Nothing happens when none waits for an answer.
  void answer(const Answer& answer);
  /// Answers the present request with the status of `code` and its meaning in plain text.
  void refuse(ErrorCode code) { refuse(error_info(code).http_status); }
  void refuse(unsigned status);
  /// Answers the present request with a redirect.
  void redirect(unsigned status, std::string_view location);

  /// From on_request(), or later when it returned kYes: the body goes to on_body() as it comes,
  /// without limit.
  void stream_body();
  /// In the middle of a body that is streamed: answers with the status of `code`. The rest of the
  /// body is not wanted, so the connection ends behind the answer.
  void refuse_body(ErrorCode code);

  /// Turns the connection into a live stream: sends the head (200, or 101 for a WebSocket) and from
  /// then on leaves writing to the handler, through connection(). The request is forgotten.
  /// @return how to frame; kWebsocketHandshakeInvalid when the peer asked for a WebSocket in a
  /// wrong way, which has then been answered.
  [[nodiscard]] Result<StreamForm> begin_stream(std::string_view content_type);
  /// The stream is over: a WebSocket is told `status`; what is queued is sent, then the connection
  /// closes.
  void end_stream(WebSocketStatus status);

  /// Closes at the next good moment: after the present answer, or at once when there is none.
  void drain();
  /// Closes at once. on_end comes within the call.
  void close(ErrorCode code);

  [[nodiscard]] Connection& connection() { return *connection_; }
  /// The request that waits for an answer.
  [[nodiscard]] const Request& request() const { return parser_.request(); }

 private:
  enum class State : uint8_t {
    kReading,     // between requests, or in a head
    kCollecting,  // a body for the control plane
    kBodyStream,  // a body for the handler
    kAnswering,   // the handler has the request
    kSending,     // an answer is on its way
    kStream,      // live
    kEnded,
  };

  void on_bytes(Bytes bytes) override;
  void on_writable() override;
  void on_closed(Error error) override;

  void read_requests();
  void read_request_step(const RequestEvent& event);
  void on_head();
  void dispatch();
  [[nodiscard]] Taken answer_with_file();
  void answer_fault(Error error);
  void send_answer(KeepAlive keep_alive);
  void write_error(unsigned status, std::span<const Header> fields = {});
  void add_validators(const Validators& validators, const HttpDate& modified);
  void send_some();
  void finish_answer();
  void read_websocket(Bytes bytes);
  void close_websocket(WebSocketStatus status);
  void end_when_sent();
  void end(Error reason);

  void settle();
  void bound_what_is_ahead();
  void on_continue();
  void set_deadline(Time at);
  void on_deadline();

  HttpService& service_;
  Loop& loop_;
  Handler& handler_;
  std::unique_ptr<Connection> connection_;
  RequestParser parser_;
  State state_ = State::kReading;
  bool in_read_requests_ = false;
  bool draining_ = false;
  KeepAlive keep_alive_ = KeepAlive::kNo;  // of the present request
  Cors cors_ = Cors::kNo;                  // of the present request
  std::vector<uint8_t> body_;              // of a request for the control plane
  std::vector<Header> fields_;             // scratch

  OutgoingAnswer outgoing_;

  std::unique_ptr<WebSocketReader> websocket_;

  bool head_begun_ = false;  // the deadline counts from a head's first byte
  Time deadline_;
  Time armed_for_;
  Timer deadline_timer_;
  Timer continue_;  // what took its share of a turn goes on in the next one
};

}  // namespace millrace::http
