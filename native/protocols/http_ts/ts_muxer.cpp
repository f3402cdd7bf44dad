#include "protocols/http_ts/ts_muxer.hpp"

namespace millrace::http_ts {

namespace {

// A receiver that joins a copy of the stream, or lost some of it, waits no longer for the tables.
constexpr MediaTime kTablesInterval = std::chrono::milliseconds(500);

TrackRef share(const Track& track) {
  track.retain();
  return TrackRef::adopt(&track);
}

}  // namespace

bool TsMuxer::wanted(const Track& track) const {
  return mpegts::Muxer::supports(track) &&
         (track.kind == TrackKind::kVideo ? options_.video : options_.audio);
}

void TsMuxer::write_track(const Track& track, MediaTime /*at*/, ByteLog& /*log*/) {
  if (track.kind == TrackKind::kData) {
    return;
  }
  TrackRef& own = track.kind == TrackKind::kVideo ? video_ : audio_;
  own = wanted(track) ? share(track) : nullptr;
  if (!muxer_.set_tracks(video_, audio_).ok()) {
    own = nullptr;  // an AAC configuration that ADTS cannot tell
    (void)muxer_.set_tracks(video_, audio_);
  }
  changed_ = true;
}

bool TsMuxer::tables_are_due(const Frame& frame) const {
  return changed_ || (frame.is_video() && frame.random_access) || frame.dts < tables_at_ ||
         frame.dts - tables_at_ >= kTablesInterval;
}

void TsMuxer::write_frame(const Frame& frame, ByteLog& log) {
  if (frame.is_data() || !(frame.is_video() ? video_ : audio_)) {
    return;
  }
  if (tables_are_due(frame)) {
    muxer_.write_tables(scratch_);
    tables_at_ = frame.dts;
    changed_ = false;
  }
  const MediaTime offset = options_.source_clock ? frame.source_dts - frame.dts : MediaTime(0);
  // What cannot be carried is left out, as its track would be.
  (void)muxer_.write_frame(frame, frame.pts + offset, frame.dts + offset, scratch_);
  http::wrap(options_.framing, {scratch_.bytes()}, http::to_log(log));
  scratch_.clear();
}

/// The next publisher may have other tracks, and fewer.
void TsMuxer::on_end() {
  video_ = nullptr;
  audio_ = nullptr;
  (void)muxer_.set_tracks(nullptr, nullptr);
  changed_ = true;
}

std::array<int64_t, 4> TsMuxer::mark() const {
  return {static_cast<int64_t>(muxer_.counters().packed())};
}

void TsMuxer::write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) {
  const auto carried = [this](const TrackRef& track) {
    return track && wanted(*track) ? track : nullptr;
  };
  VectorSink tables;
  mpegts::write_join(mpegts::Counters::unpack(static_cast<uint64_t>(point.mark[0])),
                     carried(point.video), carried(point.audio),
                     clock.started ? mpegts::Join::kAfterGap : mpegts::Join::kFirst, tables);
  clock.started = true;
  http::wrap(options_.framing, {tables.bytes()}, http::to_vector(out));
}

}  // namespace millrace::http_ts
