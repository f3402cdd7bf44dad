#pragma once

#include <array>
#include <optional>

#include "protocols/webrtc/packet_rendition.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/rtcp/reports.hpp"

namespace millrace::webrtc {

/// A player: writes its own headers before the payloads that all share, answers NACK and asks for
/// key frames.
///
/// Sequence numbers and timestamps go on without a gap when the stream's begin anew (another
/// publisher of the name, another codec); the player sees a pause, never another source.
class Egress final : public Media, private PacketReader {
 public:
  explicit Egress(Transport& transport);
  ~Egress() override;

  Status start() override;
  void on_rtp(std::span<uint8_t> /*packet*/) override {}
  void on_rtcp(Bytes compound) override;
  void stop() override;

 private:
  /// One track as this player gets it.
  struct Sent {
    const MediaDescription* media = nullptr;  // null: the player takes none of the kind
    const NegotiatedCodec* codec = nullptr;   // for what the stream carries; null: not negotiated
    CodecId stream_codec = CodecId::kUnknown;
    uint64_t epoch = 0;
    int64_t index_offset = 0;      // packet's index to ours
    int64_t first_index = 0;       // ours, of this epoch
    int64_t next_index = 0;        // ours
    int64_t timestamp_offset = 0;  // packet's timestamp to ours
    int64_t newest_timestamp = 0;  // ours
    Time newest_at{};
    std::optional<int64_t> live_edge;  // packet's: what is older is caught up with
    uint64_t next_rtx_index = 0;
    uint32_t packets = 0;
    uint32_t octets = 0;
    bool any = false;
  };

  void on_packet(Lane lane, const rtp::MediaPacketRef& packet) override;
  void on_pause() override;
  bool follow(Lane lane, Sent& sent, const rtp::MediaPacket& packet);
  [[nodiscard]] int64_t timestamp_of(const Sent& sent, const rtp::MediaPacket& packet) const;
  void write(const Sent& sent, const rtp::MediaPacket& packet, int64_t index);
  void on_nack(uint32_t ssrc, uint16_t sequence_number);
  void send_again(Lane lane, Sent& sent, int64_t index);
  void send_reports();
  [[nodiscard]] Sent* sent_of(uint32_t ssrc, Lane& lane);

  Transport& transport_;
  PacketRendition* rendition_ = nullptr;
  std::array<Sent, kLanes> sent_;
  Time retransmissions_since_{};
  uint32_t retransmissions_ = 0;
  Timer report_;
};

}  // namespace millrace::webrtc
