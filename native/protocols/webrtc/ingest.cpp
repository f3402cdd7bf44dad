#include "protocols/webrtc/ingest.hpp"

#include <algorithm>
#include <array>

#include "protocols/publish_options.hpp"
#include "protocols/webrtc/rtp_counters.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/packet/red.hpp"
#include "rtp/packet/rtx.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/reports.hpp"
#include "rtp/rtcp/source_description.hpp"

namespace millrace::webrtc {

namespace {

// Audio, video in a few layers, and those of an encoder that has started anew.
constexpr size_t kMaxSources = 12;
constexpr Duration kReportInterval = seconds(1);
constexpr Duration kShortestRepair = milliseconds(5);
// Between two NACKs of one packet, on however short a path.
constexpr Duration kShortestRoundTrip = milliseconds(20);
constexpr size_t kMaxCompound = 1200;
// A layer that is so much more than the one at hand is a better picture, and not one that moves
// more at present.
constexpr uint64_t kClearlyLarger = 2;

std::unique_ptr<rtp::Depacketizer> depacketizer_of(const NegotiatedCodec& codec, BlockPool& pool) {
  rtp::DepacketizerOptions options;
  options.codec = codec.codec;
  options.channels = codec.channels != 0 ? codec.channels : 1;
  return rtp::make_depacketizer(options, pool);
}

}  // namespace

Ingest::Ingest(Transport& transport)
    : transport_(transport),
      description_(transport.shared().description),
      own_ssrc_(static_cast<uint32_t>(transport.context().sessions.random()) | 1),
      tells_reference_time_(std::any_of(
          description_.media.begin(), description_.media.end(),
          [](const MediaDescription& media) { return media.active && media.reference_time; })),
      repair_([this] { on_repair_timer(); }),
      report_([this] { on_report_timer(); }),
      feedback_([this] { on_feedback_timer(); }) {}

Ingest::~Ingest() { stop(); }

Status Ingest::start() {
  LoopContext& context = transport_.context();
  PublishOptions options = PublishOptions::from(description_.publish, context.limits);
  options.stream = description_.stream;
  options.publication.packets = true;
  auto publication = begin_publication(context, options);
  if (!publication.ok()) {
    return publication.error();
  }
  publication_ = std::move(*publication);
  publication_->on_key_frame_wanted([this](uint32_t source) { ask_for_key_frames(source); });
  pli_due_ = context.loop.now() + description_.pli_interval;
  context.loop.arm_in(report_, kReportInterval);
  return {};
}

void Ingest::stop() {
  publication_ = nullptr;
  repair_.disarm();
  report_.disarm();
  feedback_.disarm();
}

void Ingest::note(Error error) {
  transport_.context().troubles.note("webrtc", error, transport_.shared().id);
}

// ---- sources
// ---------------------------------------------------------------------------------------

ReceivedSource* Ingest::source_of(const rtp::RtpPacket& packet) {
  for (const auto& source : sources_) {
    if (source->ssrc == packet.ssrc) {
      return source.get();
    }
  }
  return nullptr;
}

ReceivedSource* Ingest::repaired_by(const rtp::RtpPacket& packet) {
  for (const RepairSource& repair : repairs_) {
    if (repair.ssrc != packet.ssrc) {
      continue;
    }
    for (const auto& source : sources_) {
      if (&source->media == repair.media && source->rid == repair.rid && !source->superseded) {
        return source.get();
      }
    }
  }
  return nullptr;
}

/// Finds out what a new SSRC is: by its payload type, and by mid where several m-lines have that.
/// @return false when nobody knows.
bool Ingest::learn(const rtp::RtpPacket& packet) {
  for (const MediaDescription& media : description_.media) {
    if (!media.active) {
      continue;
    }
    const auto extensions = rtp::HeaderExtensions::parse(packet, media.extensions);
    if (!extensions.mid.empty() && extensions.mid != media.mid) {
      continue;
    }
    for (const NegotiatedCodec& codec : media.codecs) {
      if (codec.rtx_payload_type == packet.payload_type) {
        if (repairs_.size() == kMaxSources) {
          repairs_.erase(repairs_.begin());
        }
        repairs_.push_back({packet.ssrc, &media, std::string(extensions.repaired_rid)});
        return true;
      }
      if (codec.payload_type == packet.payload_type ||
          codec.red_payload_type == packet.payload_type) {
        return add_source(packet, media, codec, extensions.rid) != nullptr;
      }
    }
  }
  return false;
}

ReceivedSource* Ingest::add_source(const rtp::RtpPacket& packet, const MediaDescription& media,
                                   const NegotiatedCodec& codec, std::string_view rid) {
  if (sources_.size() == kMaxSources) {
    // The oldest of those whose encoder has begun anew; without one of those there are too many.
    const auto old =
        std::ranges::find_if(sources_, [](const auto& one) { return one->superseded; });
    if (old == sources_.end()) {
      return nullptr;
    }
    sources_.erase(old);
  }
  auto made = std::make_unique<ReceivedSource>(packet.ssrc, media, codec, rid, next_number_++,
                                               transport_.context().loop.pool());
  ReceivedSource& source = *made;
  const auto before = std::ranges::find_if(sources_, [&](const auto& other) {
    return &other->media == &media && other->rid == rid && !other->superseded;
  });
  if (before != sources_.end()) {
    (*before)->superseded = true;
    source.clock_track = (*before)->clock_track;
    clock_.restart_track(source.clock_track, source.source->description().clock_rate);
    if (frame_source(media.kind) == before->get()) {
      frame_source(media.kind) = nullptr;
    }
  } else {
    source.clock_track = clock_.add_track(media.kind, source.source->description().clock_rate);
  }
  sources_.push_back(std::move(made));
  if (frame_source(media.kind) == nullptr) {
    choose_for_frames(source);
  }
  return &source;
}

// ---- packets
// ---------------------------------------------------------------------------------------

void Ingest::on_rtp(std::span<uint8_t> bytes) {
  const auto parsed = rtp::RtpPacket::parse(bytes);
  if (!parsed.ok()) {
    return note(parsed.error());
  }
  const rtp::RtpPacket& packet = *parsed;
  if (description_.drop_for_pt != 0 && packet.payload_type == description_.drop_for_pt) {
    return;
  }
  ReceivedSource* source = source_of(packet);
  ReceivedSource* repaired = source == nullptr ? repaired_by(packet) : nullptr;
  if (source == nullptr && repaired == nullptr) {
    if (!learn(packet)) {
      return;
    }
    source = source_of(packet);
    repaired = source == nullptr ? repaired_by(packet) : nullptr;
  }
  if (source != nullptr) {
    take(*source, packet, rtp::ReceiveStream::Source::kOriginal);
  } else if (repaired != nullptr) {
    take(*repaired, packet, rtp::ReceiveStream::Source::kRetransmission);
  }
}

void Ingest::take_number_of(const rtp::HeaderExtensions& extensions,
                            const MediaDescription& media) {
  if (media.transport_cc && extensions.transport_sequence_number) {
    Loop& loop = transport_.context().loop;
    arrivals_.on_packet(*extensions.transport_sequence_number, loop.now());
    if (const auto due = arrivals_.next_deadline(); due && !feedback_.armed()) {
      loop.arm(feedback_, *due);
    }
  }
}

void Ingest::take(ReceivedSource& source, const rtp::RtpPacket& packet,
                  rtp::ReceiveStream::Source from) {
  const auto extensions = rtp::HeaderExtensions::parse(packet, source.media.extensions);
  take_number_of(extensions, source.media);
  if (source.superseded || publication_ == nullptr) {
    return;
  }
  if (from == rtp::ReceiveStream::Source::kRetransmission) {
    if (const auto original =
            rtp::decapsulate_rtx(packet, source.ssrc, source.codec.payload_type)) {
      receive(source, *original, extensions, from);
    }
  } else if (source.codec.red_payload_type == packet.payload_type) {
    receive_redundant(source, packet, extensions);
  } else {
    receive(source, packet, extensions, from);
  }
  drain(source);
  arm_repair();
}

void Ingest::receive(ReceivedSource& source, const rtp::RtpPacket& packet,
                     const rtp::HeaderExtensions& extensions, rtp::ReceiveStream::Source from) {
  auto kept = source.stream.receive(packet, extensions, from, transport_.context().loop.now());
  if (auto first = source.stream.take_confirmed()) {
    source.restart(next_number_++);
    clock_.restart_track(source.clock_track, source.source->description().clock_rate);
    forward(source, std::move(first));
  }
  if (!kept) {
    return;
  }
  RtpCounters& counters = transport_.shared().rtp;
  if (from == rtp::ReceiveStream::Source::kRetransmission) {
    bump(counters.retransmissions_in);
  } else if (from == rtp::ReceiveStream::Source::kRedundancy) {
    bump(counters.recovered);
  }
  forward(source, std::move(kept));
}

/// Takes a RED payload apart: from here on the stream is one of plain packets, those that were lost
/// and have come as redundancy among them.
void Ingest::receive_redundant(ReceivedSource& source, const rtp::RtpPacket& packet,
                               const rtp::HeaderExtensions& extensions) {
  if (packet.payload.empty()) {  // padding that probes for bandwidth
    return receive(source, packet, extensions, rtp::ReceiveStream::Source::kOriginal);
  }
  const auto red = rtp::RedPayload::parse(packet.payload);
  if (!red.ok()) {
    return note(red.error());
  }
  if (red->primary().payload_type != source.codec.payload_type) {
    return note({ErrorCode::kRtpPayloadMalformed, red->primary().payload_type});
  }
  rtp::RtpPacket plain = packet;
  plain.payload_type = source.codec.payload_type;
  for (const auto& block : red->blocks().first(red->blocks().size() - 1)) {
    const uint32_t timestamp = packet.timestamp - block.timestamp_offset;
    if (block.payload_type != source.codec.payload_type || block.data.empty()) {
      continue;
    }
    if (const auto missing = source.stream.missing_at(packet, timestamp, block.data)) {
      plain.sequence_number = *missing;
      plain.timestamp = timestamp;
      plain.marker = false;
      plain.payload = block.data;
      receive(source, plain, {}, rtp::ReceiveStream::Source::kRedundancy);
    }
  }
  plain.sequence_number = packet.sequence_number;
  plain.timestamp = packet.timestamp;
  plain.marker = packet.marker;
  plain.payload = red->primary().data;
  receive(source, plain, extensions, rtp::ReceiveStream::Source::kOriginal);
}

void Ingest::forward(ReceivedSource& source, Ref<rtp::MediaPacket> packet) {
  packet->moment = clock_.moment_of(source.clock_track, packet->timestamp, packet->arrival);
  source.last_packet = packet->arrival;
  source.bytes += packet->payload().size();
  bump(transport_.shared().rtp.packets_in);
  if (packet->info.starts_random_access) {
    source.key_frames.on_random_access();
  }
  publication_->push_packet(source.source, std::move(packet));
}

// ---- frames
// ----------------------------------------------------------------------------------------

/// Frames are for players of other protocols. Without those, what the first packets tell of the
/// track is still wanted, for signaling and statistics.
bool Ingest::makes_frames(const ReceivedSource& source) const {
  return description_.rtc_to_rtmp || !tracks_[source.is_video() ? 0 : 1];
}

void Ingest::choose_for_frames(ReceivedSource& source) {
  if (source.depacketizer == nullptr) {
    source.depacketizer = depacketizer_of(source.codec, transport_.context().loop.pool());
  }
  if (source.depacketizer != nullptr) {
    frame_source(source.media.kind) = &source;
  }
}

/// Of the layers of simulcast, frames are made of the largest that its encoder sends.
void Ingest::follow_largest_layer() {
  ReceivedSource* current = frame_source(TrackKind::kVideo);
  if (current == nullptr || current->rid.empty()) {
    return;
  }
  const Time now = transport_.context().loop.now();
  const bool paused = now - current->last_packet > kLayerPause;
  ReceivedSource* best = current;
  for (const auto& source : sources_) {
    if (source->is_video() && !source->superseded && now - source->last_packet <= kLayerPause &&
        source->rate_bps >
            (best == current && !paused ? current->rate_bps * kClearlyLarger : best->rate_bps)) {
      best = source.get();
    }
  }
  if (best != current) {
    current->depacketizer = nullptr;
    choose_for_frames(*best);
  }
}

void Ingest::drain(ReceivedSource& source) {
  const Time now = transport_.context().loop.now();
  const bool used = frame_source(source.media.kind) == &source && makes_frames(source);
  for (rtp::MediaPacketRef packet = source.stream.pop(now); packet;
       packet = source.stream.pop(now)) {
    if (!used || publication_ == nullptr) {
      continue;
    }
    if (const Status status = source.depacketizer->push(*packet); !status.ok()) {
      note(status.error());
    }
    publish_frames(source);
  }
  if (source.is_video() && used && source.depacketizer->wants_random_access()) {
    source.key_frames.request(now);
    send_due_requests();
  }
  if (!makes_frames(source)) {
    source.depacketizer = nullptr;  // its memory is that of the largest picture
  }
}

void Ingest::publish_frames(ReceivedSource& source) {
  for (auto out = source.depacketizer->poll(); out && publication_ != nullptr;
       out = source.depacketizer->poll()) {
    if (out->new_track) {
      if (description_.rtc_to_rtmp) {
        publication_->set_track(out->new_track);
      }
      tell_tracks(out->new_track);
    }
    if (out->frame && description_.rtc_to_rtmp) {
      const MediaTime pts = clock_.time_of(source.clock_track, out->timestamp, out->arrival);
      const MediaTime dts = source.is_video() ? source.decoding_times.next(pts) : pts;
      publication_->push(std::move(out->frame), dts, pts);
      Shared& shared = transport_.shared();
      bump(source.is_video() ? shared.video_frames : shared.audio_frames);
    }
  }
}

void Ingest::tell_tracks(const TrackRef& track) {
  tracks_[track->kind == TrackKind::kAudio ? 1 : 0] = track;
  Fields event = tracks_event(description_.stream, tracks_[0], tracks_[1]);
  event.set("session", transport_.shared().id);
  transport_.context().events.send(std::move(event));
}

// ---- feedback
// --------------------------------------------------------------------------------------

/// @param source_number  0: all video.
void Ingest::ask_for_key_frames(uint32_t source_number) {
  const Time now = transport_.context().loop.now();
  for (const auto& source : sources_) {
    if (source->is_video() && !source->superseded &&
        (source_number == 0 || source->source->description().number == source_number)) {
      source->key_frames.request(now);
    }
  }
  send_due_requests();
  arm_repair();
}

void Ingest::send_due_requests() {
  const Time now = transport_.context().loop.now();
  for (const auto& source : sources_) {
    if (!source->superseded && source->key_frames.poll(now)) {
      send_key_frame_request(*source);
    }
  }
}

void Ingest::send_key_frame_request(ReceivedSource& source) {
  bump(transport_.shared().rtp.plis_out);
  std::array<uint8_t, 64> room;
  ByteWriter writer(room);
  if (source.media.pli || !source.media.fir) {
    rtp::PictureLossIndication{own_ssrc_, source.ssrc}.write_to(writer);
  } else {
    rtp::FullIntraRequest request;
    request.sender_ssrc = own_ssrc_;
    request.entries.push_back({source.ssrc, ++source.full_intra_requests});
    request.write_to(writer);
  }
  transport_.sender().send_rtcp(writer.written());
}

/// Wakes when the first of the sources has something to ask for or to give up.
void Ingest::arm_repair() {
  Loop& loop = transport_.context().loop;
  std::optional<Time> due;
  for (const auto& source : sources_) {
    if (source->superseded) {
      continue;
    }
    for (const auto& deadline :
         {source->stream.next_deadline(), source->key_frames.next_deadline()}) {
      if (deadline && (!due || *deadline < *due)) {
        due = deadline;
      }
    }
  }
  if (due) {
    loop.arm(repair_, std::max(*due, loop.now() + kShortestRepair));
  } else {
    repair_.disarm();
  }
}

void Ingest::on_repair_timer() {
  const Time now = transport_.context().loop.now();
  for (size_t i = 0; i < sources_.size(); ++i) {
    ReceivedSource& source = *sources_[i];
    if (source.superseded) {
      continue;
    }
    std::array<uint16_t, 128> lost;
    const size_t count = source.stream.poll_nack(now, lost);
    std::array<uint8_t, kMaxCompound> room;
    ByteWriter writer(room);
    if (count != 0 &&
        rtp::Nack::write(writer, own_ssrc_, source.ssrc, std::span(lost).first(count)) != 0) {
      transport_.sender().send_rtcp(writer.written());
      bump(transport_.shared().rtp.nacks_out, uint64_t{count});
    }
    if (source.stream.take_given_up() && source.is_video()) {
      source.key_frames.request(now);
    }
    drain(source);
  }
  send_due_requests();
  if (publication_ != nullptr) {
    arm_repair();
  }
}

void Ingest::on_report_timer() {
  Loop& loop = transport_.context().loop;
  loop.arm_in(report_, kReportInterval);
  rtp::ReceiverReport report;
  report.ssrc = own_ssrc_;
  uint64_t lost = 0;
  RtpCounters& counters = transport_.shared().rtp;
  for (const auto& source : sources_) {
    source->rate_bps = source->bytes * 8;
    source->bytes = 0;
    lost += source->stream.statistics().lost();
    if (source->superseded) {
      continue;
    }
    report.reports.push_back(source->stream.report(source->ssrc, loop.now()));
    if (source->is_video() || sources_.size() == 1) {
      put(counters.fraction_lost, report.reports[report.reports.size() - 1].fraction_lost);
      put(counters.jitter_us,
          duration_cast<microseconds>(source->stream.statistics().jitter()).count());
    }
  }
  put(transport_.shared().packets_lost, lost);
  put(counters.lost, lost);
  rtp::SourceDescription names;
  names.chunks.push_back({own_ssrc_, "millrace"});
  std::array<uint8_t, kMaxCompound> room;
  ByteWriter writer(room);
  report.write_to(writer);
  names.write_to(writer);
  if (tells_reference_time_ && writer.room_left() >= rtp::ReceiverReferenceTime::kSize) {
    rtp::ReceiverReferenceTime{own_ssrc_, rtp::ntp_now()}.write_to(writer);
  }
  transport_.sender().send_rtcp(writer.written());
  follow_largest_layer();
  layer_report_.update(sources_, transport_);
  if (description_.rtc_to_rtmp && description_.pli_interval > Duration::zero() &&
      loop.now() >= pli_due_) {
    // Players of other protocols cannot ask for key frames, and begin with one.
    pli_due_ = loop.now() + description_.pli_interval;
    if (const ReceivedSource* source = frame_source(TrackKind::kVideo)) {
      ask_for_key_frames(source->source->description().number);
    }
  }
}

void Ingest::on_feedback_timer() {
  Loop& loop = transport_.context().loop;
  const uint32_t media_ssrc = sources_.empty() ? 0 : sources_.front()->ssrc;
  for (;;) {
    std::array<uint8_t, kMaxCompound> room;
    ByteWriter writer(room);
    if (!arrivals_.poll(loop.now(), own_ssrc_, media_ssrc, writer)) {
      break;
    }
    transport_.sender().send_rtcp(writer.written());
  }
  if (const auto due = arrivals_.next_deadline()) {
    loop.arm(feedback_, std::max(*due, loop.now() + kShortestRepair));
  }
}

void Ingest::on_rtcp(Bytes compound) {
  rtp::RtcpReader reader(compound);
  for (;;) {
    const auto next = reader.next();
    if (!next.ok()) {
      return note(next.error());
    }
    if (!next->has_value()) {
      return;
    }
    if ((*next)->type == rtp::RtcpType::kSenderReport) {
      on_sender_report(**next);
    } else if ((*next)->type == rtp::RtcpType::kExtendedReport && tells_reference_time_) {
      on_extended_report(**next);
    }
  }
}

void Ingest::on_sender_report(const rtp::RtcpPacket& packet) {
  const auto report = rtp::SenderReport::parse(packet);
  if (!report.ok()) {
    return note(report.error());
  }
  for (const auto& source : sources_) {
    if (source->ssrc == report->ssrc && !source->superseded) {
      const int64_t timestamp = source->stream.on_sender_report(report->ntp, report->rtp_timestamp,
                                                                transport_.context().loop.now());
      clock_.on_sender_report(source->clock_track, report->ntp, timestamp);
    }
  }
}

void Ingest::on_extended_report(const rtp::RtcpPacket& packet) {
  const auto delay = rtp::delay_since_reference_of(own_ssrc_, packet);
  if (!delay.ok()) {
    return note(delay.error());
  }
  const auto rtt = *delay ? rtp::round_trip_time(**delay, rtp::ntp_now()) : std::nullopt;
  if (!rtt) {
    return;
  }
  // 0 would stand for unknown.
  put(transport_.shared().rtp.rtt_us,
      std::max<int64_t>(duration_cast<microseconds>(*rtt).count(), 1));
  for (const auto& source : sources_) {
    source->stream.set_round_trip_time(std::max<Duration>(*rtt, kShortestRoundTrip));
  }
}

}  // namespace millrace::webrtc
