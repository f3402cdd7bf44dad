#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/clock.hpp"
#include "base/ref.hpp"
#include "rtp/packet/header_extensions.hpp"

namespace millrace::rtp {

/// What the start of an RTP payload tells about its place in the stream, by its payload format.
/// Made by payload/payload_info.hpp.
struct PayloadInfo {
  /// First packet of a point where decoding can start. More than one packet of the same timestamp
  /// may look so (parameter sets, then the first slice): the first one counts.
  bool starts_random_access = false;
  bool starts_frame = false;        // may begin a frame; H.264 and HEVC tell it for some only
  bool has_parameter_sets = false;  // H.264, HEVC: an SPS or VPS is in it
  bool discardable = false;         // no other frame refers to this one
  bool switching_up = false;  // a receiver of lower temporal layers may add this one from here
  uint8_t spatial_id = 0;     // VP9, AV1 (OBU extension)
  uint8_t temporal_id = 0;    // VP8, VP9, HEVC, AV1
  /// VP8 and VP9: where the picture id lies in the payload, in bytes; 0: there is none. Its highest
  /// bit there says whether it has 7 or 15 bits.
  uint8_t picture_id_offset = 0;
  /// VP8 and VP9: where TL0PICIDX lies; 0: there is none.
  uint8_t tl0_pic_idx_offset = 0;
};

/// One RTP payload of one track as every viewer of it gets it, shared by all threads. What differs
/// per viewer is in the header alone, which is written when the packet is sent: SSRC, sequence
/// number, timestamp offset, payload type, extensions.
///
/// Layout, one block of a BlockPool: [MediaPacket][payload]. Made by one thread, immutable after.
class MediaPacket {
 public:
  /// Position in the track: the unwrapped sequence number. Consecutive, so a gap is a packet that
  /// is not there (yet). Of packets made from frames it counts from 0.
  int64_t index = 0;
  /// Unwrapped RTP timestamp in ticks of the codec's RTP clock, on the track's own origin.
  int64_t timestamp = 0;
  Time arrival{};  // when it came in, or when its frame did
  /// The moment that the timestamp stands for, on the server's clock and in step with the other
  /// tracks of the stream: for sender reports. Of packets made from frames it is not set.
  Time moment{};
  bool marker = false;
  /// Not 0: the payload is one of RED (RFC 2198), and its primary encoding begins here. Receivers
  /// without RED get that alone, under the same number.
  uint16_t primary_offset = 0;
  PayloadInfo info;
  std::optional<PlayoutDelay> playout_delay;
  std::optional<AudioLevel> audio_level;
  std::optional<AbsCaptureTime> abs_capture_time;

  [[nodiscard]] Bytes payload() const {
    return {reinterpret_cast<const uint8_t*>(this + 1), payload_size_};
  }
  /// The payload without redundancy.
  [[nodiscard]] Bytes primary() const { return payload().subspan(primary_offset); }
  /// To be filled before the packet is handed on.
  [[nodiscard]] std::span<uint8_t> mutable_payload() {
    return {reinterpret_cast<uint8_t*>(this + 1), payload_size_};
  }
  /// Cuts the end off, before the packet is handed on.
  void shrink(size_t payload_size) {
    assert(payload_size <= payload_size_);
    payload_size_ = static_cast<uint32_t>(payload_size);
  }

  /// Pool's owner thread only.
  static Ref<MediaPacket> make(BlockPool& pool, size_t payload_size) {
    return Ref<MediaPacket>::adopt(new (pool.take(sizeof(MediaPacket) + payload_size))
                                       MediaPacket(payload_size));
  }
  static Ref<MediaPacket> copy_of(BlockPool& pool, Bytes payload) {
    auto packet = make(pool, payload.size());
    if (!payload.empty()) {
      std::memcpy(packet->mutable_payload().data(), payload.data(), payload.size());
    }
    return packet;
  }

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      auto* self = const_cast<MediaPacket*>(this);
      self->~MediaPacket();
      BlockPool::give_back(self);
    }
  }

 private:
  explicit MediaPacket(size_t payload_size) : payload_size_(static_cast<uint32_t>(payload_size)) {}
  ~MediaPacket() = default;

  mutable std::atomic<uint32_t> references_{1};
  uint32_t payload_size_;
};

using MediaPacketRef = Ref<const MediaPacket>;

}  // namespace millrace::rtp
