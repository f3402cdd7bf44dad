#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "rtp/dtls/association.hpp"
#include "rtp/dtls/certificate.hpp"
#include "rtp/srtp/session_keys.hpp"

namespace millrace::dtls {

/// Could the bytes be DTLS, by the first byte? RFC 7983 §7.
[[nodiscard]] constexpr bool looks_like_dtls(Bytes bytes) {
  return bytes.size() >= 13 && bytes[0] >= 20 && bytes[0] <= 63;
}

/// Longest datagram that is sent: the smallest IPv6 MTU without headers of IPv6, UDP and tunnels.
constexpr size_t kMtu = 1200;

/// One end of a DTLS 1.2 association for SRTP. Has no socket and no timer: datagrams go in, and
/// after each call those to be sent are taken with poll_output(), and deadline() is armed.
/// Source: RFC 6347 (DTLS 1.2), RFC 5764 (SRTP), RFC 8122 (fingerprints).
class Endpoint {
 public:
  enum class Role : uint8_t { kClient, kServer };  // a=setup:active is the client
  enum class State : uint8_t { kWaiting, kHandshaking, kConnected, kClosed, kFailed };

  /// @param certificate  must outlive the endpoint.
  Endpoint(const Certificate& certificate, Role role, std::vector<Fingerprint> remote);

  /// A client sends its first flight.
  void start(Time now);
  /// One datagram of the peer. Whatever else it holds, a broken one costs nothing but itself.
  void receive(Bytes datagram, Time now);
  /// To be called at the deadline: sends the flight again.
  void on_timeout(Time now);
  /// Says close_notify.
  void close();

  /// The next datagram to be sent, at most kMtu bytes where records allow; borrowed until the next
  /// call. Empty: no more.
  [[nodiscard]] Bytes poll_output();
  /// When on_timeout() is to be called; nullopt while nothing is waited for.
  [[nodiscard]] std::optional<Time> deadline() const { return deadline_; }

  [[nodiscard]] State state() const { return state_; }
  /// e.g. `DTLSv1.2`, once connected.
  [[nodiscard]] std::string_view version() const { return version_; }
  /// Why it failed: kWebrtcDtlsFailed, kWebrtcDtlsTimeout, kWebrtcFingerprintMismatch,
  /// kWebrtcSrtpProfileMissing.
  [[nodiscard]] Error error() const { return error_; }

  /// Once connected.
  struct SrtpKeys {
    srtp::Profile profile;
    srtp::MasterKey send;
    srtp::MasterKey receive;
  };
  [[nodiscard]] const std::optional<SrtpKeys>& srtp_keys() const { return keys_; }

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  [[nodiscard]] Bytes without_early_records(Bytes datagram);
  void advance(Time now);
  void finish_handshake();
  void give_up_openssl();
  void read_records();
  void collect_output();
  void update_deadline(Time now);
  void fail(Error error);

  const Role role_;
  std::vector<Fingerprint> remote_;         // until the peer has shown its certificate
  std::unique_ptr<SSL, SslDeleter> ssl_;    // of the handshake
  std::optional<Association> association_;  // after it
  std::string_view version_;
  State state_ = State::kWaiting;
  Error error_{ErrorCode::kNone};
  std::optional<SrtpKeys> keys_;
  std::optional<Time> deadline_;
  size_t handshake_bytes_ = 0;
  size_t early_records_ = 0;
  SentRecords sent_;
  std::vector<uint8_t> output_;  // records, glued together
  size_t output_sent_ = 0;
};

}  // namespace millrace::dtls
