#include "protocols/webrtc/egress.hpp"

#include <algorithm>

#include "control/module_states.hpp"
#include "protocols/play_options.hpp"
#include "protocols/webrtc/rtp_counters.hpp"
#include "rtp/jitter/reception_statistics.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/source_description.hpp"
#include "rtp/rtcp/transport_feedback.hpp"

namespace millrace::webrtc {

namespace {

constexpr Duration kControlInterval = milliseconds(200);
constexpr Duration kPadInterval = milliseconds(5);
// How far the ceiling grows beyond what is sent where probes find out about more.
constexpr double kUntriedBesideProbes = 1.5;
// A layer of which less than this passes is not sent on until the next begins: it would only keep
// that one waiting.
constexpr double kWorthSending = 0.7;

}  // namespace

Egress::Egress(Transport& transport)
    : sender_(transport.sender()),
      video_(transport.shared().description.media_of(TrackKind::kVideo),
             transport.context().sessions.random()),
      audio_(transport.shared().description.media_of(TrackKind::kAudio),
             transport.context().sessions.random()),
      transport_(transport),
      choice_(transport.shared().description.layer) {
  const auto tells = [](const SentTrack& track) {
    return track.wanted() && (track.media().transport_cc || track.media().remb);
  };
  if (tells(video_) || tells(audio_)) {
    rtp::BandwidthEstimator::Options options;
    if (video_.wanted() && video_.media().rtx_ssrc != 0 && video_.media().transport_cc) {
      options.most_untried = kUntriedBesideProbes;
    }
    path_ = std::make_unique<Path>(options, [this] { on_pad_timer(); });
  }
}

Egress::~Egress() { stop(); }

Status Egress::start() {
  cipher_ = sender_.cipher();
  LoopContext& context = transport_.context();
  const Description& description = transport_.shared().description;
  const PlayOptions options = PlayOptions::from(description.play, context.limits);
  auto& holder = context.loop_modules.get<std::unique_ptr<PacketRenditions>>();
  if (holder == nullptr) {
    holder = std::make_unique<PacketRenditions>(context);
  }
  rendition_ =
      &holder->get(description.stream, {description.keep_bframe, options.rendition.gop_cache,
                                        options.rendition.gop_max_frames, description.keep_sei});
  control();
  const RenditionSource* source = rendition_->find(target_);
  const uint64_t start = rendition_->start_of(source);
  if (video_.wanted() && (source == nullptr || !source->join)) {
    rendition_->request_key_frame(source);
  }
  rendition_->add(*this, start);
  return {};
}

void Egress::stop() {
  if (rendition_ != nullptr) {
    std::exchange(rendition_, nullptr)->remove(*this);
    count();
  }
}

// ---- packets out
// -----------------------------------------------------------------------------------

/// Whether a packet of another source than the one that is sent begins that source for the player.
bool Egress::may_begin(SentTrack& track, const RenditionSource& source,
                       const rtp::MediaPacket& packet) {
  const CodecId codec = source.source->description().codec;
  if (track.codec_of(source) == nullptr) {
    if (refused_ != codec) {
      refused_ = codec;
      transport_.context().troubles.note(
          "webrtc", {ErrorCode::kWebrtcTrackUnplayable, static_cast<uint32_t>(codec)},
          transport_.shared().id);
    }
    return false;
  }
  if (!source.source->is_video()) {
    // Sound of the past would have to be heard.
    return source.live && packet.timestamp >= source.newest_timestamp;
  }
  if (paused_ || !packet.info.starts_random_access) {
    return false;
  }
  if (source.number == target_) {
    return true;
  }
  const RenditionSource* target = rendition_->find(target_);
  return source.live && (target == nullptr || !target->live);
}

/// Begins a source for the player, if the packet is where that can be. @return whether it was.
bool Egress::begin(SentTrack& track, const RenditionSource& source,
                   const rtp::MediaPacket& packet) {
  if (!may_begin(track, source, packet)) {
    return false;
  }
  if (track.started()) {
    bump(transport_.shared().rtp.switches);
  }
  track.switch_to(source, rendition_->find(track.source()), packet);
  if (source.source->is_video()) {
    target_ = source.number;
  }
  due_ = {};  // its first report goes with it
  return true;
}

SentTrack::Taken Egress::on_packet(const RenditionSource& source, const rtp::MediaPacket& packet,
                                   Time now) {
  SentTrack& track = track_of(source);
  if (!track.wanted() || (track.source() != source.number && !begin(track, source, packet))) {
    return SentTrack::Taken::kNo;
  }
  if (thin_ && packet.info.discardable && &track == &video_) {
    track.leave_out(packet);
    return SentTrack::Taken::kNo;
  }
  return track.send(packet, now, sender_, numbers());
}

size_t Egress::on_packets(const PacketLog& log, size_t from, size_t to, size_t most, Time now) {
  size_t sent = 0;
  while (from < to && sent < most && rendition_ != nullptr) {
    const LoggedPacket& logged = log[from++];
    if (on_packet(*logged.source, *logged.packet, now) == SentTrack::Taken::kYes) {
      ++sent;
    }
  }
  if (sent != 0) {
    packets_ += static_cast<uint32_t>(sent);
    sender_.flush();
  }
  if (rendition_ != nullptr && (now >= due_ || generation_ != rendition_->generation())) {
    keep_house(now);
  }
  return from;
}

/// What is to be done now and then.
void Egress::keep_house(Time now) {
  if (video_.report_due(now) || audio_.report_due(now)) {
    send_reports();
  }
  if (now >= control_due_ || generation_ != rendition_->generation()) {
    count();
    control();
  }
  due_ = std::min({control_due_, video_.next_report(), audio_.next_report()});
}

void Egress::count() {
  bump(transport_.shared().rtp.packets_out, uint64_t{std::exchange(packets_, 0)});
  sender_.count();
}

uint64_t Egress::on_overtaken() {
  bump(transport_.shared().skips);
  video_.pause();
  const RenditionSource* source = rendition_->find(target_);
  if (source == nullptr || !source->join) {
    rendition_->request_key_frame(source);
  }
  return rendition_->start_of(source);
}

// ---- what is sent
// ----------------------------------------------------------------------------------

void Egress::control() {
  const Time now = transport_.context().loop.now();
  control_due_ = now + kControlInterval;
  generation_ = rendition_->generation();
  if (!video_.wanted()) {
    return;
  }
  if (const uint32_t wishes = transport_.shared().layer_wishes.load(std::memory_order_relaxed);
      wishes != layer_wishes_) {
    layer_wishes_ = wishes;
    choice_.wish(transport_.shared().wanted_layer());
  }
  const LayerChoice::Choice choice = choice_.choose(*rendition_, video_, look_at_path(now), now);
  probe(choice.needed_bps, now);
  thin_ = choice.thin;
  if (choice.paused != paused_) {
    paused_ = choice.paused;
    if (paused_) {
      video_.pause();
      video_.forget();
    }
  }
  if (choice.source != nullptr) {
    want(choice.source);
    leave_what_does_not_fit(now);
  }
  tell_layer();
}

/// Which layer is sent, and how, where it is not all of the only one.
void Egress::tell_layer() {
  const RenditionSource* sent = rendition_->find(video_.source());
  if (sent == nullptr && !paused_) {
    return;  // it waits for a random access point
  }
  const std::string_view video = paused_ ? "paused" : thin_ ? "thin" : "whole";
  const std::string_view layer =
      sent != nullptr ? std::string_view(sent->source->description().rid) : std::string_view();
  if (told_.layer == layer && told_.video == video && told_.wanted == choice_.wish()) {
    return;
  }
  told_ = {std::string(layer), video, choice_.wish()};
  transport_.context().events.send({{"type", "webrtc_sent_layer"},
                                    {"session", transport_.shared().id},
                                    {"layer", layer},
                                    {"video", video},
                                    {"wanted", told_.wanted}});
}

rtp::LayerSelector::Path Egress::look_at_path(Time now) {
  rtp::LayerSelector::Path path;
  if (path_ == nullptr) {
    return path;
  }
  if (const auto outcome = path_->probe.poll(rtt_, now)) {
    if (outcome->passed) {
      path_->estimator.on_probe_passed(outcome->rate_bps, now);
      path_->passed_bps = std::max(path_->passed_bps, outcome->rate_bps);
    } else if (outcome->rate_bps != 0) {
      path_->estimator.on_probe_limited(outcome->rate_bps);
    }
  }
  const auto ceiling = path_->estimator.ceiling_bps();
  const uint64_t proven = path_->estimator.proven_bps(now);
  path.ceiling_bps = ceiling.value_or(UINT64_MAX);
  path.proven_bps = can_probe() ? proven : path.ceiling_bps;
  path.congested = path_->estimator.is_congested(now);
  pace(ceiling.value_or(path_->passed_bps));
  put(transport_.shared().rtp.estimate_bps, ceiling.value_or(path_->passed_bps));
  return path;
}

void Egress::probe(uint64_t needed_bps, Time now) {
  if (path_ == nullptr || !can_probe() || !path_->estimator.is_clear(now)) {
    return;
  }
  const rtp::BandwidthEstimator& estimator = path_->estimator;
  const uint64_t known = std::max(estimator.acknowledged_bps(), estimator.proven_bps(now));
  if (path_->probe.begin(needed_bps, known, path_->numbers.sent_bytes(), now)) {
    transport_.context().loop.arm_in(path_->pad, kPadInterval);
  }
}

void Egress::on_pad_timer() {
  Loop& loop = transport_.context().loop;
  const Time now = loop.now();
  if (rendition_ == nullptr || !path_->probe.is_sending(now)) {
    return;
  }
  const size_t bytes = path_->probe.pad_bytes(path_->numbers.sent_bytes(), now);
  video_.pad(bytes, now, sender_, path_->numbers, *rendition_);
  sender_.flush();
  loop.arm_in(path_->pad, kPadInterval);
}

void Egress::leave_what_does_not_fit(Time now) {
  if (path_ == nullptr || video_.source() == 0 || video_.source() == target_ ||
      !path_->estimator.is_congested(now)) {
    return;
  }
  const RenditionSource* sent = rendition_->find(video_.source());
  const auto ceiling = path_->estimator.ceiling_bps();
  if (sent != nullptr && ceiling &&
      static_cast<double>(*ceiling) < kWorthSending * static_cast<double>(sent->rate_bps)) {
    video_.pause();
    video_.forget();
  }
}

void Egress::want(const RenditionSource* source) {
  target_ = source->number;
  if (video_.source() != target_) {
    // Asked for again until it comes; the publisher's side merges what all its players ask.
    rendition_->request_key_frame(source);
  }
}

// ---- feedback
// --------------------------------------------------------------------------------------

void Egress::on_rtcp(Bytes compound) {
  rtp::RtcpReader reader(compound);
  for (;;) {
    const auto next = reader.next();
    if (!next.ok()) {
      return transport_.context().troubles.note("webrtc", next.error(), transport_.shared().id);
    }
    if (!next->has_value() || rendition_ == nullptr) {
      break;
    }
    on_feedback(**next);
  }
  sender_.flush();
}

void Egress::on_feedback(const rtp::RtcpPacket& packet) {
  if (packet.is(rtp::TransportFeedbackType::kNack)) {
    on_nack(packet);
  } else if (packet.is(rtp::TransportFeedbackType::kTransportWide)) {
    on_transport_feedback(packet);
  } else if (packet.is(rtp::PayloadFeedbackType::kPictureLoss)) {
    on_key_frame_wanted();
  } else if (packet.is(rtp::PayloadFeedbackType::kFullIntraRequest)) {
    const auto request = rtp::FullIntraRequest::parse(packet);
    if (request.ok() && !request->entries.empty() &&
        full_intra_requests_.is_new(request->entries[0].command_sequence_number)) {
      on_key_frame_wanted();
    }
  } else if (packet.is(rtp::PayloadFeedbackType::kApplicationLayer)) {
    on_estimate_of_receiver(packet);
  } else if (packet.type == rtp::RtcpType::kReceiverReport) {
    if (const auto report = rtp::ReceiverReport::parse(packet); report.ok()) {
      std::for_each(report->reports.begin(), report->reports.end(),
                    [this](const rtp::ReportBlock& block) { on_report_block(block); });
    }
  } else if (packet.type == rtp::RtcpType::kSenderReport) {
    if (const auto report = rtp::SenderReport::parse(packet); report.ok()) {
      std::for_each(report->reports.begin(), report->reports.end(),
                    [this](const rtp::ReportBlock& block) { on_report_block(block); });
    }
  }
}

void Egress::on_nack(const rtp::RtcpPacket& packet) {
  const auto nack = rtp::Nack::parse(packet);
  if (!nack.ok()) {
    return;
  }
  SentTrack* track = video_.owns(nack->media_ssrc)   ? &video_
                     : audio_.owns(nack->media_ssrc) ? &audio_
                                                     : nullptr;
  if (track == nullptr) {
    return;
  }
  Shared& shared = transport_.shared();
  const Time now = transport_.context().loop.now();
  nack->for_each([&](uint16_t sequence_number) {
    bump(shared.rtp.nacks_in);
    if (track->send_again(sequence_number, now, rtt_, sender_, numbers(), *rendition_)) {
      bump(shared.rtp.retransmissions_out);
      bump(shared.packets_resent);
    }
  });
}

void Egress::on_key_frame_wanted() {
  bump(transport_.shared().rtp.plis_in);
  rendition_->request_key_frame(rendition_->find(video_.source() != 0 ? video_.source() : target_));
}

void Egress::on_report_block(const rtp::ReportBlock& block) {
  const bool video = video_.owns(block.ssrc);
  if (!video && !audio_.owns(block.ssrc)) {
    return;
  }
  RtpCounters& counters = transport_.shared().rtp;
  if (const auto rtt = rtp::round_trip_time(block, rtp::ntp_now())) {
    rtt_ = std::clamp<Duration>(*rtt, milliseconds(5), seconds(1));
    put(counters.rtt_us, duration_cast<microseconds>(*rtt).count());
  }
  if (video || !video_.wanted()) {
    put(counters.fraction_lost, block.fraction_lost);
    put(counters.lost, std::max<int32_t>(0, block.cumulative_lost));
    put(transport_.shared().packets_lost, std::max<int32_t>(0, block.cumulative_lost));
    put(counters.jitter_us, uint64_t{block.jitter} * 1'000'000 / (video ? 90'000 : 48'000));
  }
}

void Egress::on_estimate_of_receiver(const rtp::RtcpPacket& packet) {
  const auto estimate = rtp::ReceiverEstimatedBitrate::parse(packet);
  if (estimate.ok() && path_ != nullptr) {
    path_->estimator.on_receiver_estimate(estimate->bitrate_bps);
  }
}

void Egress::on_transport_feedback(const rtp::RtcpPacket& packet) {
  const auto feedback = rtp::TransportFeedback::parse(packet);
  if (!feedback.ok() || path_ == nullptr) {
    return;
  }
  path_->results.clear();
  path_->numbers.on_feedback(*feedback, path_->results);
  path_->estimator.on_results(path_->results, transport_.context().loop.now());
  for (const rtp::PacketResult& result : path_->results) {
    path_->probe.on_result(result);
  }
}

void Egress::send_reports() {
  const Time now = transport_.context().loop.now();
  const uint64_t ntp = rtp::ntp_now();
  std::array<uint8_t, 512> room;
  ByteWriter writer(room);
  for (SentTrack* track : {&video_, &audio_}) {
    if (!track->wanted()) {
      continue;
    }
    const auto report = track->report(*rendition_, ntp, now);
    if (!report) {
      continue;
    }
    rtp::SourceDescription names;
    names.chunks.push_back(
        {track->media().ssrc, std::string_view(track->media().cname).substr(0, 64)});
    if (writer.room_left() < report->size() + names.size()) {
      break;
    }
    report->write_to(writer);
    names.write_to(writer);
  }
  if (writer.size() != 0) {
    sender_.send_rtcp(writer.written());
  }
}

}  // namespace millrace::webrtc
