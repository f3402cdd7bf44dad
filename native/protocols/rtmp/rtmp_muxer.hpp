#pragma once

#include "hub/muxer.hpp"

namespace millrace::rtmp {

struct RtmpMuxerOptions {
  uint32_t chunk_size = 60000;
  bool audio = true;  // false: after receiveAudio(false)
  bool video = true;
  bool atc_auto = false;  // a publisher's metadata may choose TimeJitter::kSource
};

/// A stream as RTMP messages in chunks of one size, with times as deltas (type 1 chunk headers).
/// Only the messages that a player gets when it joins carry absolute times; those open the chunk
/// streams of audio and video at the player's own clock, and the deltas that follow fit every
/// player.
class RtmpMuxer final : public Muxer {
 public:
  explicit RtmpMuxer(const RtmpMuxerOptions& options) : options_(options) {}

  [[nodiscard]] bool needs_prime_for(const Track& track, MediaTime at) override;
  void write_track(const Track& track, MediaTime at, ByteLog& log) override;
  void write_track_again(const Track& track, MediaTime at, ByteLog& log) override;
  void write_frame(const Frame& frame, ByteLog& log) override;
  void write_metadata_ahead(const Frame& metadata, std::vector<uint8_t>& out) override;
  [[nodiscard]] std::array<int64_t, 4> mark() const override;
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override;

 private:
  /// The clock of one chunk stream: time of its last message, stream milliseconds.
  struct ChunkStreamClock {
    bool open = false;
    int64_t last_ms = 0;
  };
  [[nodiscard]] bool wanted(TrackKind kind) const;
  ChunkStreamClock& clock_of(TrackKind kind) { return kind == TrackKind::kVideo ? video_ : audio_; }
  /// @param track  null when there is none at present.
  void open_chunk_stream(TrackKind kind, const TrackRef& track, uint32_t time_ms,
                         std::vector<uint8_t>& out) const;

  template <typename Append>
  void write_metadata(const Frame& metadata, Append&& append) const;

  const RtmpMuxerOptions options_;
  ChunkStreamClock video_;
  ChunkStreamClock audio_;
  std::vector<uint8_t> scratch_;
};

}  // namespace millrace::rtmp
