#include "protocols/webrtc/packet_rendition.hpp"

#include <algorithm>

namespace millrace::webrtc {

namespace {

// What a player may ask for again: a second or two of a fast stream. Powers of two.
constexpr size_t kVideoHistory = 2048;
constexpr size_t kAudioHistory = 256;
// A burst every few milliseconds is some 80 Mbit/s: faster than any stream, slower than what fills
// the queues of a home router.
constexpr size_t kPacketsPerBurst = 40;
constexpr Duration kBurstInterval = milliseconds(5);
constexpr size_t kMaxLogBytes = size_t{32} << 20;
// So many players' requests become one.
constexpr Duration kKeyFrameInterval = milliseconds(500);
// Beyond it the publisher's clock, or ours, has jumped.
constexpr MediaTime kLargestClockError = milliseconds(500);
constexpr Duration kLinger = seconds(5);

Lane lane_of_kind(TrackKind kind) {
  return kind == TrackKind::kVideo ? Lane::kVideo : Lane::kAudio;
}

}  // namespace

PacketRendition::PacketRendition(LoopContext& context, const std::string& stream,
                                 const PacketRenditionOptions& options)
    : context_(context),
      options_(options),
      stream_(context.hub.use(stream)),
      idle_since_(context.loop.now()),
      catch_up_([this] { pump_all(); }) {
  lane_of(Lane::kVideo).history.resize(kVideoHistory);
  lane_of(Lane::kAudio).history.resize(kAudioHistory);
  replaying_ = true;
  stream_->attach(*this, options.gop_cache ? Stream::Replay::kGop : Stream::Replay::kNo,
                  AudioForm::kRtc);
  replaying_ = false;
}

PacketRendition::~PacketRendition() {
  context_.loop.forget_turn_end(*this);
  stream_->detach(*this);
}

// ---- players
// ---------------------------------------------------------------------------------------

void PacketRendition::add(PacketReader& reader) {
  reader.slot_ = static_cast<uint32_t>(readers_.size());
  readers_.push_back(&reader);
  reader.video_started_ = join_.has_value() && options_.gop_cache;
  reader.position_ = reader.video_started_ ? *join_ : log_end();
  if (!reader.video_started_) {
    request_key_frame();
  }
  pump(reader);
}

void PacketRendition::remove(PacketReader& reader) {
  PacketReader* last = readers_.back();
  readers_[reader.slot_] = last;
  last->slot_ = reader.slot_;
  readers_.pop_back();
  if (readers_.empty()) {
    idle_since_ = context_.loop.now();
  }
}

/// Sends what the reader has not had, as far as one burst reaches.
void PacketRendition::pump(PacketReader& reader) {
  if (reader.position_ < log_begin_) {
    // It was catching up and the log has been cut meanwhile.
    reader.position_ = join_.value_or(log_end());
    reader.video_started_ = join_.has_value();
  }
  size_t sent = 0;
  while (reader.position_ < log_end() && sent < kPacketsPerBurst) {
    const Entry& entry = log_[reader.position_++ - log_begin_];
    if (entry.lane == Lane::kVideo && !reader.video_started_) {
      if (!entry.packet->info.starts_random_access) {
        continue;
      }
      reader.video_started_ = true;
    }
    reader.on_packet(entry.lane, entry.packet);
    ++sent;
  }
  if (sent != 0) {
    reader.on_pause();
  }
  if (reader.position_ < log_end() && !catch_up_.armed()) {
    context_.loop.arm_in(catch_up_, kBurstInterval);
  }
}

void PacketRendition::pump_all() {
  // By index: a player that ends within the call makes room for the last one, which is then served
  // in the next turn.
  for (size_t i = 0; i < readers_.size(); ++i) {
    pump(*readers_[i]);
  }
  trim();
}

void PacketRendition::on_turn_end() { pump_all(); }

const rtp::MediaPacket* PacketRendition::find(Lane lane, int64_t index) const {
  const LaneState& state = lane_of(lane);
  const auto& slot = state.history[static_cast<uint64_t>(index) & (state.history.size() - 1)];
  return slot && slot->index == index ? slot.get() : nullptr;
}

void PacketRendition::request_key_frame() {
  const Time now = context_.loop.now();
  if (now - key_frame_asked_ >= kKeyFrameInterval) {
    key_frame_asked_ = now;
    stream_->request_key_frame();
  }
}

// ---- the stream
// ------------------------------------------------------------------------------------

void PacketRendition::on_track(const TrackRef& track) {
  if (track->kind == TrackKind::kData) {
    return;
  }
  const Lane lane = lane_of_kind(track->kind);
  LaneState& state = lane_of(lane);
  if (state.codec == track->codec && state.packetizer != nullptr) {
    return;  // changed parameter sets go with the next random access point
  }
  state.codec = track->codec;
  state.packetizer = rtp::make_packetizer(*track, context_.loop.pool());
  ++state.epoch;
  std::fill(state.history.begin(), state.history.end(), nullptr);
  if (lane == Lane::kVideo) {
    join_ = std::nullopt;
    newest_pts_ = std::nullopt;
  }
}

void PacketRendition::on_frame(const FrameRef& frame) {
  if (frame->is_data() || frame->end_of_sequence) {
    return;
  }
  const Lane lane = lane_of_kind(frame->track->kind);
  LaneState& state = lane_of(lane);
  if (state.packetizer == nullptr || state.codec != frame->track->codec) {
    return;
  }
  if (lane == Lane::kVideo) {
    // WebRTC knows no B-frames: what is shown before a frame that went out would be shown late.
    if (!options_.keep_bframe && !frame->random_access && newest_pts_ &&
        frame->pts < *newest_pts_) {
      return;
    }
    if (frame->random_access || !newest_pts_ || frame->pts > *newest_pts_) {
      newest_pts_ = frame->pts;
    }
  }
  follow_clock(*frame);
  scratch_.clear();
  if (const Status status = state.packetizer->packetize(*frame, context_.loop.now(), scratch_);
      !status.ok()) {
    return context_.troubles.note("webrtc", status.error());
  }
  if (scratch_.empty()) {
    return;
  }
  if (lane == Lane::kVideo) {
    if (frame->random_access) {
      join_ = log_end();
      frames_since_join_ = 0;
    } else if (++frames_since_join_ > options_.gop_max_frames && options_.gop_max_frames != 0) {
      join_ = std::nullopt;
    }
  }
  for (rtp::MediaPacketRef& packet : scratch_) {
    append(lane, std::move(packet));
  }
  scratch_.clear();
  if (!replaying_) {
    if (readers_.empty()) {
      trim();
    } else {
      context_.loop.at_turn_end(*this);
    }
  }
}

void PacketRendition::append(Lane lane, rtp::MediaPacketRef packet) {
  LaneState& state = lane_of(lane);
  state.newest_timestamp = packet->timestamp;
  state.history[static_cast<uint64_t>(packet->index) & (state.history.size() - 1)] = packet;
  log_bytes_ += packet->payload().size();
  log_.push_back({std::move(packet), lane});
}

void PacketRendition::on_end() {
  join_ = std::nullopt;
  newest_pts_ = std::nullopt;
  clock_zero_ = std::nullopt;
  for (LaneState& state : lanes_) {
    state.codec = CodecId::kUnknown;
    state.packetizer = nullptr;
  }
}

/// Forgets what lies before the join point and before the slowest reader.
void PacketRendition::trim() {
  uint64_t keep = join_.value_or(log_end());
  for (const PacketReader* reader : readers_) {
    keep = std::min(keep, reader->position_);
  }
  while (!log_.empty() && (log_begin_ < keep || log_bytes_ > kMaxLogBytes)) {
    log_bytes_ -= log_.front().packet->payload().size();
    log_.pop_front();
    ++log_begin_;
  }
  if (join_ && *join_ < log_begin_) {
    join_ = std::nullopt;
  }
}

void PacketRendition::follow_clock(const Frame& frame) {
  const Time now = context_.loop.now();
  if (replaying_) {
    return;  // from the cache: old
  }
  const Time zero = now - frame.dts;
  if (!clock_zero_ || zero > *clock_zero_ + kLargestClockError ||
      zero < *clock_zero_ - kLargestClockError) {
    clock_zero_ = zero;
  }
}

std::optional<MediaTime> PacketRendition::media_time(Time now) const {
  return clock_zero_ ? std::optional(duration_cast<MediaTime>(now - *clock_zero_)) : std::nullopt;
}

// ---- the renditions of a loop
// ----------------------------------------------------------------------

PacketRenditions::PacketRenditions(LoopContext& context)
    : context_(context), drop_idle_([this] { drop_idle(); }) {}

PacketRendition& PacketRenditions::get(const std::string& stream,
                                       const PacketRenditionOptions& options) {
  const std::string form = stream + (options.keep_bframe ? " bframes" : "") +
                           (options.gop_cache ? " gop " : " ") +
                           std::to_string(options.gop_max_frames);
  auto& rendition = renditions_[form];
  if (rendition == nullptr) {
    rendition = std::make_unique<PacketRendition>(context_, stream, options);
  }
  if (!drop_idle_.armed()) {
    context_.loop.arm_in(drop_idle_, kLinger);
  }
  return *rendition;
}

void PacketRenditions::drop_idle() {
  std::erase_if(renditions_, [before = context_.loop.now() - kLinger](const auto& entry) {
    return entry.second->reader_count() == 0 && entry.second->idle_since() <= before;
  });
  if (!renditions_.empty()) {
    context_.loop.arm_in(drop_idle_, kLinger);
  }
}

}  // namespace millrace::webrtc
