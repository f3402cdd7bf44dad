#include "protocols/webrtc/webrtc_session.hpp"

#include <algorithm>

#include "control/module_states.hpp"
#include "control/session_counters.hpp"
#include "protocols/webrtc/peer_table.hpp"

namespace millrace::webrtc {

namespace {

// While a peer that was admitted does not connect, an operator is told why so often.
constexpr Duration kTroubleInterval = seconds(5);

/// 0 stands for what is not known yet.
std::optional<double> known(uint64_t value, double unit) {
  return value != 0 ? std::optional(static_cast<double>(value) / unit) : std::nullopt;
}

}  // namespace

WebrtcSession::WebrtcSession(LoopContext& context, const Fields& options)
    : Session(context, "webrtc", options.text("cid")),
      service_(context.modules.get<Service>()),
      shared_(std::make_shared<Shared>()),
      deadline_([this] { on_deadline(); }) {
  shared_->home = &context;
  shared_->description = Description::from(options);
}

WebrtcSession::~WebrtcSession() = default;

void WebrtcSession::start() {
  shared_->id = id();
  const Description& description = shared_->description;
  Fields opened{
      {"type", "session_opened"}, {"protocol", protocol()}, {"ip", description.ip}, {"port", 0},
      {"local_port", 0},          {"tls", false},           {"cid", cid()}};
  // First: whoever hears of the session may check at once, and over TCP only once.
  service_.announce(shared_);
  tell(std::move(opened));
  give_up_at_ = context().loop.now() + description.connect_timeout;
  context().loop.arm(deadline_, std::min(give_up_at_, context().loop.now() + kTroubleInterval));
}

void WebrtcSession::on_command(const Fields& command) {
  if (command.find("layer") != nullptr) {
    return shared_->want_layer(command.text("layer"));
  }
  const IceCredentials ice = IceCredentials::from(command);
  if (!closing_ && !ice.local_ufrag.empty() && !ice.local_pwd.empty()) {
    service_.restart(id(), ice);
  }
}

void WebrtcSession::on_connected() {
  connected_ = true;
  deadline_.disarm();
}

void WebrtcSession::on_deadline() {
  const Time now = context().loop.now();
  if (now < give_up_at_) {
    tell_trouble(ErrorCode::kNone);
    context().loop.arm(deadline_, std::min(give_up_at_, now + kTroubleInterval));
    return;
  }
  close(shared_->checks.load(std::memory_order_relaxed) == 0 ? ErrorCode::kWebrtcIceTimeout
                                                             : ErrorCode::kWebrtcDtlsTimeout);
}

/// What is known while the peer's loop has nothing to say: whether anybody came at all.
void WebrtcSession::tell_trouble(ErrorCode code) {
  if (shared_->checks.load(std::memory_order_relaxed) == 0) {
    tell({{"type", "webrtc_trouble"},
          {"checks", 0},
          {"bad_integrity", shared_->bad_integrity.load(std::memory_order_relaxed)},
          {"from", shared_->last_bad_integrity()},
          {"packets", 0},
          {"undecryptable", 0},
          {"dtls", shared_->description.dtls == Description::Dtls::kOff ? "off" : "waiting"},
          {"code", error_info(code).name}});
  }
}

void WebrtcSession::close(ErrorCode code) {
  if (closing_ || finished()) {
    return;
  }
  closing_ = true;
  deadline_.disarm();
  if (!connected_ && code == ErrorCode::kWebrtcIceTimeout) {
    tell_trouble(code);
  }
  // The name is free for the next publisher only when this one's loop has let go of it.
  if (PeerTable* table = service_.forget(id())) {
    table->loop().post([table, session = id(), code] { table->drop(session, {code}); });
  } else {
    on_peer_ended({code});
  }
}

void WebrtcSession::count(SessionCounters& counters) const {
  counters.bytes_in = shared_->bytes_in.load(std::memory_order_relaxed);
  counters.bytes_out = shared_->bytes_out.load(std::memory_order_relaxed);
  counters.video_frames = shared_->video_frames.load(std::memory_order_relaxed);
  counters.audio_frames = shared_->audio_frames.load(std::memory_order_relaxed);
  const RtpCounters& rtp = shared_->rtp;
  const auto load = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  const bool publishes = shared_->description.publishes;
  counters.packets_lost = load(rtp.lost);
  counters.packets_resent =
      publishes ? load(rtp.retransmissions_in) : load(rtp.retransmissions_out);
  TransportFigures& figures = counters.transport.emplace();
  figures.rtt_ms = known(load(rtp.rtt_us), 1000);
  figures.jitter_ms = known(load(rtp.jitter_us), 1000);
  figures.packets_in = load(rtp.packets_in);
  figures.packets_out = load(rtp.packets_out);
  figures.bandwidth_bps = known(load(rtp.estimate_bps), 1);
  if (publishes) {
    figures.packets_recovered = static_cast<double>(load(rtp.recovered));
  }
  figures.nacks = static_cast<double>(load(publishes ? rtp.nacks_out : rtp.nacks_in));
  figures.key_frame_requests = static_cast<double>(load(publishes ? rtp.plis_out : rtp.plis_in));
}

void WebrtcSession::on_peer_ended(Error error) {
  if (finished()) {
    return;
  }
  closing_ = true;
  deadline_.disarm();
  (void)service_.forget(id());
  finish(error, shared_->bytes_in.load(std::memory_order_relaxed),
         shared_->bytes_out.load(std::memory_order_relaxed),
         shared_->skips.load(std::memory_order_relaxed));
}

}  // namespace millrace::webrtc
