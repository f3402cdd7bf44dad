#include "protocols/webrtc/tcp_session.hpp"

#include <algorithm>

#include "protocols/webrtc/peer.hpp"

namespace millrace::webrtc {

namespace {

constexpr size_t kLengthSize = 2;
// What UDP could carry: nobody sends larger RTP, and DTLS is cut for it.
constexpr size_t kMaxPacket = 1500;
// A second or two of video. What does not fit is lost, as it would be on a full UDP path, and the
// player asks for a key frame.
constexpr size_t kMaxUnsent = size_t{512} << 10;

}  // namespace

TcpSession::TcpSession(LoopContext& context, Accepted accepted)
    : UntoldSession(context, "webrtc"),
      table_(peer_table(context)),
      connection_(std::make_unique<Connection>(context.loop, std::move(accepted.fd), accepted.peer,
                                               std::move(accepted.tls),
                                               static_cast<Connection::Owner&>(*this))),
      deadline_([this] {
        if (peer_ == nullptr) {
          this->context().troubles.note("webrtc", {ErrorCode::kTimedOut});
          connection_->close();
          end({ErrorCode::kTimedOut});
        }
      }) {
  packet_.reserve(kLengthSize + kMaxPacket);
}

TcpSession::~TcpSession() = default;

void TcpSession::start() {
  context().loop.arm_in(deadline_, context().limits.handshake_timeout);
  connection_->set_no_delay(true);
  if (!connection_->start()) {
    end({ErrorCode::kOutOfDescriptors});
  }
}

void TcpSession::on_bytes(Bytes bytes) {
  while (!bytes.empty() && !finished()) {
    const size_t wanted =
        packet_.size() < kLengthSize
            ? kLengthSize - packet_.size()
            : kLengthSize + (size_t{packet_[0]} << 8 | packet_[1]) - packet_.size();
    const Bytes part = bytes.first(std::min(wanted, bytes.size()));
    packet_.insert(packet_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (packet_.size() < kLengthSize) {
      continue;
    }
    const size_t size = size_t{packet_[0]} << 8 | packet_[1];
    if (size == 0 || size > kMaxPacket) {
      context().troubles.note("webrtc", {ErrorCode::kTooLarge, static_cast<uint32_t>(size)});
      connection_->close();
      return end({ErrorCode::kTooLarge, static_cast<uint32_t>(size)});
    }
    if (packet_.size() == kLengthSize + size) {
      on_packet(std::span(packet_).subspan(kLengthSize));
      packet_.clear();
    }
  }
}

void TcpSession::on_packet(std::span<uint8_t> packet) {
  if (stun::looks_like_stun(packet)) {
    Peer* peer = table_.on_tcp_check(
        packet, {nullptr, {}, static_cast<TcpCarrier*>(this), connection_->peer()});
    if (peer_ == nullptr && peer != nullptr && !finished()) {
      peer_ = peer;
      deadline_.disarm();
    }
  } else if (peer_ != nullptr) {
    return peer_->on_packet(packet);
  }
  if (peer_ == nullptr && !finished()) {
    connection_->close();
    end({ErrorCode::kStunUnknownUser});
  }
}

bool TcpSession::send(Bytes packet) {
  if (finished() || packet.size() > kMaxPacket || connection_->queued_bytes() > kMaxUnsent) {
    return false;
  }
  std::array<uint8_t, kLengthSize + kMaxPacket> framed;
  framed[0] = static_cast<uint8_t>(packet.size() >> 8);
  framed[1] = static_cast<uint8_t>(packet.size());
  std::copy(packet.begin(), packet.end(), framed.begin() + kLengthSize);
  connection_->write(Bytes(framed).first(kLengthSize + packet.size()));
  return true;
}

void TcpSession::release() {
  peer_ = nullptr;
  if (!finished()) {
    connection_->close_when_sent();
    end({ErrorCode::kNone});
  }
}

void TcpSession::on_closed(Error error) { end(error); }

void TcpSession::close(ErrorCode code) {
  if (!finished()) {
    connection_->close();
    end({code});
  }
}

void TcpSession::end(Error error) {
  if (finished()) {
    return;
  }
  deadline_.disarm();
  const uint64_t in = connection_->bytes_in();
  const uint64_t out = connection_->bytes_out();
  Connection::linger(std::move(connection_));
  finish(error, in, out, 0, Tell::kNo);
  if (Peer* peer = std::exchange(peer_, nullptr)) {
    peer->on_carrier_gone(*this);
  }
}

}  // namespace millrace::webrtc
