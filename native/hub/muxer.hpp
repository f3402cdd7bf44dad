#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hub/byte_log.hpp"
#include "media/frame.hpp"

namespace millrace {

enum class TimeJitter : uint8_t {
  kFull,    // a reader's clock starts near zero, jumps are mended
  kZero,    // a reader's clock starts at zero
  kSource,  // the publisher's clock (SRS's `time_jitter off`, and `atc`)
};

/// A reader's clock against the stream's.
struct ReaderClock {
  TimeJitter jitter = TimeJitter::kFull;
  bool started = false;
  MediaTime origin{0};     // stream time that is the reader's zero
  FrameRef metadata_told;  // what it got while it waited for media; null once it was primed
};

/// A place in a rendition's log at which a reader may begin, and what it must be told first.
struct JoinPoint {
  uint64_t position = 0;
  MediaTime dts{0};         // of the frame that follows, or of the last one at the end of the log
  MediaTime source_dts{0};  // of the same on the publisher's clock
  TrackRef video;           // as of here; null when there is none
  TrackRef audio;
  FrameRef metadata;
  std::array<int64_t, 4> mark{};  // the muxer's own state as of here
};

/// Turns a stream's frames into the bytes of one output form. What it writes to the log is the same
/// for every reader; what differs (a reader's clock, headers before the first frame) it writes per
/// reader in `write_prime`.
class Muxer {
 public:
  virtual ~Muxer() = default;

  /// A new or changed track, in the running log: sequence headers, tables. May write nothing.
  virtual void write_track(const Track& track, MediaTime at, ByteLog& log) = 0;
  virtual void write_frame(const Frame& frame, ByteLog& log) = 0;
  /// A track that the publisher announced again without a change. Most forms have no use for it.
  virtual void write_track_again(const Track& /*track*/, MediaTime /*at*/, ByteLog& /*log*/) {}
  /// Metadata for a reader who still waits for media. A form that cannot begin without media writes
  /// nothing.
  virtual void write_metadata_ahead(const Frame& /*metadata*/, std::vector<uint8_t>& /*out*/) {}
  /// The publisher has left: the tracks of the next one are told by write_track() again.
  virtual void on_end() {}

  /// Asked before `write_track`. True when bytes about `track` in the log could not be understood
  /// by a reader that was primed without it: the rendition then primes each reader anew when it
  /// gets there, instead of calling `write_track`.
  [[nodiscard]] virtual bool needs_prime_for(const Track& track, MediaTime at) {
    (void)track;
    (void)at;
    return false;
  }
  /// State to be kept with a join point here.
  [[nodiscard]] virtual std::array<int64_t, 4> mark() const { return {}; }
  /// What a reader gets before the log's bytes from `point` on. `clock.origin` is set at the first
  /// call.
  virtual void write_prime(const JoinPoint& point, ReaderClock& clock,
                           std::vector<uint8_t>& out) = 0;
};

}  // namespace millrace
