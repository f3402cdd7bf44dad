#include "rtp/dtls/endpoint.hpp"

#include <openssl/err.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace millrace::dtls {

namespace {

// A handshake with the largest certificates and every flight lost a few times stays below.
constexpr size_t kMaxHandshakeBytes = size_t{1} << 20;
// Records of the next epoch that come while the handshake goes on. OpenSSL keeps a hundred of them
// for later, each in a buffer of 17 KB; a peer has one to send, its Finished, and repeats that.
constexpr size_t kMaxEarlyRecords = 24;
// The peer is near, by ICE's own checks, and a lost flight must not cost a second (RFC 6347's
// initial value). Doubled each time.
constexpr unsigned kFirstTimeoutUs = 50'000;
constexpr unsigned kLongestTimeoutUs = 1'000'000;
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 §4.2

unsigned next_timeout(SSL* /*ssl*/, unsigned last_us) {
  return last_us == 0 ? kFirstTimeoutUs : std::min(last_us * 2, kLongestTimeoutUs);
}

}  // namespace

Endpoint::Endpoint(const Certificate& certificate, Role role, std::vector<Fingerprint> remote)
    : role_(role), remote_(std::move(remote)), ssl_(SSL_new(certificate.context())) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || in == nullptr || out == nullptr) {
    std::abort();  // no memory
  }
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(ssl_.get(), in, out);
  SSL_set_mtu(ssl_.get(), kMtu);
  DTLS_set_timer_cb(ssl_.get(), next_timeout);
  if (role == Role::kClient) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

void Endpoint::start(Time now) {
  if (role_ == Role::kClient && state_ == State::kWaiting) {
    state_ = State::kHandshaking;
    advance(now);
  }
}

void Endpoint::receive(Bytes datagram, Time now) {
  if (state_ == State::kFailed || state_ == State::kClosed || datagram.empty()) {
    return;
  }
  if (association_) {
    association_->receive(datagram, output_);
    state_ = association_->closed_by_peer() ? State::kClosed : state_;
    return;
  }
  if (state_ == State::kWaiting) {
    state_ = State::kHandshaking;
  }
  if (state_ == State::kHandshaking) {
    datagram = without_early_records(datagram);
    handshake_bytes_ += datagram.size();
    if (handshake_bytes_ > kMaxHandshakeBytes) {
      return fail({ErrorCode::kWebrtcDtlsFailed, static_cast<uint32_t>(handshake_bytes_)});
    }
  }
  BIO* in = SSL_get_rbio(ssl_.get());
  // A datagram stands by itself: what OpenSSL left of the one before is not the start of this one.
  (void)BIO_reset(in);
  BIO_write(in, datagram.data(), static_cast<int>(datagram.size()));
  advance(now);
}

/// What of a datagram is to be looked at: all of it, until there were too many early records.
Bytes Endpoint::without_early_records(Bytes datagram) {
  size_t at = 0;
  while (datagram.size() - at >= kRecordHeaderSize) {
    // RFC 6347 §4.1: type, version, epoch, sequence number, length.
    const Bytes record = datagram.subspan(at);
    const bool is_early = record[1] == 254 && record[3] == 0 && record[4] == 1;
    if (is_early && ++early_records_ > kMaxEarlyRecords) {
      return datagram.first(at);
    }
    const size_t size = kRecordHeaderSize + (size_t{record[11]} << 8 | record[12]);
    at += std::min(size, record.size());
  }
  return datagram;
}

void Endpoint::on_timeout(Time now) {
  if (state_ != State::kHandshaking) {
    deadline_ = std::nullopt;
    return;
  }
  ERR_clear_error();
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) {
    return fail({ErrorCode::kWebrtcDtlsTimeout});
  }
  collect_output();
  update_deadline(now);
}

void Endpoint::advance(Time now) {
  ERR_clear_error();
  if (state_ == State::kHandshaking) {
    const int result = SSL_do_handshake(ssl_.get());
    const int why = SSL_get_error(ssl_.get(), result);
    if (result == 1) {
      finish_handshake();
    } else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      fail({ErrorCode::kWebrtcDtlsFailed, static_cast<uint32_t>(ERR_GET_REASON(ERR_peek_error()))});
    }
  }
  if (state_ == State::kConnected) {
    read_records();
  }
  collect_output();
  update_deadline(now);
  ERR_clear_error();
  if (state_ == State::kConnected) {
    give_up_openssl();
  }
}

/// Flights that the peer repeats, alerts. Application data (data channels) is not negotiated.
void Endpoint::read_records() {
  std::array<uint8_t, 2048> ignored;
  int result = 0;
  while ((result = SSL_read(ssl_.get(), ignored.data(), static_cast<int>(ignored.size()))) > 0) {
  }
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_ZERO_RETURN || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN)) {
    state_ = State::kClosed;
  }
}

/// At once, so that the next handshake takes the same memory: of objects that go some time after
/// a burst of handshakes the holes are left.
void Endpoint::give_up_openssl() {
  std::vector<Fingerprint>().swap(remote_);
  if (const auto keys = RecordKeys::of(*ssl_)) {
    association_.emplace(
        *keys, sent_,
        role_ == Role::kServer ? Association::Flight::kOurs : Association::Flight::kOfThePeer);
    ssl_ = nullptr;
  }
}

void Endpoint::finish_handshake() {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(ssl_.get()), &X509_free);
  if (certificate == nullptr ||
      std::none_of(remote_.begin(), remote_.end(), [&certificate](const Fingerprint& fingerprint) {
        return fits(fingerprint, *certificate);
      })) {
    return fail({ErrorCode::kWebrtcFingerprintMismatch});
  }
  const SRTP_PROTECTION_PROFILE* chosen = SSL_get_selected_srtp_profile(ssl_.get());
  const auto profile =
      chosen != nullptr ? srtp::profile_from(static_cast<uint16_t>(chosen->id)) : std::nullopt;
  if (!profile) {
    return fail({ErrorCode::kWebrtcSrtpProfileMissing});
  }
  const auto sizes = srtp::sizes_of(*profile);
  std::array<uint8_t, 2 * (32 + 14)> material{};
  if (SSL_export_keying_material(ssl_.get(), material.data(), 2 * (sizes.key + sizes.salt),
                                 kExporterLabel.data(), kExporterLabel.size(), nullptr, 0,
                                 0) != 1) {
    return fail({ErrorCode::kWebrtcDtlsFailed});
  }
  // RFC 5764 §4.2: the client's key, the server's, the client's salt, the server's.
  srtp::MasterKey client;
  srtp::MasterKey server;
  const uint8_t* at = material.data();
  for (auto* to : {client.key.data(), server.key.data()}) {
    std::copy_n(at, sizes.key, to);
    at += sizes.key;
  }
  for (auto* to : {client.salt.data(), server.salt.data()}) {
    std::copy_n(at, sizes.salt, to);
    at += sizes.salt;
  }
  OPENSSL_cleanse(material.data(), material.size());
  const bool is_client = role_ == Role::kClient;
  version_ = SSL_get_version(ssl_.get());
  keys_ = SrtpKeys{*profile, is_client ? client : server, is_client ? server : client};
  state_ = State::kConnected;
}

void Endpoint::close() {
  if (state_ == State::kConnected) {
    state_ = State::kClosed;
    if (association_) {
      association_->close(output_);
    } else {
      ERR_clear_error();
      (void)SSL_shutdown(ssl_.get());
      collect_output();
      ERR_clear_error();
    }
  }
  deadline_ = std::nullopt;
}

void Endpoint::collect_output() {
  BIO* out = SSL_get_wbio(ssl_.get());
  const size_t waiting = BIO_ctrl_pending(out);
  if (waiting == 0) {
    return;
  }
  const size_t at = output_.size();
  output_.resize(at + waiting);
  const int size = BIO_read(out, output_.data() + at, static_cast<int>(waiting));
  output_.resize(at + static_cast<size_t>(std::max(size, 0)));
  sent_.note(Bytes(output_).subspan(at));
}

/// Cuts at the boundaries of records, which a memory BIO does not keep apart as datagrams.
Bytes Endpoint::poll_output() {
  const Bytes left = Bytes(output_).subspan(output_sent_);
  size_t size = 0;
  while (left.size() - size >= kRecordHeaderSize) {
    const size_t record =
        kRecordHeaderSize + (static_cast<size_t>(left[size + 11]) << 8 | left[size + 12]);
    if (record > left.size() - size || (size != 0 && size + record > kMtu)) {
      break;
    }
    size += record;
  }
  if (size == 0) {
    std::vector<uint8_t>().swap(output_);  // the flights of a handshake leave nothing behind
    output_sent_ = 0;
    return {};
  }
  output_sent_ += size;
  return left.first(size);
}

void Endpoint::update_deadline(Time now) {
  timeval left{};
  if (state_ == State::kHandshaking && DTLSv1_get_timeout(ssl_.get(), &left) == 1) {
    // Not at once: OpenSSL rounds down what is below its clock's grain.
    deadline_ = now + std::max<Duration>(seconds(left.tv_sec) + microseconds(left.tv_usec),
                                         milliseconds(1));
  } else {
    deadline_ = std::nullopt;
  }
}

void Endpoint::fail(Error error) {
  state_ = State::kFailed;
  error_ = error;
  deadline_ = std::nullopt;
  collect_output();  // the alert
}

}  // namespace millrace::dtls
