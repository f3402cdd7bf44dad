#include "hub/rendition.hpp"

#include <algorithm>
#include <cassert>

namespace millrace {

namespace {

constexpr size_t kPiecesPerWrite = 16;  // 1 MiB of log
constexpr int kWritesPerTurn = 8;       // one reader's share of a turn
constexpr Duration kMaintenance = seconds(1);
// A publisher may begin with audio although video follows; so long it is waited for.
constexpr MediaTime kSettleTime = milliseconds(300);
// Video has ended when so many audio frames came without any: the cached GOP is then worth nothing.
constexpr uint32_t kPureAudioFrames = 115;

}  // namespace

Rendition::Rendition(Loop& loop, std::unique_ptr<Muxer> muxer, const RenditionOptions& options)
    : loop_(loop),
      muxer_(std::move(muxer)),
      options_(options),
      log_(loop.pool()),
      idle_since_(loop.now()),
      merge_timer_([this] { on_merge_timer(); }),
      maintenance_([this] { maintain(); }) {
  // Buckets that send by count start apart from each other.
  for (size_t i = 0; i < kBuckets; ++i) {
    buckets_[i].sent_frames = i;
  }
  loop_.arm_in(maintenance_, kMaintenance);
}

Rendition::~Rendition() {
  for (Bucket& bucket : buckets_) {
    for (Reader* reader : bucket.readers) {
      reader->rendition_ = nullptr;
    }
  }
  loop_.forget_turn_end(*this);
}

void Rendition::add(Reader& reader) {
  assert(reader.rendition_ == nullptr);
  const size_t index = bucket_for_next_reader();
  Bucket& bucket = buckets_[index];
  reader.rendition_ = this;
  reader.bucket_ = static_cast<uint32_t>(index);
  reader.slot_ = static_cast<uint32_t>(bucket.readers.size());
  reader.position_ = Reader::kWaiting;
  reader.needs_prime_ = true;
  bucket.readers.push_back(&reader);
  ++reader_count_;
  ++waiting_count_;
  if (options_.merge.latency > Duration::zero() && !merge_timer_.armed()) {
    merge_due_ = loop_.now() + options_.merge.latency / used_buckets();
    loop_.arm(merge_timer_, merge_due_);
  }
  if (place(reader)) {
    pump(reader);
  } else {
    tell_metadata(reader);
  }
}

void Rendition::remove(Reader& reader) {
  assert(reader.rendition_ == this);
  Bucket& bucket = buckets_[reader.bucket_];
  Reader* last = bucket.readers.back();
  bucket.readers[reader.slot_] = last;
  last->slot_ = reader.slot_;
  bucket.readers.pop_back();
  if (reader.position_ == Reader::kWaiting) {
    --waiting_count_;
  }
  reader.rendition_ = nullptr;
  if (--reader_count_ == 0) {
    idle_since_ = loop_.now();
  }
}

// ---- frames in
// -------------------------------------------------------------------------------------

void Rendition::on_track(const TrackRef& track) {
  TrackRef* current = track->kind == TrackKind::kVideo   ? &video_
                      : track->kind == TrackKind::kAudio ? &audio_
                                                         : nullptr;
  if (current == nullptr || (options_.audio_only && current != &audio_)) {
    return;
  }
  *current = track;
  if (any_frame_) {
    announce(*track);
  }
  // Else with the first frame: until then it is not known what time it is.
}

void Rendition::announce(const Track& track) {
  if (!muxer_->needs_prime_for(track, last_dts_)) {
    muxer_->write_track(track, last_dts_, log_);
    index_.note_end(last_dts_);
    return;
  }
  index_.add_splice(join_point_at_head());
  // Who has had everything stands at the splice already and will not cross it.
  for (Bucket& bucket : buckets_) {
    for (Reader* reader : bucket.readers) {
      reader->needs_prime_ = reader->needs_prime_ || reader->position_ == log_.end();
    }
  }
}

void Rendition::on_track_repeated(const TrackRef& track) {
  if (any_frame_) {
    muxer_->write_track_again(*track, last_dts_, log_);
    index_.note_end(last_dts_);
  }
}

void Rendition::on_frame(const FrameRef& frame) {
  if (options_.audio_only && !frame->is_audio()) {
    return;
  }
  if (frame->is_data()) {
    metadata_ = frame;
    muxer_->write_frame(*frame, log_);
    index_.note_end(last_dts_);
    if (waiting_count_ != 0) {
      for (Bucket& bucket : buckets_) {
        for (size_t i = 0; i < bucket.readers.size(); ++i) {
          tell_metadata(*bucket.readers[i]);
        }
      }
    }
    return;
  }
  if (!any_frame_) {
    any_frame_ = true;
    first_dts_ = frame->dts;
    last_dts_ = std::max(last_dts_, frame->dts);
    last_source_dts_ = frame->source_dts;
    for (const TrackRef& track : {video_, audio_}) {
      if (track) {
        announce(*track);
      }
    }
  }
  note_join_point(*frame);
  muxer_->write_frame(*frame, log_);
  last_dts_ = std::max(last_dts_, frame->dts);
  last_source_dts_ = frame->source_dts;
  ++frames_;
  index_.note_end(last_dts_);
  if (!settled_) {
    settle(*frame);
  } else if (waiting_count_ != 0) {
    start_waiting_readers();
  }
  if (log_bytes() > options_.max_bytes) {
    trim();
  }
  if (reader_count_ != 0 && !replaying_ &&
      (options_.merge.latency == Duration::zero() ||
       options_.merge.kind == MergePolicy::Kind::kByCount)) {
    loop_.at_turn_end(*this);
  }
}

void Rendition::end_replay() {
  replaying_ = false;
  if (options_.audio_only && waiting_count_ != 0) {
    start_waiting_readers();
  }
}

void Rendition::on_end() {
  // What waits for a merged write goes out now, as nothing follows that it could be merged with.
  for (Bucket& bucket : buckets_) {
    flush(bucket);
    for (Reader* reader : bucket.readers) {
      if (reader->started()) {
        reader->owner_.on_publisher_gone();
      }
    }
  }
  muxer_->on_end();
  index_.forget_joins();
  video_ = nullptr;
  audio_ = nullptr;
  metadata_ = nullptr;
  any_frame_ = false;
  settled_ = false;
  frames_since_join_ = 0;
  audio_since_video_ = 0;
}

JoinPoint Rendition::join_point_at_head() const {
  return {log_.end(), last_dts_, last_source_dts_, video_, audio_, metadata_, muxer_->mark()};
}

void Rendition::note_join_point(const Frame& frame) {
  if (frame.is_video()) {
    audio_since_video_ = 0;
    if (frame.random_access) {
      JoinPoint point = join_point_at_head();
      point.dts = frame.dts;
      point.source_dts = frame.source_dts;
      point.video = frame.track;
      index_.add_join(std::move(point));
      frames_since_join_ = 0;
      return;
    }
  } else if (video_ != nullptr && ++audio_since_video_ > kPureAudioFrames) {
    index_.forget_joins();
  }
  if (video_ == nullptr && !settled_ && index_.newest_join() == nullptr) {
    // Perhaps there is audio only; then those who wait begin with the first frame.
    JoinPoint point = join_point_at_head();
    point.dts = frame.dts;
    point.source_dts = frame.source_dts;
    index_.add_join(std::move(point));
    return;
  }
  ++frames_since_join_;
  if (options_.gop_max_frames != 0 && frames_since_join_ > options_.gop_max_frames) {
    index_.forget_joins();
  }
}

void Rendition::settle(const Frame& frame) {
  if (video_ == nullptr && !options_.audio_only && frame.dts - first_dts_ < kSettleTime) {
    return;
  }
  settled_ = true;
  if (video_ != nullptr) {
    // The provisional join point of an audio-only stream is none for one with video.
    index_.forget_joins_without_video();
  }
  start_waiting_readers();
  if (video_ == nullptr) {
    index_.forget_joins();  // later readers of an audio-only stream begin at the head
  }
}

void Rendition::start_waiting_readers() {
  for (Bucket& bucket : buckets_) {
    for (Reader* reader : bucket.readers) {
      if (reader->position_ == Reader::kWaiting && place(*reader) && !replaying_) {
        loop_.at_turn_end(*this);
      }
    }
  }
}

/// Gives a waiting reader its first position, if there is one.
bool Rendition::place(Reader& reader) {
  if (!settled_ || reader.position_ != Reader::kWaiting) {
    return false;
  }
  if (options_.audio_only) {
    if (replaying_) {
      return false;
    }
    // Who has waited for the stream begins with its first frame; who was too slow is not given the
    // backlog again.
    const JoinPoint* first = index_.newest_join();
    reader.position_ = reader.primed_     ? log_.end()
                       : first != nullptr ? first->position
                                          : backlog_begin();
  } else if (const JoinPoint* newest = index_.newest_join(); newest != nullptr) {
    // Without the cache only a random access point that came just now will do.
    if (!options_.gop_cache && newest->video != nullptr && frames_since_join_ != 0) {
      return false;
    }
    reader.position_ = newest->position;
  } else if (video_ == nullptr || audio_since_video_ > kPureAudioFrames) {
    reader.position_ = log_.end();
  } else {
    return false;
  }
  --waiting_count_;
  return true;
}

// ---- bytes out
// -------------------------------------------------------------------------------------

/// Where a reader of audio alone begins: with the first frame that is not older than the backlog.
uint64_t Rendition::backlog_begin() const {
  return options_.backlog > MediaTime(0)
             ? index_.oldest_within(SIZE_MAX, options_.backlog, last_dts_)
             : log_.end();
}

bool Rendition::prime(Reader& reader) {
  const JoinPoint* point = index_.point_at(reader.position_);
  JoinPoint head;
  if (point == nullptr) {
    if (reader.position_ != log_.end() && !options_.audio_only) {
      return false;  // its join point has gone while it waited for the socket
    }
    head = join_point_at_head();
    point = &head;
  }
  prime_scratch_.clear();
  muxer_->write_prime(*point, reader.clock_, prime_scratch_);
  reader.clock_.metadata_told = nullptr;
  reader.needs_prime_ = false;
  reader.primed_ = true;
  reader.connection_.write(Bytes(prime_scratch_));
  return true;
}

/// A publisher may have nothing to send but its metadata, or nothing else yet.
void Rendition::tell_metadata(Reader& reader) {
  if (!metadata_ || reader.primed_ || reader.position_ != Reader::kWaiting) {
    return;
  }
  prime_scratch_.clear();
  muxer_->write_metadata_ahead(*metadata_, prime_scratch_);
  if (!prime_scratch_.empty()) {
    reader.clock_.metadata_told = metadata_;
    reader.connection_.write(Bytes(prime_scratch_));
  }
}

void Rendition::pump(Reader& reader) {
  Connection& connection = reader.connection_;
  std::array<iovec, kPiecesPerWrite> pieces;
  for (int writes = 0; writes < kWritesPerTurn; ++writes) {
    if (connection.closed() || connection.queued_bytes() != 0) {
      return;
    }
    if (!reader.carry_.empty()) {
      const iovec piece{reader.carry_.data(), reader.carry_.size()};
      const size_t sent = connection.try_write({&piece, 1});
      reader.carry_.erase(reader.carry_.begin(),
                          reader.carry_.begin() + static_cast<std::ptrdiff_t>(sent));
      if (!reader.carry_.empty()) {
        return;
      }
      std::vector<uint8_t>().swap(reader.carry_);
    }
    if (!reader.between_.empty() && between_frames(reader)) {
      connection.write(Bytes(reader.between_));
      std::vector<uint8_t>().swap(reader.between_);
      continue;
    }
    if (reader.position_ == Reader::kWaiting) {
      return;
    }
    if (reader.needs_prime_) {
      if (!prime(reader)) {
        reader.position_ = Reader::kWaiting;
        ++waiting_count_;
        if (!place(reader)) {
          return;
        }
      }
      continue;
    }
    const uint64_t stop =
        reader.between_.empty() ? index_.next_stop(reader.position_) : frame_stop(reader);
    if (stop == reader.position_) {
      return;
    }
    const size_t count = log_.gather(reader.position_, stop, pieces);
    size_t wanted = 0;
    for (size_t i = 0; i < count; ++i) {
      wanted += pieces[i].iov_len;
    }
    const size_t sent = connection.try_write({pieces.data(), count});
    reader.position_ += sent;
    if (sent != 0 && index_.has_splices() && index_.splice_at(reader.position_) != nullptr) {
      reader.needs_prime_ = true;
    }
    if (sent < wanted) {
      return;
    }
    if (reader.position_ == log_.end() && reader.between_.empty() && !reader.needs_prime_) {
      return;
    }
  }
  loop_.at_turn_end(*this);  // more to send than its share
}

void Rendition::flush(Bucket& bucket) {
  bucket.sent_frames = frames_;
  bucket.sent_at = loop_.now();
  for (size_t i = 0; i < bucket.readers.size(); ++i) {
    // Since its last turn a reader has left the caches: the next ones come in while this one's
    // bytes are sent.
    if (i + 2 < bucket.readers.size()) {
      __builtin_prefetch(&bucket.readers[i + 1]->connection_, 1);
      __builtin_prefetch(bucket.readers[i + 2], 1);
    }
    pump(*bucket.readers[i]);
  }
}

void Rendition::on_turn_end() {
  if (options_.merge.kind == MergePolicy::Kind::kByCount &&
      options_.merge.latency > Duration::zero()) {
    for (Bucket& bucket : buckets_) {
      if (frames_ - std::min(frames_, bucket.sent_frames) > options_.merge.messages) {
        flush(bucket);
      }
    }
    return;
  }
  for (Bucket& bucket : buckets_) {
    flush(bucket);
  }
}

void Rendition::on_merge_timer() {
  if (reader_count_ == 0) {
    return;
  }
  // The ticks keep their own time: counted from when each one came to run, the delays of a busy
  // machine would add up to a second round of waiting.
  const size_t used = used_buckets();
  const Duration interval = options_.merge.latency / used;
  for (size_t ticks = 0; ticks < used && merge_due_ <= loop_.now(); ++ticks) {
    merge_due_ += interval;
    flush_bucket_ = (flush_bucket_ + 1) % used;
    Bucket& bucket = buckets_[flush_bucket_];
    // By count the time is only the bound for a stream of few frames.
    if (options_.merge.kind == MergePolicy::Kind::kByTime ||
        loop_.now() - bucket.sent_at >= options_.merge.latency) {
      flush(bucket);
    }
  }
  if (merge_due_ <= loop_.now()) {
    merge_due_ = loop_.now() + interval;  // a whole round late: all buckets were served just now
  }
  loop_.arm(merge_timer_, merge_due_);
}

/// Few readers share few buckets, so that a stream with one viewer costs one wake-up for each
/// merged write.
size_t Rendition::bucket_for_next_reader() const {
  const size_t usable = std::min(reader_count_ / kReadersPerBucket + 1, kBuckets);
  size_t smallest = 0;
  for (size_t i = 1; i < usable; ++i) {
    if (buckets_[i].readers.size() < buckets_[smallest].readers.size()) {
      smallest = i;
    }
  }
  return smallest;
}

size_t Rendition::used_buckets() const {
  size_t used = kBuckets;
  while (used > 1 && buckets_[used - 1].readers.empty()) {
    --used;
  }
  return used;
}

// ---- memory
// ----------------------------------------------------------------------------------------

void Rendition::maintain() {
  loop_.arm_in(maintenance_, kMaintenance);
  for (Bucket& bucket : buckets_) {
    for (size_t i = 0; i < bucket.readers.size(); ++i) {
      Reader& reader = *bucket.readers[i];
      // Blocked, and not merely behind: what waits for a merged write is not the peer's fault.
      if (reader.connection_.blocked() && !reader.stalled_ &&
          loop_.now() - reader.connection_.last_write() > options_.stall_limit) {
        reader.stalled_ = true;
        reader.owner_.on_reader_stalled();
      }
    }
  }
  trim();
}

void Rendition::trim() {
  // Needed: the join point for the next reader, and what readers have not had yet, within the
  // bounds.
  uint64_t lowest_reader = log_.end();
  for (const Bucket& bucket : buckets_) {
    for (const Reader* reader : bucket.readers) {
      if (reader->position_ != Reader::kWaiting) {
        lowest_reader = std::min(lowest_reader, reader->position_);
      }
    }
  }
  const uint64_t oldest_allowed =
      index_.oldest_within(options_.max_bytes, options_.max_lag, last_dts_);
  const bool too_large = log_bytes() > options_.max_bytes;
  const JoinPoint* join = index_.newest_join();
  if (too_large && join != nullptr && join->position < oldest_allowed) {
    index_.forget_joins();  // one GOP is longer than the bound
    join = nullptr;
  }
  uint64_t keep_from = std::max(lowest_reader, oldest_allowed);
  if (join != nullptr) {
    keep_from = std::min(keep_from, join->position);
  }
  if (options_.audio_only && !too_large) {
    keep_from = std::min(keep_from, backlog_begin());
  }
  if (keep_from <= log_.begin()) {
    return;
  }
  if (lowest_reader < keep_from) {
    for (Bucket& bucket : buckets_) {
      for (Reader* reader : bucket.readers) {
        if (reader->position_ < keep_from) {
          overtake(*reader);
        }
      }
    }
  }
  index_.forget_before(keep_from);
  log_.trim(keep_from);
}

/// Where a reader may stop next: the end of the frame it is in. Further when TLS must be offered
/// bytes again, as many as it may have made a record of; never beyond a splice, which no write has
/// crossed.
uint64_t Rendition::frame_stop(const Reader& reader) const {
  const uint64_t limit = index_.next_stop(reader.position_);
  uint64_t stop = std::min(index_.frame_end_after(reader.position_), limit);
  if (reader.connection_.must_repeat_write()) {
    while (stop - reader.position_ < Connection::kTlsRecordBytes && stop < limit) {
      stop = std::min(index_.frame_end_after(stop), limit);
    }
  }
  return stop;
}

/// Other bytes may go to the reader's connection now, as far as the log is concerned.
bool Rendition::between_frames(const Reader& reader) const {
  return (reader.position_ == Reader::kWaiting || index_.at_boundary(reader.position_)) &&
         !reader.connection_.must_repeat_write();
}

/// What must follow the bytes that a reader has had, so that it stands between two frames.
void Rendition::copy_rest_of_frame(const Reader& reader, std::vector<uint8_t>& out) const {
  // Who is to be primed has had nothing from its position on; a repeated write is then of its
  // carry.
  if (reader.position_ != Reader::kWaiting && !reader.needs_prime_ && !between_frames(reader)) {
    log_.copy(reader.position_, frame_stop(reader), out);
  }
}

/// The log is about to forget what this reader has not had: it keeps the rest of the frame it is in
/// the middle of, then goes on at the newest random access point.
void Rendition::overtake(Reader& reader) {
  copy_rest_of_frame(reader, reader.carry_);
  ++reader.skips_;
  reader.needs_prime_ = true;
  reader.position_ = Reader::kWaiting;
  ++waiting_count_;
  (void)place(reader);
}

}  // namespace millrace
