#include "protocols/webrtc/packet_sender.hpp"

#include <cstring>
#include <utility>

namespace millrace::webrtc {

void PacketSender::send(Bytes bytes, size_t segment) {
  if (path_.send(bytes, segment)) {
    uncounted_bytes_ += bytes.size();
  }
}

void PacketSender::send_rtcp(Bytes compound) {
  std::array<uint8_t, 1500> room;
  if (!path_.usable() || compound.size() + srtp::kMaxOverhead > room.size()) {
    return;
  }
  std::memcpy(room.data(), compound.data(), compound.size());
  const size_t size = srtp_ ? srtp_->protect_rtcp(room, compound.size()) : compound.size();
  send(Bytes(room).first(size), size);
  count();
}

void PacketSender::add_rtp(Bytes header, Bytes payload, uint32_t ssrc, uint64_t index) {
  const size_t size = header.size() + payload.size() + (srtp_ ? srtp_->rtp_overhead() : 0);
  if (run_.packets != 0 &&
      (run_.ended || size > run_.segment_bytes || run_.packets == UdpSocket::kMaxSegments ||
       run_.bytes + size > UdpSocket::kMaxSendBytes)) {
    flush();
  }
  const auto room = std::span(run_.room).subspan(run_.bytes);
  std::memcpy(room.data(), header.data(), header.size());
  if (srtp_) {
    (void)srtp_->protect_rtp_payload(room, header.size(), payload, ssrc, index);
  } else if (!payload.empty()) {
    std::memcpy(room.data() + header.size(), payload.data(), payload.size());
  }
  if (run_.packets == 0) {
    run_.segment_bytes = size;
  }
  run_.ended = size < run_.segment_bytes;
  run_.bytes += size;
  ++run_.packets;
}

void PacketSender::flush() {
  if (run_.packets != 0) {
    send(Bytes(run_.room).first(run_.bytes), run_.segment_bytes);
    run_.bytes = 0;
    run_.packets = 0;
    run_.ended = false;
  }
}

void PacketSender::count() {
  bytes_out_.store(bytes_out_.load(std::memory_order_relaxed) + std::exchange(uncounted_bytes_, 0),
                   std::memory_order_relaxed);
}

}  // namespace millrace::webrtc
