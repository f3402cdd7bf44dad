#include "protocols/hls/segmenter.hpp"

#include <algorithm>

namespace millrace::hls {
namespace {

// In streams without video, so that a TS packet is not spent on each frame's header and stuffing.
constexpr MediaTime kPureAudioPesSpan = std::chrono::milliseconds(720);

// Tracks are interleaved to well below this; a frame further back than the segment's start belongs
// to a clock that was set back.
constexpr MediaTime kLargestStepBack = std::chrono::seconds(1);

// A gap longer than this is no frame's duration.
constexpr MediaTime kLongestFrame = std::chrono::seconds(1);

bool same_configuration(const Track& a, const Track& b) {
  const auto bytes = [](const Track& track) {
    return track.configuration ? track.configuration->bytes() : Bytes{};
  };
  return a.codec == b.codec && std::ranges::equal(bytes(a), bytes(b)) &&
         std::ranges::equal(a.parameter_sets, b.parameter_sets, [](const auto& x, const auto& y) {
           return std::ranges::equal(x->bytes(), y->bytes());
         });
}

}  // namespace

Segmenter::Segmenter(const Options& options, std::function<WallTime()> wall_clock)
    : options_(options),
      wall_clock_(std::move(wall_clock)),
      muxer_({.audio_pes_span = kPureAudioPesSpan}) {}

Status Segmenter::on_track(const TrackRef& track) {
  if (track->kind == TrackKind::kData) {
    return {};
  }
  TrackRef& current = track->kind == TrackKind::kVideo ? video_ : audio_;
  const bool changed = current && !same_configuration(*current, *track);
  if (current && !changed) {
    current = track;
    return {};
  }
  Status status;
  if (open_ && changed && end_ - open_->start >= kShortestKept) {
    status = close(end_);
  } else if (open_) {
    muxer_.flush(body_);
  }
  current = mpegts::Muxer::supports(*track) ? track : nullptr;
  if (!current) {
    status = ErrorCode::kCodecUnsupported;
  }
  if (const auto set = muxer_.set_tracks(video_, audio_); !set.ok()) {
    current = nullptr;
    (void)muxer_.set_tracks(video_, audio_);
    status = set;
  }
  if (open_) {
    // A segment during which a configuration came is marked, as its first bytes were made without
    // it.
    open_->discontinuity = true;
    muxer_.write_tables(body_);
  } else {
    discontinuity_ = true;
  }
  return status;
}

Status Segmenter::on_frame(const FrameRef& frame) {
  const TrackRef& current = frame->is_video() ? video_ : audio_;
  if (frame->is_data() || frame->payload().empty()) {
    return {};
  }
  if (!current) {
    ++dropped_frames_;
    return {};
  }
  Status status;
  if (open_ && must_close_before(*frame)) {
    // A step back leaves no sensible time to end at but what was seen.
    status = close(frame->dts < open_->start ? end_ : frame->dts);
  }
  if (!open_) {
    if (const auto opened = open(frame->dts); !opened.ok()) {
      return opened;
    }
  }
  MediaTime dts = frame->dts;
  MediaTime pts = frame->pts;
  if (frame->is_audio() && !options_.dts_directly) {
    dts = pts = sample_clock_.next(*frame);
  }
  const Status written = muxer_.write_frame(*frame, pts, dts, body_);
  note_end_of(*frame);
  return status.ok() ? written : status;
}

Status Segmenter::on_end() {
  Status status;
  if (open_) {
    status = close(end_);
  }
  video_ = nullptr;
  audio_ = nullptr;
  index_ = 0;
  discontinuity_ = true;
  last_video_dts_.reset();
  last_audio_dts_.reset();
  sample_clock_.reset();
  return status;
}

std::optional<Segment> Segmenter::poll() {
  if (finished_.empty()) {
    return std::nullopt;
  }
  Segment segment = std::move(finished_.front());
  finished_.erase(finished_.begin());
  return segment;
}

Status Segmenter::open(MediaTime start) {
  Open next;
  next.start = start;
  next.started = wall_clock_();
  next.discontinuity = std::exchange(discontinuity_, false);
  MediaTime deviation{0};
  if (options_.timestamp_floor) {
    next.floor_number = floor_clock_.begin_segment(next.started, options_.fragment);
    deviation = floor_clock_.deviation(options_.fragment);
  }
  next.rules = CutRules::of_segment(options_, index_, video_ != nullptr, deviation);
  if (options_.keys) {
    const uint64_t per_key = std::max(options_.fragments_per_key, 1U);
    const bool due = next_sequence_ % per_key == 0 && key_ && key_->sequence != next_sequence_;
    if (!key_ || due) {
      auto key = SegmentKey::generate(next_sequence_);
      if (!key.ok()) {
        return key.error();
      }
      key_ = std::make_shared<SegmentKey>(*key);
    }
  }
  if (const auto status = body_.begin(key_.get()); !status.ok()) {
    return status;
  }
  muxer_.write_tables(body_);
  end_ = start;
  open_ = next;
  return {};
}

Status Segmenter::close(MediaTime end) {
  muxer_.flush(body_);
  const Open closed = *std::exchange(open_, std::nullopt);
  const MediaTime duration = std::max(end - closed.start, MediaTime{0});
  auto body = body_.finish();
  if (!body.ok() || !is_length_plausible(options_, duration)) {
    ++dropped_segments_;
    // What the lost segment had to say must not be lost with it.
    discontinuity_ = true;
    return body.ok() ? Status{} : Status{body.error()};
  }
  finished_.push_back({.sequence = next_sequence_++,
                       .duration = duration,
                       .discontinuity = closed.discontinuity,
                       .body = std::move(body).value(),
                       .key = key_,
                       .started = closed.started,
                       .floor_number = closed.floor_number});
  ++index_;
  return {};
}

void Segmenter::note_end_of(const Frame& frame) {
  auto& last = frame.is_video() ? last_video_dts_ : last_audio_dts_;
  // As long as the one before it; the first frame of a track has none to measure by.
  const MediaTime length = frame.dts - last.value_or(frame.dts);
  end_ = std::max(end_, frame.dts + std::clamp(length, MediaTime{0}, kLongestFrame));
  last = frame.dts;
}

bool Segmenter::must_close_before(const Frame& frame) const {
  if (frame.dts + kLargestStepBack < open_->start) {
    return true;
  }
  return open_->rules.cut_before(frame.track->kind, frame.random_access, frame.dts - open_->start,
                                 body_.size());
}

}  // namespace millrace::hls
