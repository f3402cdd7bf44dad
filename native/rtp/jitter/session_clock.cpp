#include "rtp/jitter/session_clock.hpp"

#include <algorithm>
#include <cstdlib>

#include "rtp/rtcp/reports.hpp"

namespace millrace::rtp {
namespace {

/// Sound and picture that are farther apart than this are not, their reports are wrong.
constexpr MediaTime kMostCorrection = seconds(10);
constexpr int64_t kSlewDivisor = 20;

}  // namespace

size_t SessionClock::add_track(TrackKind kind, uint32_t clock_rate) {
  Track track;
  track.kind = kind;
  track.clock_rate = clock_rate;
  (void)tracks_.push_back(track);
  return tracks_.size() - 1;
}

void SessionClock::restart_track(size_t number, uint32_t clock_rate) {
  Track track;
  track.kind = tracks_[number].kind;
  track.clock_rate = clock_rate;
  tracks_[number] = track;
}

MediaTime SessionClock::uncorrected(const Track& track, int64_t timestamp) {
  return track.anchor + from_ticks(timestamp - *track.anchor_timestamp, track.clock_rate);
}

MediaTime SessionClock::time_of(size_t number, int64_t timestamp, Time arrival) {
  Track& track = tracks_[number];
  if (!start_) {
    start_ = arrival;
  }
  if (!track.anchor_timestamp) {
    track.anchor_timestamp = timestamp;
    track.anchor = duration_cast<MediaTime>(arrival - *start_);
    track.last = track.anchor;
  }
  const MediaTime time = uncorrected(track, timestamp);
  if (time > track.last) {
    const MediaTime most = (time - track.last) / kSlewDivisor;
    track.correction += std::clamp(track.wanted_correction - track.correction, -most, most);
    track.last = time;
  }
  return time + track.correction;
}

void SessionClock::on_sender_report(size_t number, uint64_t ntp, int64_t timestamp) {
  Track& reported = tracks_[number];
  if (ntp == 0 || !reported.anchor_timestamp) {
    return;  // RFC 3550 §6.4.1: a sender without a clock may set the NTP time to zero
  }
  reported.report_us =
      ntp_to_us(ntp) -
      from_ticks(timestamp - *reported.anchor_timestamp, reported.clock_rate).count();
  const Track* audio = nullptr;
  for (const Track& track : tracks_) {
    if (track.kind == TrackKind::kAudio && track.report_us) {
      audio = &track;
      break;
    }
  }
  if (audio == nullptr) {
    return;
  }
  for (size_t i = 0; i < tracks_.size(); ++i) {
    Track& track = tracks_[i];
    if (track.kind == TrackKind::kAudio || !track.report_us) {
      continue;
    }
    const MediaTime wanted(*track.report_us - *audio->report_us -
                           (track.anchor - audio->anchor).count());
    if (std::chrono::abs(wanted) <= kMostCorrection) {
      track.wanted_correction = wanted;
    }
  }
}

MediaTime DecodingTimes::next(MediaTime pts) {
  const auto end = window_.begin() + static_cast<ptrdiff_t>(size_);
  // A jump of the clock is no reordering: begin anew.
  if (last_ && std::chrono::abs(pts - *last_) > seconds(10)) {
    size_ = 0;
    depth_ = 0;
    window_[size_++] = pts;
    last_ = std::max(*last_, pts);
    return *last_;
  }
  const auto at = std::upper_bound(window_.begin(), end, pts);
  std::move_backward(at, end, end + 1);
  *at = pts;
  ++size_;
  if (last_ && pts < *last_ && depth_ < kMaxDepth) {
    ++depth_;  // it should have come later than the picture before it
  }
  MediaTime dts = window_[0];
  if (size_ > depth_) {
    std::move(window_.begin() + 1, window_.begin() + static_cast<ptrdiff_t>(size_),
              window_.begin());
    --size_;
  }
  dts = last_ ? std::max(dts, *last_) : dts;
  last_ = dts;
  return dts;
}

}  // namespace millrace::rtp
