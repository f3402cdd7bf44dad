#pragma once

#include <optional>

#include "hub/muxer.hpp"
#include "protocols/http/stream_framing.hpp"

namespace millrace::http_flv {

struct FlvMuxerOptions {
  http::Framing framing = http::Framing::kNone;
  bool audio = true;  // false: tags of that kind are left out
  bool video = true;
  std::optional<bool>
      announce_audio;  // flag of the file header; without: whether there is such a track
  std::optional<bool> announce_video;
  bool source_clock = false;  // tags carry the publisher's own times
  bool atc_auto = false;      // they do when the publisher's metadata asks for it
};

/// A stream as FLV (E.3): tags with absolute times, which are the stream's own for every viewer. A
/// viewer who joins late therefore begins at the stream's time and not at zero; FLV players
/// subtract the first.
class FlvMuxer final : public Muxer {
 public:
  explicit FlvMuxer(const FlvMuxerOptions& options)
      : options_(options), source_clock_(options.source_clock) {}

  void write_track(const Track& track, MediaTime at, ByteLog& log) override;
  void write_track_again(const Track& track, MediaTime at, ByteLog& log) override {
    write_track(track, at, log);
  }
  void write_frame(const Frame& frame, ByteLog& log) override;
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override;

 private:
  [[nodiscard]] bool wanted(TrackKind kind) const;
  [[nodiscard]] uint32_t wire_time(const Frame& frame) const;

  const FlvMuxerOptions options_;
  bool source_clock_;
  MediaTime source_offset_{0};  // the publisher's time minus the stream's, of the last frame
  std::vector<uint8_t> scratch_;
};

}  // namespace millrace::http_flv
