#include "protocols/webrtc/peer.hpp"

#include <algorithm>
#include <cstring>

#include "protocols/webrtc/egress.hpp"
#include "protocols/webrtc/ingest.hpp"
#include "protocols/webrtc/peer_table.hpp"
#include "protocols/webrtc/webrtc_session.hpp"
#include "rtp/packet/rtp_packet.hpp"

namespace millrace::webrtc {

namespace {

constexpr size_t kMaxPaths = 8;
constexpr Duration kWatchInterval = seconds(5);

stun::TransportAddress mapped(const Address& address) {
  const AddressKey key(address);
  return {key.ip, key.is_v6, key.port};
}

// One loop writes each of them.
void add(std::atomic<uint64_t>& counter, uint64_t value) {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

}  // namespace

Peer::Peer(PeerTable& table, SharedRef shared)
    : table_(table),
      shared_(std::move(shared)),
      sender_(table.run(), shared_->bytes_out),
      last_check_(table.loop().now()),
      dtls_timer_([this] { on_dtls_timeout(); }),
      watch_([this] { on_watch(); }) {
  const Description& description = shared_->description;
  if (description.dtls != Description::Dtls::kOff) {
    dtls_ = std::make_unique<dtls::Endpoint>(table_.service().certificate(description.certificate),
                                             description.dtls == Description::Dtls::kActive
                                                 ? dtls::Endpoint::Role::kClient
                                                 : dtls::Endpoint::Role::kServer,
                                             description.fingerprints);
  }
  table_.loop().arm_in(watch_, std::min<Duration>(kWatchInterval, description.session_timeout));
}

Peer::~Peer() = default;

LoopContext& Peer::context() { return table_.context(); }

// ---- ICE
// -------------------------------------------------------------------------------------------

void Peer::on_check(const stun::Message& check, const IceCredentials& ice, const Path& path) {
  if (stopped_) {
    return;
  }
  std::array<uint8_t, stun::kMaxAnswerSize> answer;
  const Description& description = shared_->description;
  if (check.unknown_required != 0 || (check.ice_controlled && description.strict_check)) {
    // RFC 8445 §7.3.1.1: a lite agent is never controlling; whoever is controlled as well must
    // change its role. Peers that never learn it are let in unless the operator says otherwise.
    const uint16_t code = check.unknown_required != 0 ? 420 : 487;
    const size_t size = stun::write_binding_error(check, code, ice.local_pwd, answer);
    (void)path.send(Bytes(answer).first(size));
    return;
  }
  last_check_ = table_.loop().now();
  shared_->checks.fetch_add(1, std::memory_order_relaxed);
  count_in(check.bytes.size());
  const size_t size =
      stun::write_binding_success(check, mapped(path.remote), ice.local_pwd, answer);
  (void)path.send(Bytes(answer).first(size));
  if (path.tcp != nullptr) {
    if (std::find(carriers_.begin(), carriers_.end(), path.tcp) == carriers_.end()) {
      if (carriers_.size() == kMaxPaths) {
        release_oldest_carrier();
      }
      carriers_.push_back(path.tcp);
    }
  } else {
    const AddressKey key(path.remote);
    const auto known =
        std::find_if(addresses_.begin(), addresses_.end(),
                     [&key](const Address& address) { return AddressKey(address) == key; });
    if (known == addresses_.end()) {
      if (addresses_.size() == kMaxPaths) {
        table_.unlearn(addresses_.front(), *this);
        addresses_.erase(addresses_.begin());
      }
      addresses_.push_back(path.remote);
    }
    table_.learn(path.remote, *this);
  }
  if (check.use_candidate || !nominated_) {
    if (!used_path().usable() || (check.use_candidate && !used_path().same(path))) {
      use_path(path);
    }
    nominated_ = nominated_ || check.use_candidate;
  }
}

void Peer::use_path(const Path& path) {
  sender_.set_path(path);
  if (dtls_ == nullptr) {
    if (!connected()) {
      on_connected();
    }
  } else if (dtls_->state() == dtls::Endpoint::State::kWaiting) {
    dtls_->start(table_.loop().now());
    after_dtls();
  }
}

/// Of many connections those that carry nothing go first.
void Peer::release_oldest_carrier() {
  const auto oldest =
      std::find_if(carriers_.begin(), carriers_.end(),
                   [this](const TcpCarrier* carrier) { return carrier != used_path().tcp; });
  TcpCarrier* carrier = *oldest;
  carriers_.erase(oldest);
  carrier->release();
}

void Peer::on_carrier_gone(const TcpCarrier& carrier) {
  std::erase(carriers_, &carrier);
  if (told_path_.tcp == &carrier) {
    told_path_ = {};
  }
  if (used_path().tcp == &carrier) {
    sender_.set_path({});
    nominated_ = false;
    if (!stopped_ && carriers_.empty() && addresses_.empty()) {
      end({ErrorCode::kPeerClosed});
    }
  }
}

void Peer::on_watch() {
  Loop& loop = table_.loop();
  const Description& description = shared_->description;
  if (loop.now() - last_check_ >= description.session_timeout) {
    return end({connected() ? ErrorCode::kWebrtcIceExpired : ErrorCode::kWebrtcDtlsTimeout});
  }
  if (!connected()) {
    tell_trouble(ErrorCode::kNone);
  } else if (description.publishes && (packets_ == 0 || silence_told_)) {
    silence_told_ = packets_ == 0;
    tell_trouble(silence_told_ ? ErrorCode::kWebrtcNoMedia : ErrorCode::kNone);
  }
  sender_.settle_path();
  if (connected() && used_path().usable() && !used_path().same(told_path_)) {
    tell_connected();
  }
  loop.arm(watch_,
           std::min(loop.now() + kWatchInterval, last_check_ + description.session_timeout));
}

void Peer::tell_trouble(ErrorCode code) {
  std::string_view state = "off";
  if (dtls_ != nullptr) {
    switch (dtls_->state()) {
      case dtls::Endpoint::State::kWaiting:
        state = "waiting";
        break;
      case dtls::Endpoint::State::kHandshaking:
        state = "handshaking";
        break;
      case dtls::Endpoint::State::kFailed:
        state = "failed";
        break;
      case dtls::Endpoint::State::kConnected:
      case dtls::Endpoint::State::kClosed:
        state = "connected";
        break;
    }
  }
  context().events.send(
      {{"type", "webrtc_trouble"},
       {"session", shared_->id},
       {"checks", shared_->checks.load(std::memory_order_relaxed)},
       {"bad_integrity", shared_->bad_integrity.load(std::memory_order_relaxed)},
       {"from", used_path().usable() ? text_of(used_path().remote) : std::string()},
       {"dtls", state},
       {"packets", packets_},
       {"undecryptable", undecryptable_},
       {"code", error_info(code).name}});
}

// ---- packets in
// ------------------------------------------------------------------------------------

void Peer::count_in(size_t bytes) { add(shared_->bytes_in, bytes); }

void Peer::on_packet(std::span<uint8_t> bytes) {
  if (stopped_ || bytes.empty()) {
    return;
  }
  count_in(bytes.size());
  if (dtls::looks_like_dtls(bytes)) {
    return on_dtls(bytes);
  }
  if (!rtp::looks_like_rtp(bytes) || !connected()) {
    return;  // RFC 7983: TURN channels, ZRTP; or media before its keys
  }
  const bool rtcp = rtp::is_rtcp(bytes);
  if (receiver_ != nullptr) {
    const auto size = rtcp ? receiver_->unprotect_rtcp(bytes) : receiver_->unprotect_rtp(bytes);
    if (!size.ok()) {
      // Duplicates are the network's daily business.
      if (size.error().code != ErrorCode::kSrtpReplayed) {
        ++undecryptable_;
        context().troubles.note("webrtc", size.error(), shared_->id);
      }
      return;
    }
    bytes = bytes.first(*size);
  }
  if (rtcp) {
    media_->on_rtcp(bytes);
  } else {
    ++packets_;
    media_->on_rtp(bytes);
  }
}

// ---- DTLS
// ------------------------------------------------------------------------------------------

void Peer::on_dtls(Bytes bytes) {
  if (dtls_ != nullptr) {
    dtls_->receive(bytes, table_.loop().now());
    after_dtls();
  }
}

void Peer::on_dtls_timeout() {
  dtls_->on_timeout(table_.loop().now());
  after_dtls();
}

void Peer::after_dtls() {
  send_dtls();
  if (const auto deadline = dtls_->deadline()) {
    table_.loop().arm(dtls_timer_, *deadline);
  } else {
    dtls_timer_.disarm();
  }
  switch (dtls_->state()) {
    case dtls::Endpoint::State::kConnected:
      if (!connected()) {
        on_connected();
      }
      break;
    case dtls::Endpoint::State::kFailed:
      end(dtls_->error());
      break;
    case dtls::Endpoint::State::kClosed:
      end({ErrorCode::kPeerClosed});
      break;
    case dtls::Endpoint::State::kWaiting:
    case dtls::Endpoint::State::kHandshaking:
      break;
  }
}

void Peer::on_connected() {
  const Description& description = shared_->description;
  if (dtls_ != nullptr) {
    const auto& keys = *dtls_->srtp_keys();
    receiver_ = std::make_unique<srtp::Receiver>(keys.profile, keys.receive);
    if (description.encrypt) {
      sender_.set_keys(keys.profile, keys.send);
    }
  }
  if (description.publishes) {
    media_ = std::make_unique<Ingest>(*this);
  } else {
    media_ = std::make_unique<Egress>(*this);
  }
  at_home(*shared_, [](WebrtcSession& home) { home.on_connected(); });
  tell_connected();
  if (const Status started = media_->start(); !started.ok()) {
    end(started.error());
  }
}

/// How the peer is connected, when it is, and again when it has come to another path.
void Peer::tell_connected() {
  told_path_ = used_path();
  std::string_view profile;
  std::string_view version;
  if (dtls_ != nullptr) {
    profile = srtp::profile_name(dtls_->srtp_keys()->profile);
    version = dtls_->version();
  }
  context().events.send({{"type", "webrtc_connected"},
                         {"session", shared_->id},
                         {"candidate", text_of(used_path().remote)},
                         {"protocol", used_path().tcp != nullptr ? "tcp" : "udp"},
                         {"dtls_version", version},
                         {"srtp_profile", profile}});
}

// ---- packets out
// -----------------------------------------------------------------------------------

void Peer::send_dtls() {
  for (Bytes out = dtls_->poll_output(); !out.empty(); out = dtls_->poll_output()) {
    sender_.send(out, out.size());
  }
  sender_.count();
}

// ---- the end
// ---------------------------------------------------------------------------------------

void Peer::end(Error error) {
  if (!stopped_) {
    table_.drop(shared_->id, error);
  }
}

void Peer::stop(Error error) {
  if (stopped_) {
    return;
  }
  if (!connected()) {
    tell_trouble(error.code);
  }
  if (media_ != nullptr) {
    media_->stop();
  }
  if (dtls_ != nullptr) {
    dtls_->close();
    send_dtls();
  }
  stopped_ = true;
  dtls_timer_.disarm();
  watch_.disarm();
  for (const Address& address : addresses_) {
    table_.unlearn(address, *this);
  }
  for (TcpCarrier* carrier : std::exchange(carriers_, {})) {
    carrier->release();
  }
  sender_.set_path({});
  told_path_ = {};
}

}  // namespace millrace::webrtc
