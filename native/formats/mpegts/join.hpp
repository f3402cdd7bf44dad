#pragma once

#include <array>
#include <cstdint>

#include "base/byte_sink.hpp"
#include "formats/mpegts/elementary_stream.hpp"
#include "media/track.hpp"

namespace millrace::mpegts {

/// Where the counters of a transport stream stand: what its next packets will say.
struct Counters {
  uint8_t pmt_version = 0;
  uint8_t pat = 0;  // continuity_counter of the next packet with a PAT
  uint8_t pmt = 0;
  std::array<uint8_t, kStreamPids> streams{};  // from kFirstStreamPid on

  /// As one number, to be kept with a place in a stream.
  [[nodiscard]] uint64_t packed() const;
  [[nodiscard]] static Counters unpack(uint64_t packed);
  friend bool operator==(const Counters&, const Counters&) = default;
};

enum class Join : uint8_t {
  kFirst,     // the receiver begins here
  kAfterGap,  // it has had an earlier part of the stream
};

/// Appends what a receiver must be told before the packets that follow a place where the counters
/// stood so: PAT and PMT, whose continuity goes on in the stream. After a gap each PID first gets a
/// packet with discontinuity_indicator (ISO/IEC 13818-1 §2.4.3.5), so that the jump of its counter
/// is no loss.
/// @param video, audio  of the program; null when there is none of a kind. Nothing is written
/// without any.
void write_join(const Counters& counters, const TrackRef& video, const TrackRef& audio, Join join,
                ByteSink& out);

}  // namespace millrace::mpegts
