#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/block_pool.hpp"
#include "base/result.hpp"
#include "base/ring.hpp"
#include "media/frame.hpp"
#include "rtp/packet/media_packet.hpp"
#include "rtp/payload/payload_info.hpp"

namespace millrace::rtp {

/// Longest frame that is put together, in bytes; intra pictures of 8K cameras stay below.
constexpr size_t kMaxFrameBytes = size_t{8} << 20;

/// A frame that was received whole.
struct Depacketized {
  TrackRef new_track;     // when the frame is the first of a configuration, else null
  Ref<Frame> frame;       // its times are not set
  int64_t timestamp = 0;  // RTP timestamp, unwrapped, in ticks of the codec's RTP clock
  Time arrival{};         // of its last packet
};

struct DepacketizerCounters {
  uint64_t frames = 0;           // handed out
  uint64_t damaged_frames = 0;   // packets of them are lost or broken
  uint64_t unusable_frames = 0;  // whole, but before the random access point that was waited for
};

/// Puts the frames of one track together from its RTP payloads. Only whole frames come out. After a
/// loss, video begins again at the next random access point, so that no decoder behind shows what
/// it cannot decode; wants_random_access() says when one should be asked for.
///
/// Rule of use: push(), then poll() until nullopt.
class Depacketizer {
 public:
  virtual ~Depacketizer() = default;
  Depacketizer(const Depacketizer&) = delete;
  Depacketizer& operator=(const Depacketizer&) = delete;

  /// @param packet  in the order of index. One that is not above the last is passed over, a gap is
  /// a
  ///                loss. An empty payload (padding that probes for bandwidth) only counts.
  /// @return kRtpPayloadMalformed, kRtpFrameTooLarge, or the codec's error for parameter sets and
  ///         headers; the frame is dropped then, and later ones may be good.
  [[nodiscard]] Status push(const MediaPacket& packet);
  [[nodiscard]] std::optional<Depacketized> poll();

  /// Nothing can be handed out before a random access point comes: at the start, and after a loss.
  [[nodiscard]] bool wants_random_access() const { return wants_random_access_; }
  [[nodiscard]] const DepacketizerCounters& counters() const { return counters_; }
  [[nodiscard]] const TrackRef& track() const { return track_; }

 protected:
  explicit Depacketizer(BlockPool& pool) : pool_(pool) {}

  /// Takes a packet that is not empty. `after_loss`: packets before it are missing.
  virtual Status take(const MediaPacket& packet, bool after_loss) = 0;

  /// Queues a frame for poll(). Its track is track_.
  void hand_out(Ref<Frame> frame, int64_t timestamp, Time arrival);
  void adopt_track(TrackRef track);

  BlockPool& pool_;
  TrackRef track_;
  bool wants_random_access_ = false;
  DepacketizerCounters counters_;

 private:
  Ring<Depacketized> ready_;
  std::optional<int64_t> last_index_;
  bool track_is_new_ = false;
};

/// What video payload formats share: frames end with the marker bit or when the timestamp changes.
class VideoDepacketizer : public Depacketizer {
 protected:
  VideoDepacketizer(BlockPool& pool, CodecId codec) : Depacketizer(pool), codec_(codec) {
    wants_random_access_ = true;
  }

  Status take(const MediaPacket& packet, bool after_loss) final;

  /// After a loss: does the packet begin a frame, so that nothing of it is missing before?
  [[nodiscard]] virtual bool begins_frame(Bytes payload) const {
    return inspect_payload(codec_, payload).starts_frame;
  }
  /// Adds a payload to the frame at hand.
  virtual Status append(Bytes payload) = 0;
  /// The frame at hand as a whole, or null when it has nothing in it. Calls adopt_track() before,
  /// for a new configuration; the frame's random_access must be set.
  virtual Result<Ref<Frame>> finish() = 0;
  /// Drops the frame at hand.
  virtual void abandon() = 0;

  /// Adds to bytes_ within the limit.
  /// @return kRtpFrameTooLarge.
  Status append_bytes(Bytes bytes);

  std::vector<uint8_t> bytes_;  // of the frame at hand; kept for its memory

  const CodecId codec_;

 private:
  void drop_frame();
  Status end_frame();

  std::optional<int64_t> timestamp_;  // of the frame at hand
  Time arrival_{};
  bool damaged_ = false;  // the rest of the frame at hand is passed over
};

/// What the signaling tells about a track that is received.
struct DepacketizerOptions {
  CodecId codec = CodecId::kUnknown;
  uint32_t channels = 2;  // Opus, G.711
  std::vector<BufferRef>
      parameter_sets;       // H.264, HEVC: from SDP (sprop-parameter-sets), may be empty
  BufferRef configuration;  // AAC: AudioSpecificConfig
  // AAC, RFC 3640 §4.1: bits of the fields of an AU header.
  uint8_t size_length = 13;
  uint8_t index_length = 3;
  uint8_t index_delta_length = 3;
};

/// @return null for codecs without a payload format here, and for AAC whose configuration is
/// missing
///         or cannot be read.
[[nodiscard]] std::unique_ptr<Depacketizer> make_depacketizer(const DepacketizerOptions& options,
                                                              BlockPool& pool);

}  // namespace millrace::rtp
