#pragma once

#include "control/session.hpp"
#include "protocols/webrtc/packet_sender.hpp"
#include "protocols/webrtc/service.hpp"

namespace millrace::webrtc {

/// What a peer's media sees of the way to the peer. On the peer's loop.
class Transport {
 public:
  virtual ~Transport() = default;

  [[nodiscard]] virtual LoopContext& context() = 0;
  [[nodiscard]] virtual Shared& shared() = 0;
  [[nodiscard]] virtual PacketSender& sender() = 0;
  /// Ends the peer. The caller is destroyed at the end of the turn.
  virtual void end(Error error) = 0;
};

/// Largest RTP packet before protection: with tag, UDP and IPv6 it fits 1280 bytes, the smallest
/// MTU.
constexpr size_t kMaxRtpPacket = 1200;

/// What a connected peer does: publish (Ingest) or play (Egress).
class Media {
 public:
  virtual ~Media() = default;
  /// Begins. @return why it cannot.
  virtual Status start() = 0;
  /// A plain packet, to be changed at will; valid for the call.
  virtual void on_rtp(std::span<uint8_t> packet) = 0;
  /// A plain compound packet.
  virtual void on_rtcp(Bytes compound) = 0;
  /// The end: publishes and plays no more from here on. Destroyed later.
  virtual void stop() = 0;
};

}  // namespace millrace::webrtc
