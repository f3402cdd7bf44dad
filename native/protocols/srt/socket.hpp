#pragma once

#include <srt/srt.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_reader.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/transport_figures.hpp"
#include "control/value.hpp"
#include "io/address.hpp"

namespace millrace::srt {

/// The directives of `srt_server` that are options of a socket, or those of a call of ours.
struct SocketOptions {
  int64_t maxbw = -1;  // bytes a second
  int mss = 1500;
  int connect_timeout_ms = 3000;
  int peer_idle_timeout_ms = 10'000;
  int receive_latency_ms = 120;
  int peer_latency_ms = 0;
  bool tsbpd = true;
  bool tlpktdrop = true;
  int send_buffer_bytes = 8192 * (1500 - 28);
  int receive_buffer_bytes = 8192 * (1500 - 28);
  int payload_size = 1316;
  std::string passphrase;
  int pbkeylen = 0;
  std::string stream_id;  // of a caller

  static SocketOptions from(const Fields& fields);
};

/// What libsrt has counted for one connection.
struct SocketStatistics {
  TransportFigures transport;          // latency and buffer: of the direction in which media goes
  uint64_t packets_lost = 0;           // as a sender the peer reported them, as a receiver we saw
  uint64_t packets_retransmitted = 0;  // sent again, by us or by the peer
  uint64_t packets_dropped = 0;        // too late, at either end
  uint64_t send_buffer_bytes = 0;      // not acknowledged yet
};

/// A socket of libsrt in live mode, non-blocking. Any thread may call it, as libsrt itself allows.
class Socket {
 public:
  Socket() = default;
  explicit Socket(SRTSOCKET handle) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, SRT_INVALID_SOCK)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  /// A new socket with its options set.
  /// @return kSrtOptionInvalid (detail: the SRT_SOCKOPT).
  static Result<Socket> open(const SocketOptions& options);

  [[nodiscard]] SRTSOCKET get() const { return handle_; }
  explicit operator bool() const { return handle_ != SRT_INVALID_SOCK; }
  void close();

  /// Binds it to a UDP socket of our making, which is libsrt's from then on: so its descriptor is
  /// known, and a port that is taken is an error, where libsrt would share it within the process.
  /// @return the descriptor; kPortInUse, kListenFailed.
  Result<int> bind(const Address& address);
  /// After bind(). @return kListenFailed.
  Status listen();
  /// Begins to connect; the socket becomes writable when it has, or broken.
  /// @return kSrtConnectFailed.
  Status connect(const Address& address);
  [[nodiscard]] Address local_address() const;
  [[nodiscard]] std::string stream_id() const;
  [[nodiscard]] SRT_SOCKSTATUS state() const { return srt_getsockstate(handle_); }
  [[nodiscard]] int reject_reason() const { return srt_getrejectreason(handle_); }

  enum class Sent : uint8_t { kYes, kFull, kBroken };
  Sent send(Bytes payload);
  /// @return bytes of one payload; 0 when there is none now, -1 when the connection is broken.
  int receive(std::span<uint8_t> room);

  enum class Direction : uint8_t { kSending, kReceiving };
  [[nodiscard]] std::optional<SocketStatistics> statistics(Direction direction) const;

 private:
  SRTSOCKET handle_ = SRT_INVALID_SOCK;
};

}  // namespace millrace::srt
