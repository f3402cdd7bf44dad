#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/ref.hpp"
#include "media/media_time.hpp"
#include "media/track.hpp"

namespace millrace {

/// Where one NAL unit lies in a frame's payload, without start code or length prefix.
struct NalUnit {
  uint32_t offset;
  uint32_t size;
};

/// One access unit or one audio codec frame, shared by all threads that send it.
///
/// Layout, one block of a BlockPool: [Frame][NalUnit x nal_count][payload].
/// The payload of NAL codecs (H.264, HEVC) is always the units with a 4-byte big-endian length
/// before each, back to back; `nal_units()` points at the units between. So FLV and MP4 outputs
/// copy the payload as it is, and TS and RTP outputs walk the units. Other codecs: the codec's
/// bytes, no units.
///
/// Made with FrameBuilder by one thread, immutable after.
class Frame {
 public:
  TrackRef track;
  MediaTime dts{0};  // monotonic per track after the normaliser
  MediaTime pts{0};  // >= dts for what encoders produce; may be below it in broken streams
  MediaTime source_dts{
      0};  // on the publisher's own clock, for outputs that show that (SRS's `atc`)
  bool random_access =
      false;  // decoding can start here: IDR, CRA/BLA, AV1 key frame; every audio frame
  bool end_of_sequence = false;  // FLV "sequence end"; payload empty

  [[nodiscard]] Bytes payload() const { return {payload_, payload_size_}; }
  [[nodiscard]] std::span<const NalUnit> nal_units() const { return {units(), nal_count_}; }
  [[nodiscard]] Bytes nal(const NalUnit& unit) const {
    return payload().subspan(unit.offset, unit.size);
  }
  [[nodiscard]] bool is_video() const { return track->kind == TrackKind::kVideo; }
  [[nodiscard]] bool is_audio() const { return track->kind == TrackKind::kAudio; }
  [[nodiscard]] bool is_data() const { return track->kind == TrackKind::kData; }

  /// Room for `nal_count` units and `payload_size` bytes. Pool's owner thread only.
  static Ref<Frame> make(BlockPool& pool, TrackRef track, size_t payload_size,
                         uint32_t nal_count = 0) {
    const size_t head = sizeof(Frame) + nal_count * sizeof(NalUnit);
    auto* frame =
        new (pool.take(head + payload_size)) Frame(std::move(track), nal_count, payload_size);
    return Ref<Frame>::adopt(frame);
  }
  /// To be filled before the frame is handed on.
  [[nodiscard]] std::span<uint8_t> mutable_payload() { return {payload_, payload_size_}; }
  [[nodiscard]] std::span<NalUnit> mutable_nal_units() { return {units(), nal_count_}; }

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      auto* self = const_cast<Frame*>(this);
      self->~Frame();
      BlockPool::give_back(self);
    }
  }

 private:
  Frame(TrackRef track_of_frame, uint32_t nal_count, size_t payload_size)
      : track(std::move(track_of_frame)),
        nal_count_(nal_count),
        payload_size_(payload_size),
        payload_(reinterpret_cast<uint8_t*>(this + 1) + nal_count * sizeof(NalUnit)) {}
  ~Frame() = default;

  [[nodiscard]] NalUnit* units() const {
    return reinterpret_cast<NalUnit*>(const_cast<Frame*>(this) + 1);
  }

  mutable std::atomic<uint32_t> references_{1};
  uint32_t nal_count_;
  size_t payload_size_;
  uint8_t* payload_;
};

using FrameRef = Ref<const Frame>;

}  // namespace millrace
