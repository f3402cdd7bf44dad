#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "media/frame.hpp"
#include "transcode/audio_library.h"
#include "transcode/sample_timeline.hpp"

namespace millrace::transcode {

/// What audio is made into.
struct AudioTarget {
  CodecId codec = CodecId::kOpus;  // kOpus, kAac, kG711A, kG711U
  uint32_t bit_rate_bps = 48'000;
};

/// Whether the helper library can decode a codec.
[[nodiscard]] bool can_decode(CodecId codec);
/// The track that frames of the target belong to: 48 kHz stereo, or 8 kHz mono for G.711.
[[nodiscard]] TrackRef target_track(const AudioTarget& target);

struct EncodedAudio {
  BufferRef data;
  MediaTime time{0};
};

/// One audio track into another codec: decoder, resampler, sample clock, encoder. On one thread;
/// has no queue and no clock of its own.
class AudioPipeline {
 public:
  /// @param why  of the library, for the log.
  /// @return kTranscodeFailed.
  static Result<std::unique_ptr<AudioPipeline>> open(const MillraceAudioLibrary& library,
                                                     const AudioTarget& target, std::string& why);

  /// The frames that follow are of this track. The encoder and the clock go on.
  /// @return kTranscodeFailed when there is no decoder for it; its frames are then passed over.
  Status set_track(const Track& track, std::string& why);
  /// Appends what the frame completes to `out`. A frame that cannot be decoded is a loss.
  /// @return kTranscodeFailed once for each run of such frames; kCodecDecodeFailed is never fatal.
  Status feed(Bytes frame, MediaTime at, std::vector<EncodedAudio>& out);

  [[nodiscard]] const TimelineRepairs& repairs() const { return timeline_.repairs(); }

 private:
  struct CloseDecoder {
    const MillraceAudioLibrary* library = nullptr;
    void operator()(MillraceAudioDecoder* decoder) const { library->decoder_close(decoder); }
  };
  struct CloseEncoder {
    const MillraceAudioLibrary* library = nullptr;
    void operator()(MillraceAudioEncoder* encoder) const { library->encoder_close(encoder); }
  };
  using DecoderPtr = std::unique_ptr<MillraceAudioDecoder, CloseDecoder>;
  using EncoderPtr = std::unique_ptr<MillraceAudioEncoder, CloseEncoder>;

  AudioPipeline(const MillraceAudioLibrary& library, const AudioTarget& target, EncoderPtr encoder,
                uint32_t frame_samples);
  Status encode(const SampleTimeline::Block& block, std::vector<EncodedAudio>& out);

  const MillraceAudioLibrary& library_;
  const AudioTarget target_;
  EncoderPtr encoder_;
  DecoderPtr decoder_;
  SampleTimeline timeline_;
  uint32_t failures_ = 0;  // in a row
};

}  // namespace millrace::transcode
