#include "protocols/webrtc/ingest.hpp"

#include <algorithm>
#include <array>

#include "protocols/publish_options.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/packet/rtx.hpp"
#include "rtp/payload/payload_info.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/reports.hpp"
#include "rtp/rtcp/source_description.hpp"

namespace millrace::webrtc {

namespace {

// Audio, video in three layers, and those of an encoder that has started anew.
constexpr size_t kMaxSources = 12;
constexpr Duration kReportInterval = seconds(1);
constexpr Duration kShortestRepair = milliseconds(5);
// An encoder needs a while for a key frame; asking more often makes it send several.
constexpr Duration kKeyFrameInterval = milliseconds(500);
constexpr size_t kMaxCompound = 1200;
// Packets that wait behind a gap: a second of a fast stream. What RTX or a repetition has not
// brought by then is not worth the delay.
constexpr size_t kVideoReorder = 1024;
constexpr size_t kAudioReorder = 64;
constexpr Duration kVideoWait = milliseconds(400);
constexpr Duration kAudioWait = milliseconds(100);

bool is_video(const MediaDescription& media) { return media.kind == TrackKind::kVideo; }

std::unique_ptr<rtp::Depacketizer> depacketizer_of(const NegotiatedCodec& codec, BlockPool& pool) {
  rtp::DepacketizerOptions options;
  options.codec = codec.codec;
  options.channels = codec.channels != 0 ? codec.channels : 1;
  return rtp::make_depacketizer(options, pool);
}

}  // namespace

Ingest::Source::Source(uint32_t of_ssrc, const MediaDescription& of_media,
                       const NegotiatedCodec& of_codec, std::string_view of_rid, BlockPool& pool)
    : ssrc(of_ssrc),
      media(of_media),
      codec(of_codec),
      rid(of_rid),
      clock_rate(rtp::rtp_clock_rate(of_codec.codec, of_codec.clock_rate)),
      statistics(clock_rate),
      reorder(is_video(of_media) ? kVideoReorder : kAudioReorder,
              is_video(of_media) ? kVideoWait : kAudioWait),
      depacketizer(depacketizer_of(of_codec, pool)) {}

Ingest::Ingest(Transport& transport)
    : transport_(transport),
      description_(transport.shared().description),
      own_ssrc_(static_cast<uint32_t>(transport.context().sessions.random()) | 1),
      repair_([this] { on_repair_timer(); }),
      report_([this] { on_report_timer(); }),
      feedback_([this] { on_feedback_timer(); }) {}

Ingest::~Ingest() { stop(); }

Status Ingest::start() {
  LoopContext& context = transport_.context();
  PublishOptions options = PublishOptions::from(description_.publish, context.limits);
  options.stream = description_.stream;
  auto publication = begin_publication(context, options);
  if (!publication.ok()) {
    return publication.error();
  }
  publication_ = std::move(*publication);
  publication_->on_key_frame_wanted([this] { ask_all_for_key_frames(); });
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

Ingest::Source* Ingest::source_of(const rtp::RtpPacket& packet) {
  for (const auto& source : sources_) {
    if (source->ssrc == packet.ssrc) {
      return source.get();
    }
  }
  return nullptr;
}

Ingest::Source* Ingest::repaired_by(const rtp::RtpPacket& packet) {
  for (const Repair& repair : repairs_) {
    if (repair.ssrc != packet.ssrc) {
      continue;
    }
    for (const auto& source : sources_) {
      if (&source->media == repair.media && source->rid == repair.rid) {
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
        if (repairs_.size() < kMaxSources) {
          repairs_.push_back({packet.ssrc, &media, std::string(extensions.repaired_rid)});
        }
        return repairs_.back().ssrc == packet.ssrc;
      }
      if (codec.payload_type == packet.payload_type) {
        if (sources_.size() == kMaxSources) {
          return false;
        }
        sources_.push_back(std::make_unique<Source>(packet.ssrc, media, codec, extensions.rid,
                                                    transport_.context().loop.pool()));
        choose_lane(*sources_.back());
        return true;
      }
    }
  }
  return false;
}

/// Frames of one source of each kind are published: the newest, as an encoder that starts anew has
/// another SSRC; of simulcast layers the first that comes.
void Ingest::choose_lane(Source& source) {
  if (source.depacketizer == nullptr) {
    return;
  }
  for (const auto& other : sources_) {
    if (other.get() != &source && other->media.kind == source.media.kind && other->clock_track) {
      if (!source.rid.empty() && other->rid != source.rid) {
        return;  // another layer
      }
      other->clock_track = std::nullopt;
    }
  }
  source.clock_track = clock_.add_track(source.media.kind, source.clock_rate);
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
  Source* source = source_of(packet);
  Source* repaired = source == nullptr ? repaired_by(packet) : nullptr;
  if (source == nullptr && repaired == nullptr) {
    if (!learn(packet)) {
      return;
    }
    source = source_of(packet);
    repaired = source == nullptr ? repaired_by(packet) : nullptr;
  }
  if (source != nullptr) {
    take_number_of(source->media, packet);
    take(*source, packet, Repeated::kNo);
  } else if (repaired != nullptr) {
    take_number_of(repaired->media, packet);
    if (const auto original =
            rtp::decapsulate_rtx(packet, repaired->ssrc, repaired->codec.payload_type)) {
      take(*repaired, *original, Repeated::kYes);
    }
  }
}

void Ingest::take_number_of(const MediaDescription& media, const rtp::RtpPacket& packet) {
  if (!media.transport_cc) {
    return;
  }
  const auto extensions = rtp::HeaderExtensions::parse(packet, media.extensions);
  if (extensions.transport_sequence_number) {
    arrivals_.on_packet(*extensions.transport_sequence_number, transport_.context().loop.now());
    if (const auto due = arrivals_.next_deadline(); due && !feedback_.armed()) {
      transport_.context().loop.arm(feedback_, *due);
    }
  }
}

void Ingest::take(Source& source, const rtp::RtpPacket& packet, Repeated repeated) {
  Loop& loop = transport_.context().loop;
  const int64_t index = source.numbers.unwrap(packet.sequence_number);
  source.nack.on_packet(index, loop.now());
  if (repeated == Repeated::kNo) {
    source.statistics.on_packet(index, packet.timestamp, loop.now());
  }
  auto kept = rtp::MediaPacket::copy_of(loop.pool(), packet.payload);
  kept->index = index;
  kept->timestamp = source.timestamps.unwrap(packet.timestamp);
  kept->arrival = loop.now();
  kept->marker = packet.marker;
  kept->info = rtp::inspect_payload(source.codec.codec, packet.payload);
  (void)source.reorder.insert(std::move(kept));
  drain(source);
  arm_repair();
}

void Ingest::drain(Source& source) {
  Loop& loop = transport_.context().loop;
  for (rtp::MediaPacketRef packet = source.reorder.pop(loop.now()); packet;
       packet = source.reorder.pop(loop.now())) {
    if (source.depacketizer == nullptr || !source.clock_track || publication_ == nullptr) {
      continue;
    }
    if (const Status status = source.depacketizer->push(*packet); !status.ok()) {
      note(status.error());
    }
    publish_frames(source);
  }
  if (source.depacketizer != nullptr && source.clock_track &&
      source.depacketizer->wants_random_access()) {
    ask_for_key_frame(source);
  }
}

void Ingest::publish_frames(Source& source) {
  for (auto out = source.depacketizer->poll(); out && publication_ != nullptr;
       out = source.depacketizer->poll()) {
    if (out->new_track) {
      publication_->set_track(out->new_track);
      Fields event = tracks_event(publication_->stream());
      event.set("session", transport_.shared().id);
      transport_.context().events.send(std::move(event));
    }
    if (out->frame) {
      const MediaTime pts = clock_.time_of(*source.clock_track, out->timestamp, out->arrival);
      const MediaTime dts = is_video(source.media) ? source.decoding_times.next(pts) : pts;
      publication_->push(std::move(out->frame), dts, pts);
      Shared& shared = transport_.shared();
      ++(is_video(source.media) ? shared.video_frames : shared.audio_frames);
    }
  }
}

// ---- feedback
// --------------------------------------------------------------------------------------

void Ingest::ask_all_for_key_frames() {
  for (const auto& source : sources_) {
    ask_for_key_frame(*source);
  }
}

void Ingest::ask_for_key_frame(Source& source) {
  if (!is_video(source.media)) {
    return;
  }
  const Time now = transport_.context().loop.now();
  source.key_frame_wanted = now - source.key_frame_asked < kKeyFrameInterval;
  if (source.key_frame_wanted) {
    return;  // with the next report, if it is still needed
  }
  source.key_frame_asked = now;
  std::array<uint8_t, 64> room;
  ByteWriter writer(room);
  if (source.media.pli || !source.media.fir) {
    rtp::PictureLossIndication{own_ssrc_, source.ssrc}.write_to(writer);
  } else {
    rtp::FullIntraRequest request;
    request.sender_ssrc = own_ssrc_;
    request.entries.push_back({source.ssrc, ++source.fir_count});
    request.write_to(writer);
  }
  transport_.send_rtcp(writer.written());
}

/// Wakes when the first of the sources has something to ask for or to give up.
void Ingest::arm_repair() {
  Loop& loop = transport_.context().loop;
  std::optional<Time> due;
  for (const auto& source : sources_) {
    for (const auto& deadline : {source->nack.next_deadline(), source->reorder.next_deadline()}) {
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
    Source& source = *sources_[i];
    std::array<uint16_t, 128> lost;
    const size_t count = source.nack.poll(now, lost);
    if (count != 0 && source.media.nack) {
      std::array<uint8_t, kMaxCompound> room;
      ByteWriter writer(room);
      if (rtp::Nack::write(writer, own_ssrc_, source.ssrc, std::span(lost).first(count)) != 0) {
        transport_.send_rtcp(writer.written());
      }
    }
    drain(source);
  }
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
  for (const auto& source : sources_) {
    lost += source->statistics.lost();
    report.reports.push_back(source->statistics.report(source->ssrc, loop.now()));
    if (source->key_frame_wanted) {
      ask_for_key_frame(*source);
    }
  }
  transport_.shared().packets_lost = lost;
  rtp::SourceDescription names;
  names.chunks.push_back({own_ssrc_, "millrace"});
  std::array<uint8_t, kMaxCompound> room;
  ByteWriter writer(room);
  report.write_to(writer);
  names.write_to(writer);
  transport_.send_rtcp(writer.written());
  if (description_.rtc_to_rtmp && description_.pli_interval > Duration::zero() &&
      loop.now() >= pli_due_) {
    // Players of other protocols cannot ask for key frames, and begin with one.
    pli_due_ = loop.now() + description_.pli_interval;
    ask_all_for_key_frames();
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
    transport_.send_rtcp(writer.written());
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
    if ((*next)->type != rtp::RtcpType::kSenderReport) {
      continue;
    }
    const auto report = rtp::SenderReport::parse(**next);
    if (!report.ok()) {
      note(report.error());
      continue;
    }
    for (const auto& source : sources_) {
      if (source->ssrc == report->ssrc) {
        source->statistics.on_sender_report(report->ntp, transport_.context().loop.now());
        if (source->clock_track) {
          clock_.on_sender_report(*source->clock_track, report->ntp,
                                  source->timestamps.peek(report->rtp_timestamp));
        }
      }
    }
  }
}

}  // namespace millrace::webrtc
