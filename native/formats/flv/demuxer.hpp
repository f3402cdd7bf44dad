#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/audio_tag.hpp"
#include "formats/flv/video_tag.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// Why a message gave nothing to carry, though nothing was wrong with it.
enum class Skipped : uint8_t {
  kNothing,           // it was used
  kEmpty,             // no bytes of a picture or of sound
  kUnchanged,         // sequence header that says what the last one said
  kInfoFrame,         // frame type 5
  kMetadata,          // colorInfo, multichannel configuration, Opus comment header
  kOtherTrack,        // multitrack message without track 0
  kCodecUnsupported,  // after the error that said so once
  kScript,            // script data other than onMetaData
};

/// What one message gave.
struct Demuxed {
  TrackRef new_track;  // set when the configuration is new or has changed; comes before `frame`
  Ref<Frame> frame;    // not shared yet, so that its times may still be mended
  Skipped skipped = Skipped::kNothing;
};

/// Turns the bodies of FLV tags, or of RTMP messages, of one publisher into tracks and frames.
/// Has no socket, clock or log. Call from the pool's owner thread.
///
/// Times are as on the wire: `dts_ms` wraps after 2^32 ms and is not mended here. Errors cost the
/// message only (their scope is packet): the caller counts them by code and goes on. Each frame
/// takes one block of the pool and nothing else.
///
/// H.264 and HEVC: the units come with the length size of the sequence header and are given 4-byte
/// lengths. Publishers that send Annex B instead are understood: while no frame has been read, one
/// whose lengths do not add up but which begins with a start code decides for Annex B.
/// Of a multitrack message, track 0 is carried and the others are not.
class Demuxer {
 public:
  struct Limits {
    size_t max_metadata_bytes = 65536;  // longest onMetaData taken, in bytes after its name
  };

  explicit Demuxer(BlockPool& pool) : Demuxer(pool, Limits{}) {}
  Demuxer(BlockPool& pool, Limits limits);

  /// @return kFlvTagMalformed, kFlvPacketTypeUnknown, kFlvSequenceHeaderMissing, kNalLengthInvalid,
  ///         kNalUnitsTooMany, the codec's error for a sequence header that cannot be read, or once
  ///         for each codec in a row kFlvCodecUnsupported (detail: CodecID or FourCC).
  [[nodiscard]] Result<Demuxed> on_video(Bytes body, uint32_t dts_ms);

  /// @return as on_video(); detail of kFlvCodecUnsupported: SoundFormat or FourCC.
  [[nodiscard]] Result<Demuxed> on_audio(Bytes body, uint32_t dts_ms);

  /// Script data, AMF0: "onMetaData", alone or after "@setDataFrame", gives a frame of a
  /// kAmfMetadata track whose payload is what follows the name. Its values are not looked at.
  /// @return kFlvTagMalformed when there is no name, kFlvMetadataTooLarge (detail: size).
  [[nodiscard]] Result<Demuxed> on_script(Bytes body, uint32_t dts_ms);

  /// The track of the latest sequence header, null before the first.
  [[nodiscard]] const TrackRef& video_track() const { return video_track_; }
  [[nodiscard]] const TrackRef& audio_track() const { return audio_track_; }

 private:
  /// How a publisher separates NAL units; found out with the first frame.
  enum class Framing : uint8_t { kUnknown, kLengthPrefixed, kAnnexB };

  Result<Demuxed> on_video_sequence_start(const VideoTag& tag);
  Result<Demuxed> on_picture(const VideoTag& tag, uint32_t dts_ms);
  Result<Ref<Frame>> make_nal_frame(Bytes data);
  Status split(Bytes data);
  Result<Demuxed> on_audio_sequence_start(const AudioTag& tag);
  Result<Demuxed> on_sound(const AudioTag& tag, uint32_t dts_ms);
  /// A new track when the frame of a codec without sequence header is not like those before it.
  Result<TrackRef> track_of_sound(const AudioTag& tag) const;
  Ref<Frame> make_plain_frame(const TrackRef& track, Bytes data);

  BlockPool& pool_;
  const Limits limits_;
  TrackRef video_track_;
  TrackRef audio_track_;
  TrackRef metadata_track_;
  std::vector<NalUnit> units_;  // of the frame at hand; kept for its memory
  unsigned nal_length_size_ = 4;
  Framing framing_ = Framing::kUnknown;
  uint32_t unsupported_video_ = 0;  // codec tag that was reported; 0: none (CodecID 0 is not used)
  int64_t unsupported_audio_ = -1;  // codec tag that was reported; SoundFormat 0 exists
};

}  // namespace millrace::flv
