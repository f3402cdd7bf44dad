#include "hub/publication.hpp"

#include <algorithm>

#include "hub/loop_hub.hpp"

namespace millrace {

namespace {

// mix_correct: with so many of one kind held and none of the other, there is no other.
constexpr uint32_t kMaxHeldOfOneKind = 10;

}  // namespace

Publication::Publication(StreamUse stream, const PublicationOptions& options,
                         std::optional<MediaTime> continue_after)
    : stream_(std::move(stream)),
      clock_(options.clock_wrap, continue_after),
      mix_correct_(options.mix_correct) {}

Publication::~Publication() {
  release_all();
  Stream& stream = *stream_;
  stream.take_end();
  for (const auto& output : outputs_) {
    stream.detach(*output);
  }
  outputs_.clear();
  stream.published_here_ = false;
  stream.on_key_frame_wanted_ = nullptr;
  // After the end is on its way: whoever publishes next is behind it in every queue.
  stream.hub().directory().end_publish(stream.key(), stream.hub(), clock_.latest());
}

void Publication::add_output(std::unique_ptr<FrameSink> output) {
  stream_->attach(*output, Stream::Replay::kNo);
  outputs_.push_back(std::move(output));
}

void Publication::on_key_frame_wanted(std::function<void(uint32_t source)> ask) {
  stream_->on_key_frame_wanted_ = std::move(ask);
}

Stream& Publication::stream() { return *stream_; }

void Publication::set_track(const TrackRef& track) {
  release_all();
  stream_->take_track(track);
}

void Publication::repeat_track(TrackKind kind) {
  Stream& stream = *stream_;
  const TrackRef track = kind == TrackKind::kVideo ? stream.video() : stream.audio();
  if (track && track->kind == kind) {
    stream.take_track(track);
  }
}

void Publication::push(Ref<Frame> frame, MediaTime raw_dts, MediaTime raw_pts) {
  Stream& stream = *stream_;
  if (frame->is_data()) {
    frame->dts = frame->pts = clock_.latest();
    stream.take_frame(std::move(frame));
    return;
  }
  const auto times =
      clock_.normalise(frame->track->kind, raw_dts, raw_pts, stream.hub().loop().now());
  frame->dts = times.dts;
  frame->pts = times.pts;
  frame->source_dts = raw_dts;
  ++(frame->is_video() ? video_frames_ : audio_frames_);
  if (!mix_correct_) {
    stream.take_frame(std::move(frame));
    return;
  }
  ++(frame->is_video() ? held_video_ : held_audio_);
  const FrameRef sealed = std::move(frame);
  held_.insert(
      std::upper_bound(held_.begin(), held_.end(), sealed,
                       [](const FrameRef& a, const FrameRef& b) { return a->dts < b->dts; }),
      sealed);
  release_in_order();
}

void Publication::push_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
  stream_->take_packet(source, packet);
}

void Publication::release_in_order() {
  size_t count = 0;
  while (count < held_.size() &&
         ((held_audio_ > 0 && held_video_ > 0) || held_audio_ >= kMaxHeldOfOneKind ||
          held_video_ >= kMaxHeldOfOneKind)) {
    --(held_[count]->is_video() ? held_video_ : held_audio_);
    stream_->take_frame(held_[count++]);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
}

void Publication::release_all() {
  for (const FrameRef& frame : held_) {
    stream_->take_frame(frame);
  }
  held_.clear();
  held_audio_ = 0;
  held_video_ = 0;
}

}  // namespace millrace
