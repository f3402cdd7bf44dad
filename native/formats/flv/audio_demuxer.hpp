#pragma once

#include <cstdint>
#include <optional>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/audio_tag.hpp"
#include "formats/flv/demuxed.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// The audio half of Demuxer. Codecs without a sequence header (MP3, AC-3, G.711) get their track
/// from the first frame, and a new one when a frame's rate or channels differ. Of a multitrack
/// message, track 0 is carried and the others are not.
class AudioDemuxer {
 public:
  explicit AudioDemuxer(BlockPool& pool) : pool_(pool) {}

  /// @return kFlvTagMalformed, kFlvPacketTypeUnknown, kFlvSequenceHeaderMissing, the codec's error
  /// for a
  ///         sequence header or a frame's head that cannot be read, or kFlvCodecUnsupported
  ///         (detail: SoundFormat or FourCC), once until another such codec comes.
  [[nodiscard]] Result<Demuxed> on_message(Bytes body, uint32_t dts_ms);

  [[nodiscard]] const TrackRef& track() const { return track_; }

 private:
  Result<Demuxed> on_sequence_start(const AudioTag& tag);
  Result<Demuxed> on_coded_frames(const AudioTag& tag, uint32_t dts_ms);

  BlockPool& pool_;
  TrackRef track_;
  std::optional<uint32_t> reported_unsupported_;  // codec tag
};

}  // namespace millrace::flv
