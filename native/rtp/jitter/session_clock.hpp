#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bounded_list.hpp"
#include "base/clock.hpp"
#include "media/codec_id.hpp"
#include "media/media_time.hpp"

namespace millrace::rtp {

/// One clock for the tracks of a session that send RTP, so that sound and picture go together.
///
/// It runs from the first packet on: each track's RTP clock is anchored where its first packet
/// came. Sender reports (RFC 3550 §6.4.1) then tell how the tracks lie to each other, and video is
/// moved to where the audio says, by at most a twentieth of the time that passes, so that no frame
/// is dropped and no time jumps. Without reports, or with reports that make no sense, the anchors
/// stay.
class SessionClock {
 public:
  static constexpr size_t kMaxTracks = 16;

  /// @return the number of the track; the last one again when there are kMaxTracks.
  size_t add_track(TrackKind kind, uint32_t clock_rate);

  /// Time of a frame on the session's clock, which starts near zero.
  /// @param timestamp  unwrapped RTP timestamp.
  [[nodiscard]] MediaTime time_of(size_t track, int64_t timestamp, Time arrival);

  /// The same on the server's clock.
  [[nodiscard]] Time moment_of(size_t track, int64_t timestamp, Time arrival) {
    const MediaTime time = time_of(track, timestamp, arrival);
    return *start_ + time;
  }
  /// The track begins anew: its encoder did, and has another clock now.
  void restart_track(size_t track, uint32_t clock_rate);

  /// @param timestamp  the report's RTP timestamp, unwrapped with those of the packets.
  void on_sender_report(size_t track, uint64_t ntp, int64_t timestamp);

  /// How far the track has been moved so far, and how far it is to be.
  [[nodiscard]] MediaTime correction(size_t track) const { return tracks_[track].correction; }

 private:
  struct Track {
    TrackKind kind = TrackKind::kVideo;
    uint32_t clock_rate = 90000;
    std::optional<int64_t> anchor_timestamp;
    MediaTime anchor{0};
    MediaTime correction{0};
    MediaTime wanted_correction{0};
    MediaTime last{0};                 // before correction
    std::optional<int64_t> report_us;  // NTP time of the anchor, by the newest report
  };

  [[nodiscard]] static MediaTime uncorrected(const Track& track, int64_t timestamp);

  std::optional<Time> start_;
  BoundedList<Track, kMaxTracks> tracks_;
};

/// Decoding times for frames that come in decoding order with presentation times alone, as in RTP.
/// Without reordering they are the presentation times. Where pictures are reordered, the depth is
/// learned from the first pictures that step back, and the decoding times lie that many pictures
/// behind.
class DecodingTimes {
 public:
  /// @return never below the one before.
  MediaTime next(MediaTime pts);

 private:
  static constexpr size_t kMaxDepth = 16;  // H.264 and HEVC allow no more

  std::array<MediaTime, kMaxDepth + 1> window_{};  // ascending
  size_t size_ = 0;
  size_t depth_ = 0;
  std::optional<MediaTime> last_;
};

}  // namespace millrace::rtp
