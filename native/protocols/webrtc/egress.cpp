#include "protocols/webrtc/egress.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "control/module_states.hpp"
#include "protocols/play_options.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/packet/rtx.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/source_description.hpp"

namespace millrace::webrtc {

namespace {

constexpr Duration kReportInterval = seconds(1);
// A burst of GOP cache is played this much faster than it was made.
constexpr int64_t kCatchUpSpeed = 64;
// Packets sent again in one second: what a path with 10 % loss asks for at 60 Mbit/s. A player
// that asks for more would only add to the congestion.
constexpr uint32_t kMaxRetransmissions = 600;
// A longer step of the stream's timestamps is another clock.
constexpr int64_t kLargestStepSeconds = 10;

uint32_t clock_rate(const NegotiatedCodec& codec) {
  return codec.clock_rate != 0 ? codec.clock_rate : 90'000;
}

}  // namespace

Egress::Egress(Transport& transport) : transport_(transport), report_([this] { send_reports(); }) {
  for (const Lane lane : {Lane::kVideo, Lane::kAudio}) {
    Sent& sent = sent_[static_cast<size_t>(lane)];
    sent.media = transport.shared().description.media_of(lane == Lane::kVideo ? TrackKind::kVideo
                                                                              : TrackKind::kAudio);
    // RFC 3550 §5.1: random beginnings. Not in the upper half, so that a first packet that is lost
    // does not put the receiver's rollover counter in doubt (RFC 3711 §3.3.1).
    const uint64_t random = transport.context().sessions.random();
    sent.next_index = static_cast<int64_t>(random & 0x7fff);
    sent.timestamp_offset = static_cast<int64_t>(random >> 16 & 0x7fffffff);
    sent.next_rtx_index = random >> 48 & 0x7fff;
  }
}

Egress::~Egress() { stop(); }

Status Egress::start() {
  LoopContext& context = transport_.context();
  const Description& description = transport_.shared().description;
  const PlayOptions options = PlayOptions::from(description.play, context.limits);
  auto& holder = context.loop_modules.get<std::unique_ptr<PacketRenditions>>();
  if (holder == nullptr) {
    holder = std::make_unique<PacketRenditions>(context);
  }
  rendition_ = &holder->get(
      description.stream,
      {description.keep_bframe, options.rendition.gop_cache, options.rendition.gop_max_frames});
  sent_[0].live_edge = rendition_->newest_timestamp(Lane::kVideo);
  sent_[1].live_edge = rendition_->newest_timestamp(Lane::kAudio);
  context.loop.arm_in(report_, kReportInterval);
  rendition_->add(*this);
  return {};
}

void Egress::stop() {
  if (rendition_ != nullptr) {
    std::exchange(rendition_, nullptr)->remove(*this);
  }
  report_.disarm();
}

// ---- packets out
// -----------------------------------------------------------------------------------

/// Fits the player's numbers to the stream's. @return false when the player cannot have the packet.
bool Egress::follow(Lane lane, Sent& sent, const rtp::MediaPacket& packet) {
  const uint64_t epoch = rendition_->epoch(lane);
  if (sent.any && sent.epoch == epoch) {
    return sent.codec != nullptr;
  }
  sent.epoch = epoch;
  const CodecId codec = rendition_->codec(lane);
  if (sent.stream_codec != codec) {
    sent.stream_codec = codec;
    sent.codec = nullptr;
    for (const NegotiatedCodec& negotiated : sent.media->codecs) {
      if (negotiated.codec == codec && sent.codec == nullptr) {
        sent.codec = &negotiated;
      }
    }
    if (sent.codec == nullptr) {
      transport_.context().troubles.note(
          "webrtc", {ErrorCode::kWebrtcTrackUnplayable, static_cast<uint32_t>(codec)},
          transport_.shared().id);
    }
  }
  if (sent.codec == nullptr) {
    sent.any = true;
    return false;
  }
  sent.index_offset = sent.next_index - packet.index;
  sent.first_index = sent.next_index;
  if (sent.packets != 0) {
    const int64_t rate = clock_rate(*sent.codec);
    const Time now = transport_.context().loop.now();
    const int64_t expected =
        sent.newest_timestamp +
        std::max<int64_t>(1, to_ticks(duration_cast<MediaTime>(now - sent.newest_at), rate));
    const int64_t step = packet.timestamp + sent.timestamp_offset - sent.newest_timestamp;
    if (step <= 0 || step > kLargestStepSeconds * rate) {
      sent.timestamp_offset = expected - packet.timestamp;
    }
    sent.live_edge = std::nullopt;
  }
  sent.any = true;
  return true;
}

/// A packet's timestamp for this player, before the offset. What is older than the moment at which
/// the player came is drawn together before it: the decoder gets through it at once, and the first
/// picture that is shown is the newest. A function of the packet alone, so that one that is sent
/// again is the same.
int64_t Egress::timestamp_of(const Sent& sent, const rtp::MediaPacket& packet) const {
  int64_t timestamp = packet.timestamp;
  if (sent.live_edge && timestamp < *sent.live_edge) {
    timestamp = *sent.live_edge - (*sent.live_edge - timestamp) / kCatchUpSpeed;
  }
  return timestamp + sent.timestamp_offset;
}

void Egress::on_packet(Lane lane, const rtp::MediaPacketRef& packet) {
  Sent& sent = sent_[static_cast<size_t>(lane)];
  if (sent.media == nullptr || !follow(lane, sent, *packet)) {
    return;
  }
  if (lane == Lane::kAudio && sent.packets == 0 && sent.live_edge) {
    if (packet->timestamp < *sent.live_edge) {
      return;  // sound of the past would have to be heard
    }
    sent.index_offset = sent.next_index - packet->index;
  }
  const int64_t index = packet->index + sent.index_offset;
  write(sent, *packet, index);
  sent.next_index = std::max(sent.next_index, index + 1);
  const int64_t timestamp = timestamp_of(sent, *packet);
  if (sent.packets == 0 || timestamp > sent.newest_timestamp) {
    sent.newest_timestamp = timestamp;
    sent.newest_at = transport_.context().loop.now();
  }
  ++sent.packets;
  sent.octets += static_cast<uint32_t>(packet->payload().size());
}

void Egress::on_pause() { transport_.flush(); }

void Egress::write(const Sent& sent, const rtp::MediaPacket& packet, int64_t index) {
  std::array<uint8_t, rtp::kRtpHeaderSize> header;
  ByteWriter writer(header);
  writer.u8(0x80);
  writer.u8((packet.marker ? 0x80U : 0U) | sent.codec->payload_type);
  writer.u16(static_cast<uint16_t>(index));
  writer.u32(static_cast<uint32_t>(timestamp_of(sent, packet)));
  writer.u32(sent.media->ssrc);
  transport_.add_rtp(header, packet.payload(), sent.media->ssrc, static_cast<uint64_t>(index));
}

// ---- feedback
// --------------------------------------------------------------------------------------

Egress::Sent* Egress::sent_of(uint32_t ssrc, Lane& lane) {
  for (size_t i = 0; i < kLanes; ++i) {
    if (sent_[i].media != nullptr && sent_[i].media->ssrc == ssrc && sent_[i].packets != 0) {
      lane = static_cast<Lane>(i);
      return &sent_[i];
    }
  }
  return nullptr;
}

void Egress::on_rtcp(Bytes compound) {
  rtp::RtcpReader reader(compound);
  for (;;) {
    const auto next = reader.next();
    if (!next.ok()) {
      return transport_.context().troubles.note("webrtc", next.error(), transport_.shared().id);
    }
    if (!next->has_value()) {
      break;
    }
    const rtp::RtcpPacket& packet = **next;
    if (packet.is(rtp::TransportFeedbackType::kNack)) {
      if (const auto nack = rtp::Nack::parse(packet); nack.ok()) {
        nack->for_each([this, ssrc = nack->media_ssrc](uint16_t sequence_number) {
          on_nack(ssrc, sequence_number);
        });
      }
    } else if (packet.is(rtp::PayloadFeedbackType::kPictureLoss) ||
               packet.is(rtp::PayloadFeedbackType::kFullIntraRequest)) {
      if (rendition_ != nullptr) {
        rendition_->request_key_frame();
      }
    }
  }
  transport_.flush();
}

void Egress::on_nack(uint32_t ssrc, uint16_t sequence_number) {
  Lane lane{};
  Sent* sent = sent_of(ssrc, lane);
  if (sent == nullptr || rendition_ == nullptr || sent->codec == nullptr) {
    return;
  }
  const int64_t newest = sent->next_index - 1;
  const auto back = static_cast<uint16_t>(static_cast<uint16_t>(newest) - sequence_number);
  const int64_t index = newest - back;
  if (index < sent->first_index || sent->epoch != rendition_->epoch(lane)) {
    return;
  }
  const Time now = transport_.context().loop.now();
  if (now - retransmissions_since_ >= seconds(1)) {
    retransmissions_since_ = now;
    retransmissions_ = 0;
  }
  if (retransmissions_++ < kMaxRetransmissions) {
    send_again(lane, *sent, index);
  }
}

void Egress::send_again(Lane lane, Sent& sent, int64_t index) {
  const rtp::MediaPacket* packet = rendition_->find(lane, index - sent.index_offset);
  if (packet == nullptr) {
    return;
  }
  ++transport_.shared().packets_resent;
  if (!sent.codec->rtx_payload_type || sent.media->rtx_ssrc == 0) {
    return write(sent, *packet, index);
  }
  std::array<uint8_t, rtp::kRtpHeaderSize> header;
  ByteWriter writer(header);
  writer.u8(0x80);
  writer.u8((packet->marker ? 0x80U : 0U) | *sent.codec->rtx_payload_type);
  writer.u16(static_cast<uint16_t>(sent.next_rtx_index));
  writer.u32(static_cast<uint32_t>(timestamp_of(sent, *packet)));
  writer.u32(sent.media->rtx_ssrc);
  const Bytes payload = packet->payload();
  std::array<uint8_t, kMaxRtpPacket> repeated;
  if (rtp::kRtxHeaderSize + payload.size() > repeated.size()) {
    return write(sent, *packet, index);
  }
  ByteWriter repeat(repeated);
  repeat.u16(static_cast<uint16_t>(index));
  repeat.bytes(payload);
  transport_.add_rtp(header, repeat.written(), sent.media->rtx_ssrc, sent.next_rtx_index++);
}

void Egress::send_reports() {
  LoopContext& context = transport_.context();
  context.loop.arm_in(report_, kReportInterval);
  const auto media_time =
      rendition_ != nullptr ? rendition_->media_time(context.loop.now()) : std::nullopt;
  if (!media_time) {
    return;
  }
  const int64_t unix_us =
      duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::array<uint8_t, 512> room;
  ByteWriter writer(room);
  for (const Sent& sent : sent_) {
    if (sent.media == nullptr || sent.codec == nullptr || sent.packets == 0) {
      continue;
    }
    rtp::SenderReport report;
    report.ssrc = sent.media->ssrc;
    report.ntp = rtp::to_ntp(unix_us);
    report.rtp_timestamp = static_cast<uint32_t>(to_ticks(*media_time, clock_rate(*sent.codec)) +
                                                 sent.timestamp_offset);
    report.packet_count = sent.packets;
    report.octet_count = sent.octets;
    rtp::SourceDescription names;
    names.chunks.push_back({sent.media->ssrc, std::string_view(sent.media->cname).substr(0, 64)});
    if (writer.room_left() < report.size() + names.size()) {
      break;
    }
    report.write_to(writer);
    names.write_to(writer);
  }
  if (writer.size() != 0) {
    transport_.send_rtcp(writer.written());
  }
}

}  // namespace millrace::webrtc
