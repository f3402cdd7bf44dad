#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/block_pool.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "media/frame.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace::rtp {

/// Largest RTP payload in bytes: 1280 (smallest IPv6 MTU) - 48 (IPv6 and UDP) - 12 (RTP header) -
/// 20 (extensions: mid, transport-wide number, send time, playout delay) - 16 (SRTP tag of GCM) - 2
/// (original sequence number of a retransmission), and a little room.
constexpr size_t kDefaultMaxPayloadSize = 1180;

using MediaPackets = std::vector<MediaPacketRef>;

/// Turns the frames of one track into RTP payloads, once for all viewers. A frame that needs
/// several packets gets them of the maximum size, all but the last, because UDP segmentation
/// offload sends only equal ones together. Takes no memory in steady state: packets come from the
/// pool.
class Packetizer {
 public:
  virtual ~Packetizer() = default;
  Packetizer(const Packetizer&) = delete;
  Packetizer& operator=(const Packetizer&) = delete;

  /// Appends the packets of a frame to `out`, consecutive in index over all calls, with the marker
  /// bit of the codec's rule. A frame without anything to send (end of sequence) adds none.
  /// @param arrival  when the frame came, for the packets' `arrival`.
  /// @return kAv1ObuMalformed, kCodecUnsupported for a frame of another codec; nothing is added
  /// then.
  [[nodiscard]] Status packetize(const Frame& frame, Time arrival, MediaPackets& out);

  [[nodiscard]] uint32_t clock_rate() const { return clock_rate_; }
  /// Of the packet that comes next.
  [[nodiscard]] int64_t next_index() const { return next_index_; }

 protected:
  Packetizer(BlockPool& pool, CodecId codec, uint32_t clock_rate, size_t max_payload_size)
      : pool_(pool), codec_(codec), clock_rate_(clock_rate), max_payload_size_(max_payload_size) {}

  /// Calls add() for each packet of the frame, in order.
  virtual Status write(const Frame& frame) = 0;

  /// Opens the next packet of the frame at hand; valid until the next call.
  MediaPacket& add(size_t payload_size);
  [[nodiscard]] size_t max_payload_size() const { return max_payload_size_; }

 private:
  BlockPool& pool_;
  const CodecId codec_;
  const uint32_t clock_rate_;
  const size_t max_payload_size_;
  int64_t next_index_ = 0;
  // Of the frame at hand.
  int64_t timestamp_ = 0;
  Time arrival_{};
  bool random_access_ = false;
  size_t before_frame_ = 0;  // packets in *out_
  MediaPackets* out_ = nullptr;
  MediaPacket* last_ = nullptr;
};

/// Supplemental enhancement information of H.264: captions, time codes, and what encoders write of
/// themselves. Decoders that know none of it do not need it.
enum class Sei : bool { kLeaveOut, kKeep };

/// A packetizer for the codec of `track`: H.264 (packetization-mode 1), HEVC, AV1, VP8, VP9, Opus,
/// G.711, AAC (mode AAC-hbr).
/// @param max_payload_size  at least 64 bytes.
/// @return null for codecs without a payload format here.
[[nodiscard]] std::unique_ptr<Packetizer> make_packetizer(
    const Track& track, BlockPool& pool, size_t max_payload_size = kDefaultMaxPayloadSize,
    Sei sei = Sei::kKeep);

}  // namespace millrace::rtp
