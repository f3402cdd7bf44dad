#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/ref.hpp"
#include "media/codec_id.hpp"

namespace millrace {

/// How the publisher named the codec in FLV/RTMP; players get HEVC in the same way.
enum class FlvSignalling : uint8_t {
  kLegacy,    // codec id in the first byte (H.264 7, HEVC 12, AAC 10, MP3 2)
  kEnhanced,  // FourCC of Enhanced RTMP
};

struct VideoParameters {
  uint32_t width = 0;  // pixels, after cropping; 0 = not known
  uint32_t height = 0;
  uint32_t profile =
      0;               // H.264 profile_idc, HEVC general_profile_idc, AV1 seq_profile, VP9 profile
  uint32_t level = 0;  // H.264 level_idc, HEVC general_level_idc, AV1 seq_level_idx_0, VP9 level
};

struct AudioParameters {
  uint32_t sample_rate = 0;  // Hz of the decoder's output; 0 = not known
  uint32_t channels = 0;
  uint32_t profile = 0;            // AAC audio object type (2 = LC, 5 = HE, 29 = HEv2)
  uint32_t samples_per_frame = 0;  // AAC 1024 (or 960), MP3 1152 or 576, Opus 0: in each packet
};

/// What a decoder must know before the first frame. Immutable and shared by all threads once made;
/// a change of configuration is a new Track. Frames point to the Track they were coded with.
class Track {
 public:
  TrackKind kind = TrackKind::kData;
  CodecId codec = CodecId::kUnknown;
  FlvSignalling flv_signalling = FlvSignalling::kLegacy;

  /// The decoder configuration record as containers carry it: avcC, hvcC (ISO/IEC 14496-15), av1C,
  /// vpcC, AudioSpecificConfig (ISO/IEC 14496-3), OpusHead (RFC 7845 §5.1). Empty where there is
  /// none.
  BufferRef configuration;
  /// H.264: SPS, PPS; HEVC: VPS, SPS, PPS, each one NAL unit without start code, in the order in
  /// which they must precede a random access point.
  std::vector<BufferRef> parameter_sets;
  VideoParameters video;
  AudioParameters audio;
  /// Of AMF metadata: the publisher asks that players are shown its own times (`bravo_atc`).
  bool wants_source_clock = false;

  static Ref<Track> make() { return Ref<Track>::adopt(new Track); }
  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  Track() = default;
  ~Track() = default;
  mutable std::atomic<uint32_t> references_{1};
};

using TrackRef = Ref<const Track>;

}  // namespace millrace
