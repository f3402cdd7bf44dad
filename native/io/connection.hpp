#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"
#include "io/loop.hpp"
#include "io/tls.hpp"

namespace millrace {

class Connection;

/// What carries the bytes of a connection that has no socket of its own: a stream among others of
/// one socket, as in HTTP/2. Owned by the connection; its destruction, without finish(), breaks the
/// stream off. It brings what the peer does by Connection::carried_bytes(), carried_writable() and
/// carried_end(), never from within one of these calls.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// @return bytes taken. After less than all, carried_writable() follows.
  virtual size_t send(std::span<const iovec> pieces) = 0;
  /// All is said; what was taken still goes out.
  virtual void finish() = 0;
  /// Brings what was held back while reading was paused.
  virtual void read_on() = 0;
};

/// One TCP peer on one loop, plain or TLS, edge-triggered; or one stream of such a peer, by a
/// Carrier.
///
/// Reading: bytes go to the owner as they come, from the loop's scratch buffer (valid for the
/// call). Writing has two ways. `write()` takes copies and keeps what the socket does not take at
/// once: for answers and headers; bounded by `kMaxQueuedBytes`, beyond which the peer is closed.
/// `try_write()` sends straight from shared memory and keeps nothing: for media; the caller holds a
/// cursor and comes again in `on_writable()`. Queued bytes go first; `try_write()` returns 0 while
/// there are any.
class Connection final : public Pollable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// More bytes from the peer. May call write(), close() and the like on the connection.
    virtual void on_bytes(Bytes bytes) = 0;
    /// The socket takes bytes again after it did not, and all queued bytes are sent.
    virtual void on_writable() {}
    /// The end, once, in any case that was not close() by the owner: kPeerClosed, kIoError (detail:
    /// errno), kTlsHandshakeFailed, kSlowReader (queue bound). The descriptor is closed already.
    /// Destroy the connection through Loop::dispose, never from within one of these calls.
    virtual void on_closed(Error error) = 0;
  };

  /// Longest queue of unsent copies. Answers are small; a peer that lets so much pile up does not
  /// read.
  static constexpr size_t kMaxQueuedBytes = size_t{4} << 20;

  /// The longest TLS record, RFC 8446 §5.1: a write that must be repeated reaches no further ahead.
  static constexpr size_t kTlsRecordBytes = size_t{16} << 10;

  /// Takes over a connected, non-blocking socket. `tls` may be null.
  Connection(Loop& loop, Fd fd, const Address& peer, std::shared_ptr<const TlsContext> tls,
             Owner& owner);
  /// Without an owner: set_owner() comes before start().
  Connection(Loop& loop, Fd fd, const Address& peer, std::shared_ptr<const TlsContext> tls);
  /// A stream, without an owner as well.
  Connection(Loop& loop, std::unique_ptr<Carrier> carrier, const Address& peer);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Starts watching. @return false when the loop cannot (the connection is then closed). Nothing
  /// happens to one that another owner has started.
  [[nodiscard]] bool start();
  /// Hands a connection on that has been started.
  void set_owner(Owner& owner) { owner_ = &owner; }
  /// After the handshake: what was agreed on by ALPN; empty when nothing was.
  [[nodiscard]] std::string_view application_protocol() const;

  /// Queues a copy and sends what goes at once. Closes the peer when the queue is over its bound.
  void write(Bytes bytes);
  void write(std::string_view text) {
    write(Bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  /// Sends from shared memory. @return bytes taken, 0 when the socket or the queue is not ready.
  /// After a short count `on_writable()` comes. On a broken connection 0, and `on_closed` in this
  /// turn's end.
  size_t try_write(std::span<const iovec> pieces);
  /// Sends `size` bytes of a file; as try_write. With TLS through a small buffer.
  size_t try_send_file(int file, off_t& offset, size_t size);

  /// A TLS record made from a try_write is still partly unsent: the same bytes must be offered
  /// again, in a first piece that ends no earlier.
  [[nodiscard]] bool must_repeat_write() const { return repeat_write_; }
  /// The socket did not take all that it was given; on_writable() will come.
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] size_t queued_bytes() const { return queue_.size() - queue_sent_; }
  [[nodiscard]] bool closed() const { return !fd_ && carrier_ == nullptr; }

  /// Stops or resumes reading; for back-pressure on peers that ask more than they take.
  void pause_reading();
  void resume_reading();
  /// Closes now; what is queued is lost. `on_closed` is not called.
  void close();
  /// Closes after the queue is sent, half-closing first so that the peer reads to the end; at most
  /// `limit` later. `on_closed` is not called. No more bytes reach the owner.
  void close_when_sent(Duration limit = seconds(5));

  /// Lets a connection go that its owner has done with: destroyed at the end of the turn, or when
  /// it has closed itself after close_when_sent().
  static void linger(std::unique_ptr<Connection> connection);

  void set_no_delay(bool on);
  [[nodiscard]] const Address& peer() const { return peer_; }
  [[nodiscard]] Loop& loop() { return loop_; }
  /// Streams are of TLS connections alone.
  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr || carrier_ != nullptr; }
  /// A stream of a carrier, which frames what is written: its end needs no other sign.
  [[nodiscard]] bool is_carried() const { return carrier_ != nullptr; }
  [[nodiscard]] uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] uint64_t bytes_out() const { return bytes_out_; }
  /// When the peer last sent something; when it last took something, or fell behind.
  [[nodiscard]] Time last_read() const { return last_read_; }
  [[nodiscard]] Time last_write() const { return last_write_; }

  void on_ready(uint32_t events) override;

  /// Bytes of the peer for the owner: from a carrier, or those that came before the owner changed.
  /// @return false while reading is paused: nothing was taken then.
  bool carried_bytes(Bytes bytes);
  void carried_writable();
  void carried_end(Error reason) { closing_ ? close() : fail(reason); }

 private:
  void take_writable();
  void read_some();
  bool handshake();
  void flush_queue();
  void note_blocked();
  ssize_t send_bytes(Bytes bytes);
  ssize_t tls_result(int result);
  void fail(Error error);
  void release_descriptor();

  Loop& loop_;
  Owner* owner_;
  Fd fd_;
  std::unique_ptr<Carrier> carrier_;
  TlsContext::Session ssl_;
  std::shared_ptr<const TlsContext> tls_;
  Address peer_;
  std::vector<uint8_t> queue_;
  size_t queue_sent_ = 0;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  Time last_read_;
  Time last_write_;
  Timer retry_;  // reads that were cut short for fairness, failures found while writing, closing
                 // limit
  Error failure_{ErrorCode::kNone};
  bool handshaking_ = false;
  bool blocked_ = false;  // the socket did not take all
  bool repeat_write_ = false;
  bool reading_paused_ = false;
  bool unread_ = false;   // bytes may wait in the socket although no edge will come
  bool hung_up_ = false;  // the peer has ended its side
  bool closing_ = false;
  bool failed_ = false;
  bool lingering_ = false;
};

}  // namespace millrace
