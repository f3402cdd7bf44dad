#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/demuxed.hpp"
#include "formats/flv/video_tag.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// The video half of Demuxer.
///
/// H.264 and HEVC: the units come with the length size of the sequence header and are given 4-byte
/// lengths. Publishers that send Annex B instead are understood: while no picture has been read,
/// one whose lengths do not add up but which begins with a start code decides for Annex B.
/// Parameter sets among the units stay there. AV1: temporal delimiters are taken out. VP8, VP9: the
/// track has the picture size after the first key frame, so it comes twice. Of a multitrack
/// message, track 0 is carried and the others are not.
class VideoDemuxer {
 public:
  explicit VideoDemuxer(BlockPool& pool) : pool_(pool) {}

  /// @return kFlvTagMalformed, kFlvPacketTypeUnknown, kFlvSequenceHeaderMissing, kNalLengthInvalid,
  ///         kNalUnitsTooMany, kAv1ObuMalformed, kVp8HeaderInvalid, kVp9HeaderInvalid, the codec's
  ///         error for a sequence header that cannot be read, or kFlvCodecUnsupported (detail:
  ///         CodecID or FourCC), once until another such codec comes.
  [[nodiscard]] Result<Demuxed> on_message(Bytes body, uint32_t dts_ms);

  [[nodiscard]] const TrackRef& track() const { return track_; }

 private:
  /// How a publisher separates NAL units; found out with the first picture.
  enum class Framing : uint8_t { kUnknown, kLengthPrefixed, kAnnexB };

  Result<Demuxed> on_sequence_start(const VideoTag& tag);
  Result<Demuxed> on_coded_frames(const VideoTag& tag, uint32_t dts_ms);
  Result<Demuxed> make_nal_picture(const VideoTag& tag);
  Result<Demuxed> make_av1_picture(const VideoTag& tag);
  Result<Demuxed> make_vpx_picture(const VideoTag& tag);
  Status split(Bytes data);

  BlockPool& pool_;
  TrackRef track_;
  std::vector<NalUnit> units_;  // of the picture at hand; kept for its memory
  unsigned nal_length_size_ = 4;
  Framing framing_ = Framing::kUnknown;
  std::optional<uint32_t> reported_unsupported_;  // codec tag
};

}  // namespace millrace::flv
