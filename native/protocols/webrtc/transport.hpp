#pragma once

#include "control/session.hpp"
#include "protocols/webrtc/service.hpp"

namespace millrace::webrtc {

/// What a peer's media sees of the way to the peer. On the peer's loop.
class Transport {
 public:
  virtual ~Transport() = default;

  [[nodiscard]] virtual LoopContext& context() = 0;
  [[nodiscard]] virtual Shared& shared() = 0;
  /// Protects and sends a compound packet.
  virtual void send_rtcp(Bytes compound) = 0;
  /// Protects a packet and adds it to what flush() sends.
  /// @param header  whole RTP header, at most kMaxRtpHeader bytes.
  /// @param index   its sequence number, counted on beyond 16 bits. Of a packet that is sent again
  ///                the same, and then the packet must be the same too.
  virtual void add_rtp(Bytes header, Bytes payload, uint32_t ssrc, uint64_t index) = 0;
  /// Sends what was added. To be called before another peer of the loop adds.
  virtual void flush() = 0;
  /// Ends the peer. The caller is destroyed at the end of the turn.
  virtual void end(Error error) = 0;
};

/// Longest RTP header that is written: fixed part and a few extensions.
constexpr size_t kMaxRtpHeader = 64;
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
