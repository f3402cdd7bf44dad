#pragma once

// For tests only: tracks and frames whose payload says which frame it is.

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "media/frame.hpp"

namespace millrace::testing {

inline TrackRef make_track(CodecId codec, std::initializer_list<uint8_t> configuration = {}) {
  auto track = Track::make();
  track->kind = kind_of(codec);
  track->codec = codec;
  if (configuration.size() != 0) {
    track->configuration = Buffer::copy_of(Bytes(std::vector<uint8_t>(configuration)));
  }
  return track;
}

inline TrackRef h264_track() {
  return make_track(CodecId::kH264, {1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 0, 0});
}
inline TrackRef aac_track() { return make_track(CodecId::kAac, {0x12, 0x10}); }
inline TrackRef mp3_track() { return make_track(CodecId::kMp3); }
inline TrackRef metadata_track() { return make_track(CodecId::kAmfMetadata); }

/// The byte at `index` of the payload of frame `number`; the first four are the number itself.
inline uint8_t payload_byte(uint32_t number, size_t index) {
  return static_cast<uint8_t>(index < 4 ? number >> (24 - 8 * index) : number * 31 + index * 7);
}

inline Ref<Frame> make_frame(BlockPool& pool, const TrackRef& track, uint32_t number, MediaTime dts,
                             bool random_access, size_t size) {
  auto frame = Frame::make(pool, track, size);
  for (size_t i = 0; i < size; ++i) {
    frame->mutable_payload()[i] = payload_byte(number, i);
  }
  frame->dts = frame->pts = frame->source_dts = dts;
  frame->random_access = random_access;
  return frame;
}

/// The number of a frame by its payload; UINT32_MAX when the payload is not as make_frame() made
/// it.
inline uint32_t frame_number(Bytes payload) {
  if (payload.size() < 4) {
    return UINT32_MAX;
  }
  const uint32_t number = ByteReader(payload).u32();
  for (size_t i = 4; i < payload.size(); ++i) {
    if (payload[i] != payload_byte(number, i)) {
      return UINT32_MAX;
    }
  }
  return number;
}

}  // namespace millrace::testing
