#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_sink.hpp"
#include "base/result.hpp"
#include "codecs/aac/audio_specific_config.hpp"
#include "formats/mpegts/elementary_stream.hpp"
#include "formats/mpegts/join.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::mpegts {

struct MuxerOptions {
  /// In a program without video, audio frames are joined into one PES packet as long as it covers
  /// less than this; 0 gives each frame its own. Joining saves TS packets, at the price of latency.
  MediaTime audio_pes_span{0};
  /// How far the PCR runs behind the DTS of what is sent with it: what a receiver has to buffer.
  MediaTime pcr_lead{0};
};

/// Writes frames as an MPEG transport stream with one program: ISO/IEC 13818-1.
/// Only whole TS packets reach the sink. Has no socket, clock or thread; allocates nothing in
/// steady state, except for the first joined audio frames.
class Muxer {
 public:
  explicit Muxer(MuxerOptions options = {}) : options_(options) {}

  /// Can frames of this codec be carried?
  [[nodiscard]] static bool supports(const Track& track) {
    return ElementaryStream::of(track).has_value();
  }

  /// Says what the program consists of; null for none of a kind. Takes effect with the next
  /// write_tables(); audio frames still waiting to be joined should have been flushed.
  /// @return kCodecUnsupported or kAacConfigInvalid; nothing has changed then.
  Status set_tracks(TrackRef video, TrackRef audio);

  /// Appends PAT and PMT: at the start of each segment or connection, and after set_tracks(). The
  /// next frame on the PCR's PID carries a PCR.
  void write_tables(ByteSink& out);

  /// Appends the frame as PES packets. Frames of one track in order of DTS; both kinds interleaved.
  /// @return kCodecUnsupported when no track of the frame's codec was set, kAacAdtsInvalid when
  ///         ADTS cannot carry the frame; nothing is written then.
  Status write_frame(const Frame& frame, ByteSink& out) {
    return write_frame(frame, frame.pts, frame.dts, out);
  }
  /// With other times than the frame's own.
  Status write_frame(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out);

  /// Writes audio frames that wait to be joined: before a segment ends, and at the end.
  void flush(ByteSink& out);

  /// For write_join(), to be kept with this place in the stream.
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct JoinedAudio {
    ElementaryStream stream;
    MediaTime start{0};
    std::vector<uint8_t> bytes;
  };

  void write_video(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out);
  Status write_audio(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out);
  template <typename Walk>
  void write_pes(const ElementaryStream& stream, MediaTime pts, MediaTime dts, bool random_access,
                 ByteSink& out, Walk&& walk);
  [[nodiscard]] bool pcr_is_due(const ElementaryStream& stream, MediaTime dts, bool random_access);
  [[nodiscard]] uint16_t pcr_pid() const;
  uint8_t& continuity(uint16_t pid) { return counters_.streams[pid - kFirstStreamPid]; }

  const MuxerOptions options_;
  CodecId video_codec_ = CodecId::kUnknown;
  CodecId audio_codec_ = CodecId::kUnknown;
  std::optional<ElementaryStream> video_;
  std::optional<ElementaryStream> audio_;
  aac::AudioSpecificConfig aac_;  // of audio_, when it is AAC
  Counters counters_;
  std::optional<MediaTime> last_pcr_;
  JoinedAudio joined_;
};

}  // namespace millrace::mpegts
