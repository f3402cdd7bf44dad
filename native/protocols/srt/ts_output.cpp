#include "protocols/srt/ts_output.hpp"

#include <algorithm>

namespace millrace::srt {
namespace {

// How long packets wait for others that fill their payload: most payloads are full at a few hundred
// kilobits a second, and no viewer notices it.
constexpr Duration kFlushAfter = milliseconds(15);
// ISO/IEC 13818-1 does not say how often tables come; ETSI TR 101 290 wants every 500 ms at least.
constexpr MediaTime kTableInterval = milliseconds(400);
// A publisher may begin with audio although video follows; so long it is waited for.
constexpr MediaTime kSettleTime = milliseconds(300);
// The hub's clock starts near zero. There is room below it for the PCR, which runs behind.
constexpr MediaTime kTimeShift = seconds(1);
// PCR behind the DTS of what is sent with it: the time for which a receiver that follows the PCR
// holds a frame, and by which audio and video may be apart.
constexpr MediaTime kPcrLead = milliseconds(100);

bool is_aligned(Bytes payload) {
  if (payload.empty() || payload.size() % mpegts::kPacketBytes != 0) {
    return false;
  }
  for (size_t at = 0; at < payload.size(); at += mpegts::kPacketBytes) {
    if (payload[at] != mpegts::kSyncByte) {
      return false;
    }
  }
  return true;
}

}  // namespace

TsOutput::TsOutput(LoopContext& context, std::string key)
    : context_(context),
      key_(std::move(key)),
      muxer_(mpegts::MuxerOptions{.pcr_lead = kPcrLead}),
      sink_(*this),
      flush_([this] { sink_.flush(); }) {}

TsOutput::~TsOutput() { leave_hub(); }

// ---- players

void TsOutput::add(Player& player) {
  player.started_ = false;
  player.slot_ = players_.size();
  players_.push_back(&player);
  ++waiting_;
  if (!has_source_) {
    follow_hub();
  }
}

void TsOutput::remove(Player& player) {
  waiting_ -= player.started_ ? 0 : 1;
  players_.back()->slot_ = player.slot_;
  players_[player.slot_] = players_.back();
  players_.pop_back();
  if (players_.empty()) {
    leave_hub();
  }
}

void TsOutput::start_waiting(Bytes tables) {
  if (waiting_ == 0) {
    return;
  }
  for (Player* player : players_) {
    if (player->started_) {
      continue;
    }
    bool taken = true;
    for (size_t at = 0; taken && at < tables.size(); at += PayloadSink::kBytes) {
      taken = player->send(tables.subspan(at, std::min(PayloadSink::kBytes, tables.size() - at)));
    }
    player->started_ = taken;
    waiting_ -= taken ? 1 : 0;
  }
}

void TsOutput::send_started(Bytes payload) {
  for (Player* player : players_) {
    if (player->started_ && !player->send(payload)) {
      player->started_ = false;
      ++waiting_;
    }
  }
}

void TsOutput::stop_all() {
  for (Player* player : players_) {
    player->started_ = false;
  }
  waiting_ = players_.size();
}

void TsOutput::on_payload(Bytes payload) {
  flush_.disarm();
  has_source_ ? pass_on_aligned(payload) : send_started(payload);
}

// ---- the publisher's own stream

void TsOutput::begin_source() {
  leave_hub();
  has_source_ = true;
  scanner_ = {};
  aligner_ = {};
  stop_all();
}

void TsOutput::end_source() {
  sink_.flush();
  flush_.disarm();
  has_source_ = false;
  stop_all();
  if (!players_.empty()) {
    follow_hub();
  }
}

void TsOutput::pass_on(Bytes payload) {
  if (players_.empty()) {
    return;
  }
  if (sink_.empty() && is_aligned(payload)) {
    pass_on_aligned(payload);
    return;
  }
  // A publisher that cuts its stream anywhere: whole packets go on.
  aligner_.feed(payload);
  while (const auto packet = aligner_.next()) {
    sink_.append(*packet);
  }
  if (!sink_.empty() && !flush_.armed()) {
    context_.loop.arm_in(flush_, kFlushAfter);
  }
}

void TsOutput::pass_on_aligned(Bytes payload) {
  size_t begin = payload.size();
  for (size_t at = 0; at < payload.size(); at += mpegts::kPacketBytes) {
    if (scanner_.can_begin_with(payload.subspan(at, mpegts::kPacketBytes)) &&
        begin == payload.size()) {
      begin = at;
    }
  }
  if (waiting_ == 0 || begin == payload.size()) {
    send_started(payload);
    return;
  }
  // Who runs already gets the payload as it is, who begins only what follows the join.
  if (begin != 0) {
    send_started(payload.first(begin));
  }
  start_waiting(scanner_.tables());
  send_started(payload.subspan(begin));
}

// ---- the hub's frames

void TsOutput::follow_hub() {
  if (!stream_) {
    stream_ = context_.hub.use(key_);
    stream_->attach(*this, Stream::Replay::kNo);
  }
}

void TsOutput::leave_hub() {
  if (stream_) {
    stream_->detach(*this);
    stream_.reset();
    on_end();
  }
}

void TsOutput::on_track(const TrackRef& track) {
  if (track->kind == TrackKind::kData) {
    return;
  }
  if (!mpegts::Muxer::supports(*track)) {
    context_.troubles.note("srt", {ErrorCode::kCodecUnsupported, 0});
    return;
  }
  (track->kind == TrackKind::kVideo ? video_ : audio_) = track;
  tracks_changed_ = true;
}

void TsOutput::begin_program() {
  tracks_changed_ = false;
  if (const Status status = muxer_.set_tracks(video_, audio_); !status) {
    context_.troubles.note("srt", status.error());
  }
}

void TsOutput::on_frame(const FrameRef& frame) {
  const TrackRef& track = frame->is_video() ? video_ : audio_;
  if (frame->is_data() || !track || track->codec != frame->track->codec) {
    return;
  }
  if (!any_frame_) {
    any_frame_ = true;
    first_dts_ = frame->dts;
  }
  const bool new_program = tracks_changed_;
  if (new_program) {
    begin_program();
  }
  const bool settled = video_ || frame->dts - first_dts_ >= kSettleTime;
  const bool can_begin = settled && (video_ ? frame->is_video() && frame->random_access : true);
  const bool begins = can_begin && waiting_ != 0;
  if (begins || new_program || (can_begin && video_) || frame->dts - tables_at_ >= kTableInterval) {
    if (begins) {
      sink_.flush();           // to those who run
      start_waiting(Bytes());  // the tables follow for everybody
    }
    muxer_.write_tables(sink_);
    tables_at_ = frame->dts;
  }
  if (players_.size() == waiting_) {
    return;  // nobody would get it
  }
  if (const Status status =
          muxer_.write_frame(*frame, frame->pts + kTimeShift, frame->dts + kTimeShift, sink_);
      !status) {
    context_.troubles.note("srt", status.error());
  }
  if (!sink_.empty() && !flush_.armed()) {
    context_.loop.arm_in(flush_, kFlushAfter);
  }
}

void TsOutput::on_end() {
  sink_.flush();
  flush_.disarm();
  video_ = nullptr;
  audio_ = nullptr;
  any_frame_ = false;
  tables_at_ = MediaTime(0);
  stop_all();
}

// ---- all of a loop

TsOutput& TsOutputs::get(LoopContext& context, const std::string& key) {
  auto& output = outputs_[key];
  if (output == nullptr) {
    output = std::make_unique<TsOutput>(context, key);
  }
  return *output;
}

void TsOutputs::release(const std::string& key) {
  if (const auto at = outputs_.find(key); at != outputs_.end() && at->second->unused()) {
    outputs_.erase(at);
  }
}

}  // namespace millrace::srt
