#include "protocols/webrtc/packet_rendition.hpp"

#include <algorithm>

#include "base/cache.hpp"
#include "rtp/packet/red.hpp"

namespace millrace::webrtc {

namespace {

// What a player may ask for again: a second or two of a fast stream. Powers of two.
constexpr size_t kVideoHistory = 2048;
constexpr size_t kAudioHistory = 256;
constexpr size_t kHistoryBytes = size_t{4} << 20;
constexpr Duration kHistoryAge = seconds(3);
// A burst every few milliseconds is some 80 Mbit/s: faster than any stream, slower than what fills
// the queues of a home router.
constexpr uint32_t kPacketsPerBurst = 40;
constexpr Duration kBurstInterval = milliseconds(5);
// How much faster than the path a burst is. As with pacers of WebRTC senders: a key frame is to
// arrive soon, and a stream that is held back must get to its present again.
constexpr uint64_t kPacingFactor = 5;
constexpr uint64_t kPacingDivisor = 2;
constexpr uint64_t kPacketBits = 1200 * 8;
// Of the log: several seconds of the fastest streams.
constexpr size_t kMaxLogBytes = size_t{16} << 20;
constexpr Duration kMeasureInterval = seconds(1);
constexpr Duration kFirstMeasure = milliseconds(300);
// An encoder that spares for a key frame may leave a second out.
constexpr Duration kSilence = seconds(2);
// So many players' requests become one.
constexpr Duration kKeyFrameInterval = milliseconds(100);
constexpr Duration kLinger = seconds(5);
// Within RED. Browsers take Opus by it, so that what they get needs no change.
constexpr uint8_t kUsualOpusType = 111;

size_t place_of(TrackKind kind) { return kind == TrackKind::kAudio ? 1 : 0; }

}  // namespace

PacketReader::PacketReader() : burst_(kPacketsPerBurst) {}

void PacketReader::pace(uint64_t rate_bps) {
  const uint64_t bits = rate_bps * kPacingFactor / kPacingDivisor *
                        static_cast<uint64_t>(duration_cast<milliseconds>(kBurstInterval).count()) /
                        1000;
  burst_ =
      rate_bps == 0
          ? kPacketsPerBurst
          : static_cast<uint32_t>(std::clamp<uint64_t>(bits / kPacketBits, 1, kPacketsPerBurst));
}

RenditionSource::RenditionSource(uint32_t of_number, PacketSourceRef of_source)
    : number(of_number),
      source(std::move(of_source)),
      history(source->is_video() ? kVideoHistory : kAudioHistory, kHistoryBytes, kHistoryAge) {}

void RenditionSource::measure(const rtp::MediaPacket& packet) {
  newest_arrival_ = std::max(newest_arrival_, packet.arrival);
  measured_ = measured_.value_or(packet.arrival);
  const Duration elapsed = packet.arrival - *measured_;
  const bool first = rate_bps == 0;
  if (elapsed >= (first ? kFirstMeasure : kMeasureInterval)) {
    const auto elapsed_us = static_cast<uint64_t>(duration_cast<microseconds>(elapsed).count());
    const uint64_t rate = bytes_ * 8'000'000 / elapsed_us;
    const uint64_t needed = needed_bytes_ * 8'000'000 / elapsed_us;
    // A key frame makes a second large, which is not another rate.
    rate_bps = first ? rate : (rate_bps * 3 + rate) / 4;
    needed_bps = first ? needed : (needed_bps * 3 + needed) / 4;
    measured_ = packet.arrival;
    bytes_ = 0;
    needed_bytes_ = 0;
  }
  bytes_ += packet.payload().size();
  needed_bytes_ += packet.info.discardable ? 0 : packet.payload().size();
}

void RenditionSource::measure_silence(Time now) {
  if (now - newest_arrival_ >= kSilence) {
    rate_bps = 0;
    needed_bps = 0;
    measured_ = std::nullopt;
    bytes_ = 0;
    needed_bytes_ = 0;
  }
}

PacketRendition::PacketRendition(LoopContext& context, const std::string& stream,
                                 const PacketRenditionOptions& options)
    : context_(context),
      options_(options),
      stream_(context.hub.use(stream)),
      frames_(
          context.loop.pool(),
          options.keep_bframe ? FramePacketizer::BFrames::kKeep : FramePacketizer::BFrames::kDrop,
          options.keep_sei ? rtp::Sei::kKeep : rtp::Sei::kLeaveOut),
      idle_since_(context.loop.now()),
      measured_(context.loop.now()),
      catch_up_([this] { pump_all(); }) {
  replaying_ = true;
  stream_->attach(*this, options.gop_cache ? Stream::Replay::kGop : Stream::Replay::kNo,
                  AudioForm::kRtc);
  stream_->attach_packets(*this);
  replaying_ = false;
}

PacketRendition::~PacketRendition() {
  context_.loop.forget_turn_end(*this);
  stream_->detach_packets(*this);
  stream_->detach(*this);
}

// ---- players
// ---------------------------------------------------------------------------------------

uint64_t PacketRendition::start_of(const RenditionSource* source) const {
  if (!options_.gop_cache) {
    return log_end();
  }
  if (source != nullptr) {
    return source->join.value_or(log_end());
  }
  uint64_t start = log_end();
  for (const auto& one : sources_) {
    if (one->live && one->join) {
      start = std::min(start, *one->join);
    }
  }
  return start;
}

void PacketRendition::add(PacketReader& reader, uint64_t position) {
  reader.slot_ = static_cast<uint32_t>(readers_.size());
  readers_.push_back({&reader, std::clamp(position, log_begin_, log_end())});
  redundancy_readers_ += reader.wants_redundancy() ? 1 : 0;
  pump(reader.slot_);
}

void PacketRendition::remove(PacketReader& reader) {
  const Reader last = readers_.back();
  readers_[reader.slot_] = last;
  last.reader->slot_ = reader.slot_;
  readers_.pop_back();
  redundancy_readers_ -= reader.wants_redundancy() ? 1 : 0;
  reader.slot_ = PacketReader::kNoSlot;
  if (readers_.empty()) {
    idle_since_ = context_.loop.now();
  }
}

/// Sends what the reader has not had, as far as one burst reaches.
void PacketRendition::pump(size_t slot) {
  Reader& entry = readers_[slot];
  PacketReader& reader = *entry.reader;
  if (entry.position < log_begin_) {
    entry.position = std::clamp(reader.on_overtaken(), log_begin_, log_end());
  }
  const Time now = context_.loop.now();
  if (now < reader.held_until_) {
    if (!catch_up_.armed()) {
      context_.loop.arm(catch_up_, reader.held_until_);
    }
    return;
  }
  const size_t stopped =
      reader.on_packets(log_, entry.position - log_begin_, log_.size(), reader.burst_, now);
  if (reader.slot_ == PacketReader::kNoSlot) {
    return;  // it has ended within the call
  }
  const uint64_t position = readers_[reader.slot_].position = log_begin_ + stopped;
  if (position < log_end()) {
    reader.held_until_ = now + kBurstInterval;
    if (!catch_up_.armed()) {
      context_.loop.arm_in(catch_up_, kBurstInterval);
    }
  }
}

void PacketRendition::pump_all() {
  // By index: a player that ends within the call makes room for the last one, which is then served
  // in the next turn.
  for (size_t i = 0; i < readers_.size(); ++i) {
    // Of hundreds of players none is in the nearer caches any more when its turn comes. Sending to
    // the ones before takes longer than fetching it.
    if (i + 2 < readers_.size()) {
      fetch_to_cache(readers_[i + 2].reader, PacketReader::kFetchedBytes);
    }
    if (i + 1 < readers_.size()) {
      readers_[i + 1].reader->fetch();
    }
    pump(i);
  }
  trim();
}

void PacketRendition::on_turn_end() {
  measure_silence();
  pump_all();
}

const RenditionSource* PacketRendition::find(uint32_t number) const {
  for (const auto& source : sources_) {
    if (source->number == number) {
      return source.get();
    }
  }
  return nullptr;
}

void PacketRendition::request_key_frame(const RenditionSource* source) {
  // The publisher's side merges what it is asked for; this spares the way there.
  Time& asked = source != nullptr ? source->key_frame_asked : key_frame_asked_;
  if (context_.loop.now() - asked < kKeyFrameInterval) {
    return;
  }
  asked = context_.loop.now();
  if (!stream_->carries_packets()) {
    stream_->request_key_frame();
  } else if (source == nullptr || source->live) {
    stream_->request_key_frame(source != nullptr ? source->source->description().number : 0);
  }
}

// ---- sources
// ---------------------------------------------------------------------------------------

RenditionSource& PacketRendition::add_source(const PacketSourceRef& source) {
  for (const auto& other : sources_) {
    if (other->live && other->source->same_place(*source)) {
      other->live = false;
      other->join = std::nullopt;
    }
  }
  ++generation_;
  sources_.push_back(std::make_unique<RenditionSource>(next_source_++, source));
  return *sources_.back();
}

RenditionSource& PacketRendition::source_of(const PacketSourceRef& source) {
  for (const auto& known : sources_) {
    if (known->source == source) {
      return *known;
    }
  }
  return add_source(source);
}

void PacketRendition::measure_silence() {
  const Time now = context_.loop.now();
  if (now - measured_ < kMeasureInterval) {
    return;
  }
  measured_ = now;
  for (const auto& source : sources_) {
    source->measure_silence(now);
  }
}

// ---- the stream
// ------------------------------------------------------------------------------------

void PacketRendition::on_track(const TrackRef& track) {
  if (track->kind == TrackKind::kData || stream_->carries_packets() ||
      frames_.set_track(*track) == FramePacketizer::Changed::kNo) {
    return;
  }
  PacketSource::Description description;
  description.kind = track->kind;
  description.codec = track->codec;
  description.clock_rate = frames_.clock_rate(track->kind);
  made_[place_of(track->kind)] = PacketSource::make(std::move(description));
}

void PacketRendition::on_frame(const FrameRef& frame) {
  if (frame->is_data() || frame->end_of_sequence || stream_->carries_packets()) {
    return;
  }
  const PacketSourceRef& made = made_[place_of(frame->track->kind)];
  scratch_.clear();
  if (const Status status = frames_.packetize(*frame, context_.loop.now(), scratch_);
      !status.ok()) {
    return context_.troubles.note("webrtc", status.error());
  }
  if (scratch_.empty() || !made) {
    return;
  }
  RenditionSource& source = source_of(made);
  if (!replaying_) {  // what comes from the cache is old
    source.reference = frames_.reference(*frame, context_.loop.now());
  }
  if (frame->is_video()) {
    if (frame->random_access) {
      frames_since_join_ = 0;
    } else if (++frames_since_join_ > options_.gop_max_frames && options_.gop_max_frames != 0) {
      source.join = std::nullopt;
    }
  }
  for (const rtp::MediaPacketRef& packet : scratch_) {
    append(source, packet);
  }
  scratch_.clear();
}

void PacketRendition::on_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
  RenditionSource& of = source_of(source);
  if (!of.live) {
    return;
  }
  of.reference = {packet->timestamp, packet->moment, source->description().clock_rate};
  append(of, packet);
}

/// @return the packet as RED, with a copy of the one before it; as it is when there is none, or no
/// room for it.
rtp::MediaPacketRef PacketRendition::with_redundancy(const RenditionSource& source,
                                                     const rtp::MediaPacketRef& packet) const {
  const rtp::MediaPacketRef& before = source.before;
  // Receivers take the copy for the packet with the number before.
  if (!before || packet->index != source.next_index) {
    return packet;
  }
  const int64_t offset = packet->timestamp - before->timestamp;
  const Bytes copy = before->primary();
  const Bytes primary = packet->payload();
  if (offset <= 0 || offset > rtp::RedPayload::kMaxTimestampOffset || copy.empty() ||
      copy.size() > rtp::RedPayload::kMaxRedundantBytes || primary.empty()) {
    return packet;
  }
  rtp::RedPayload red;
  red.add({kUsualOpusType, static_cast<uint16_t>(offset), copy});
  red.add({kUsualOpusType, 0, primary});
  if (red.size() > rtp::kDefaultMaxPayloadSize) {
    return packet;
  }
  auto made = rtp::MediaPacket::make(context_.loop.pool(), red.size());
  ByteWriter writer(made->mutable_payload());
  red.write_to(writer);
  made->index = packet->index;
  made->timestamp = packet->timestamp;
  made->arrival = packet->arrival;
  made->moment = packet->moment;
  made->marker = packet->marker;
  made->primary_offset = static_cast<uint16_t>(red.size() - primary.size());
  made->info = packet->info;
  made->playout_delay = packet->playout_delay;
  made->audio_level = packet->audio_level;
  made->abs_capture_time = packet->abs_capture_time;
  return made;
}

void PacketRendition::append(RenditionSource& source, rtp::MediaPacketRef packet) {
  if (source.source->description().codec == CodecId::kOpus) {
    if (redundancy_readers_ != 0) {
      packet = with_redundancy(source, packet);
    }
    if (!packet->payload().empty()) {
      source.before = packet;
      source.next_index = packet->index + 1;
    } else if (packet->index == source.next_index) {
      ++source.next_index;  // padding: players do not see its number
    }
  }
  // Of the packets of a picture that look like its beginning the first counts.
  if (source.source->is_video() && packet->info.starts_random_access &&
      source.random_access_timestamp != packet->timestamp) {
    source.random_access_timestamp = packet->timestamp;
    source.join = log_end();
    source.join_packets = source.packets;
  }
  source.newest_timestamp = std::max(source.newest_timestamp, packet->timestamp);
  if (source.packets++ == 0) {
    source.newest_timestamp = packet->timestamp;
  }
  // Packets that are made of frames of the past all come now.
  if (!replaying_ || source.source->description().number != 0) {
    source.measure(*packet);
  }
  source.history.add(packet);
  log_bytes_ += packet->payload().size();
  log_.push_back({packet, &source});
  source.end = log_end();
  if (!replaying_) {
    if (readers_.empty()) {
      measure_silence();
      trim();
    } else {
      context_.loop.at_turn_end(*this);
    }
  }
}

/// Everything of the publisher is let go at once: its packets may be of another loop's memory.
void PacketRendition::on_end() {
  pump_all();
  ++generation_;
  log_begin_ = log_end();
  log_.clear();
  log_bytes_ = 0;
  for (Reader& reader : readers_) {
    reader.position = log_begin_;
  }
  sources_.clear();
  made_ = {};
  frames_.reset();
}

/// Forgets what lies before the join points and before the slowest reader.
void PacketRendition::trim() {
  uint64_t keep = log_end();
  for (const auto& source : sources_) {
    source->history.trim(context_.loop.now());
    if (source->join) {
      if (source->source->description().number != 0 &&
          source->packets - source->join_packets > kVideoHistory) {
        source->join = std::nullopt;  // its publisher can be asked for a newer one
      } else {
        keep = std::min(keep, *source->join);
      }
    }
  }
  for (const Reader& reader : readers_) {
    keep = std::min(keep, reader.position);
  }
  while (!log_.empty() && (log_begin_ < keep || log_bytes_ > kMaxLogBytes)) {
    log_bytes_ -= log_.front().packet->payload().size();
    log_.pop_front();
    ++log_begin_;
  }
  for (const auto& source : sources_) {
    if (source->join && *source->join < log_begin_) {
      source->join = std::nullopt;
    }
  }
  std::erase_if(sources_, [this](const auto& source) {
    return !source->live && source->end <= log_begin_ && source->history.size() == 0;
  });
}

// ---- the renditions of a loop
// ----------------------------------------------------------------------

PacketRenditions::PacketRenditions(LoopContext& context)
    : context_(context), drop_idle_([this] { drop_idle(); }) {}

PacketRendition& PacketRenditions::get(const std::string& stream,
                                       const PacketRenditionOptions& options) {
  const std::string form =
      stream + (options.keep_bframe ? " bframes" : "") + (options.keep_sei ? "" : " no-sei") +
      (options.gop_cache ? " gop " : " ") + std::to_string(options.gop_max_frames);
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
