#pragma once

#include "formats/mpegts/muxer.hpp"
#include "hub/muxer.hpp"
#include "protocols/http/stream_framing.hpp"

namespace millrace::http_ts {

struct TsMuxerOptions {
  http::Framing framing = http::Framing::kNone;
  bool audio = true;  // false: neither in the program map table nor sent
  bool video = true;
  bool source_clock = false;  // packets carry the publisher's own times
};

/// A stream as MPEG-TS for HTTP: the TS packets of one frame are one unit of the framing. PAT and
/// PMT stand before each random access point, where the program changes, and at least every half
/// second. Tracks whose codec MPEG-TS does not carry are left out.
class TsMuxer final : public Muxer {
 public:
  explicit TsMuxer(const TsMuxerOptions& options) : options_(options) {}

  void write_track(const Track& track, MediaTime at, ByteLog& log) override;
  void write_frame(const Frame& frame, ByteLog& log) override;
  void on_end() override;
  [[nodiscard]] std::array<int64_t, 4> mark() const override;
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override;

 private:
  [[nodiscard]] bool wanted(const Track& track) const;
  [[nodiscard]] bool tables_are_due(const Frame& frame) const;

  const TsMuxerOptions options_;
  mpegts::Muxer muxer_;
  TrackRef video_;  // as in the program map table
  TrackRef audio_;
  bool changed_ = true;  // since the last tables
  MediaTime tables_at_{0};
  VectorSink scratch_;
};

}  // namespace millrace::http_ts
