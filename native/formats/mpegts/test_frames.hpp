#pragma once

// For tests only: tracks and frames by hand.

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "base/block_pool.hpp"
#include "media/frame.hpp"

namespace millrace::test {

inline TrackRef video_track(CodecId codec, std::vector<std::vector<uint8_t>> parameter_sets) {
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = codec;
  for (const auto& set : parameter_sets) {
    track->parameter_sets.push_back(Buffer::copy_of(Bytes(set)));
  }
  return track;
}

inline TrackRef h264_track() {
  return video_track(CodecId::kH264, {{0x67, 0x42, 0x00, 0x1e}, {0x68, 0xce, 0x01}});
}

/// AAC-LC, 44.1 kHz, stereo.
inline TrackRef aac_track() {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kAac;
  track->configuration = Buffer::copy_of(Bytes(std::vector<uint8_t>{0x12, 0x10}));
  track->audio = {.sample_rate = 44100, .channels = 2, .profile = 2, .samples_per_frame = 1024};
  return track;
}

inline TrackRef audio_track(CodecId codec) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = codec;
  track->audio = {.sample_rate = 48000, .channels = 2, .profile = 0, .samples_per_frame = 0};
  return track;
}

/// Makes frames of its own pool, which must outlive them.
class FrameMaker {
 public:
  FrameMaker() { pool_.bind_to_this_thread(); }

  Ref<Frame> nal_frame(TrackRef track, MediaTime dts, MediaTime pts, bool random_access,
                       const std::vector<std::vector<uint8_t>>& units) {
    size_t size = 0;
    for (const auto& unit : units) {
      size += 4 + unit.size();
    }
    auto frame = Frame::make(pool_, std::move(track), size, static_cast<uint32_t>(units.size()));
    uint8_t* at = frame->mutable_payload().data();
    uint32_t offset = 0;
    for (size_t i = 0; i < units.size(); ++i) {
      const auto length = static_cast<uint32_t>(units[i].size());
      for (unsigned byte = 0; byte < 4; ++byte) {
        at[offset + byte] = static_cast<uint8_t>(length >> (24 - 8 * byte));
      }
      std::copy(units[i].begin(), units[i].end(), at + offset + 4);
      frame->mutable_nal_units()[i] = {offset + 4, length};
      offset += 4 + length;
    }
    return with_times(std::move(frame), dts, pts, random_access);
  }

  /// One slice of `size` bytes, an IDR when `random_access`.
  Ref<Frame> h264_frame(TrackRef track, MediaTime dts, bool random_access, size_t size = 1000) {
    std::vector<uint8_t> slice(size, 0xa5);
    slice[0] = random_access ? 0x65 : 0x41;
    return nal_frame(std::move(track), dts, dts, random_access, {slice});
  }

  Ref<Frame> frame(TrackRef track, MediaTime time, const std::vector<uint8_t>& payload) {
    auto frame = Frame::make(pool_, std::move(track), payload.size());
    std::copy(payload.begin(), payload.end(), frame->mutable_payload().begin());
    return with_times(std::move(frame), time, time, true);
  }
  Ref<Frame> audio_frame(TrackRef track, MediaTime time, size_t size = 200) {
    return frame(std::move(track), time, std::vector<uint8_t>(size, 0x5a));
  }

  [[nodiscard]] BlockPool& pool() { return pool_; }

 private:
  static Ref<Frame> with_times(Ref<Frame> frame, MediaTime dts, MediaTime pts, bool random_access) {
    frame->dts = dts;
    frame->pts = pts;
    frame->random_access = random_access;
    return frame;
  }

  BlockPool pool_;
};

}  // namespace millrace::test
