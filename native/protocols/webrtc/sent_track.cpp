#include "protocols/webrtc/sent_track.hpp"

#include <algorithm>
#include <cstring>

#include "rtp/packet/red.hpp"
#include "rtp/packet/rtx.hpp"

namespace millrace::webrtc {

namespace {

constexpr uint8_t kMarker = 0x80;
// Room for an extension part: its own header of four bytes, and what fits into a whole RTP header.
constexpr size_t kMaxExtension = kMaxRtpHeader - rtp::kRtpHeaderSize - 4;
// Longest payload that is forwarded; what is larger would be fragmented by IP anyway.
constexpr size_t kMaxPayload = 4096;
// RFC 3550 §5.1: the last byte of padding counts it, so that there is little in one packet.
constexpr size_t kMaxPadding = 224;
constexpr uint8_t kPaddingBit = 0x20;
// Of the newest packets that are sent once more as padding.
constexpr uint16_t kPaddingReach = 32;

int64_t unix_us_of(Time now) { return duration_cast<microseconds>(now.time_since_epoch()).count(); }

void put16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
void put32(uint8_t* at, uint32_t value) {
  put16(at, static_cast<uint16_t>(value >> 16));
  put16(at + 2, static_cast<uint16_t>(value));
}

}  // namespace

SentTrack::SentTrack(const MediaDescription* media, uint64_t random)
    : wanted_(media != nullptr),
      numbered_(media != nullptr && (media->rtx_ssrc != 0 || !media->nack)),
      media_(media),
      // Not in the upper half, so that a first packet that is lost does not put the receiver's
      // rollover counter in doubt (RFC 3711 §3.3.1).
      first_sequence_number_(static_cast<uint16_t>(random & 0x7fff)),
      first_timestamp_(static_cast<uint32_t>(random >> 16 & 0x7fffffff)),
      next_rtx_index_(static_cast<int64_t>(random >> 48 & 0x7fff)) {
  if (media != nullptr) {
    ssrc_ = media->ssrc;
  }
}

const NegotiatedCodec* SentTrack::codec_of(const RenditionSource& source) const {
  if (media_ != nullptr) {
    for (const NegotiatedCodec& negotiated : media_->codecs) {
      if (negotiated.codec == source.source->description().codec) {
        return &negotiated;
      }
    }
  }
  return nullptr;
}

bool SentTrack::takes_redundancy() const {
  return media_ != nullptr && std::ranges::any_of(media_->codecs, [](const NegotiatedCodec& codec) {
           return codec.red_payload_type.has_value();
         });
}

SentTrack::Form SentTrack::form_of(const rtp::MediaPacket& packet) const {
  return packet.primary_offset != 0 && red_payload_type_
             ? Form{packet.payload(), *red_payload_type_, true}
             : Form{packet.primary(), payload_type_, false};
}

SentTrack::Header SentTrack::header_with(
    const std::optional<rtp::PlayoutDelay>& playout_delay,
    const std::optional<rtp::AbsCaptureTime>& capture_time) const {
  Header header;
  header.bytes[0] = 0x80;
  header.size = rtp::kRtpHeaderSize;
  rtp::HeaderExtensionWriter writer(media_->extensions);
  // Without a number there must be no place for one: receivers would count it as number 0.
  if (numbered_ && media_->transport_cc) {
    writer.transport_sequence_number(0);
  } else if (numbered_) {
    writer.abs_send_time(0);
  }
  const auto number_at = writer.transport_sequence_number_offset();
  if (playout_delay) {
    writer.playout_delay(*playout_delay);
  }
  if (capture_time) {
    writer.abs_capture_time(*capture_time);
  }
  const Bytes extension = writer.finish();
  if (extension.empty() || extension.size() > kMaxExtension) {
    return header;
  }
  header.bytes[0] |= 0x10;
  put16(&header.bytes[12], writer.profile());
  put16(&header.bytes[14], static_cast<uint16_t>(extension.size() / 4));
  std::memcpy(&header.bytes[16], extension.data(), extension.size());
  header.size = static_cast<uint8_t>(16 + extension.size());
  if (number_at) {
    header.number_at = static_cast<uint8_t>(16 + *number_at);
  } else if (numbered_ && media_->extensions.id_of(rtp::HeaderExtension::kAbsSendTime) != 0) {
    // The first element: its value lies behind one or two bytes of header.
    header.send_time_at = writer.profile() == 0xBEDE ? 17 : 18;
  }
  return header;
}

void SentTrack::switch_to(const RenditionSource& source, const RenditionSource* before,
                          const rtp::MediaPacket& first) {
  const NegotiatedCodec& codec = *codec_of(source);
  payload_type_ = codec.payload_type;
  red_payload_type_ = codec.red_payload_type;
  rtx_payload_type_ = codec.rtx_payload_type;
  std::optional<int64_t> same_time;
  std::optional<rtp::CatchUp> catch_up;
  if (!rewriter_) {
    rtp::PacketRewriter::Options options;
    options.first_sequence_number = first_sequence_number_;
    options.first_timestamp = first_timestamp_;
    options.clock_rate = source.source->description().clock_rate;
    rewriter_.emplace(options);
    plain_ = header_with(std::nullopt, std::nullopt);
    catch_up = rtp::CatchUp{source.newest_timestamp};
  } else if (before != nullptr && before->live && before->reference && source.reference) {
    // Two layers of one picture: the publisher's reports tell how their clocks lie to each other.
    const Time moment =
        source.reference->moment +
        duration_cast<Duration>(from_ticks(first.timestamp - source.reference->timestamp,
                                           source.reference->clock_rate));
    same_time = before->reference->at(moment);
  }
  rewriter_->switch_to(source.number, first, same_time, catch_up);
  source_ = source.number;
}

SentTrack::Taken SentTrack::send(const rtp::MediaPacket& packet, Time now, PacketSender& sender,
                                 rtp::TransportSendHistory* numbers) {
  const Form form = form_of(packet);
  if (form.payload.empty() || form.payload.size() > kMaxPayload) {
    leave_out(packet);  // padding that probes for bandwidth
    return Taken::kNo;
  }
  const auto rewritten = rewriter_->forward(source_, packet);
  if (!rewritten) {
    return Taken::kNo;
  }
  write(packet, *rewritten, ssrc_, rewritten->index, form, now, sender, numbers);
  budget_.on_sent(form.payload.size());
  reports_.on_packet(form.payload.size(), now);
  return Taken::kYes;
}

void SentTrack::leave_out(const rtp::MediaPacket& packet) {
  if (rewriter_) {
    rewriter_->leave_out(packet);
  }
}

size_t SentTrack::write(const rtp::MediaPacket& packet, const rtp::Rewritten& numbers,
                        uint32_t ssrc, int64_t index, Form form, Time now, PacketSender& sender,
                        rtp::TransportSendHistory* history) {
  Bytes payload = form.payload;
  Header header = packet.playout_delay || packet.abs_capture_time
                      ? header_with(packet.playout_delay, packet.abs_capture_time)
                      : plain_;
  uint8_t* bytes = header.bytes.data();
  bytes[1] = static_cast<uint8_t>((packet.marker ? kMarker : 0) | form.payload_type);
  put16(bytes + 2, static_cast<uint16_t>(index));
  put32(bytes + 4, numbers.timestamp);
  put32(bytes + 8, ssrc);
  if (header.number_at != 0 && history != nullptr) {
    put16(bytes + header.number_at, history->on_packet(header.size + payload.size(), now));
  }
  if (header.send_time_at != 0) {
    const uint32_t time = rtp::to_abs_send_time(unix_us_of(now));
    bytes[header.send_time_at] = static_cast<uint8_t>(time >> 16);
    put16(bytes + header.send_time_at + 1, static_cast<uint16_t>(time));
  }
  std::array<uint8_t, kMaxPayload + rtp::kRtxHeaderSize> copy;
  const size_t rtx = ssrc == ssrc_ ? 0 : rtp::kRtxHeaderSize;
  const bool renumbered = form.redundant && (payload[0] & 0x7f) != payload_type_;
  if (rtx != 0 || renumbered || numbers.picture_id_offset != 0 || numbers.tl0_pic_idx_offset != 0) {
    put16(copy.data(), numbers.sequence_number);
    std::memcpy(copy.data() + rtx, payload.data(), payload.size());
    const std::span<uint8_t> own = std::span(copy).subspan(rtx, payload.size());
    rtp::PacketRewriter::patch(own, packet.info, numbers);
    if (renumbered) {
      rtp::RedPayload::set_block_payload_types(own, payload_type_);
    }
    payload = Bytes(copy).first(rtx + payload.size());
  }
  sender.add_rtp(Bytes(header.bytes).first(header.size), payload, ssrc,
                 static_cast<uint64_t>(index));
  return header.size + payload.size();
}

size_t SentTrack::write_zeros(Time now, PacketSender& sender, rtp::TransportSendHistory& numbers) {
  Header header = plain_;
  uint8_t* bytes = header.bytes.data();
  const int64_t index = next_rtx_index_++;
  bytes[0] |= kPaddingBit;
  bytes[1] = *rtx_payload_type_;
  put16(bytes + 2, static_cast<uint16_t>(index));
  put32(bytes + 8, media_->rtx_ssrc);
  std::array<uint8_t, kMaxPadding> padding{};
  padding.back() = kMaxPadding;
  put16(bytes + header.number_at, numbers.on_packet(header.size + padding.size(), now));
  sender.add_rtp(Bytes(header.bytes).first(header.size), padding, media_->rtx_ssrc,
                 static_cast<uint64_t>(index));
  return header.size + padding.size();
}

void SentTrack::pad(size_t bytes, Time now, PacketSender& sender,
                    rtp::TransportSendHistory& numbers, const PacketRendition& rendition) {
  for (size_t sent = 0; sent < bytes;) {
    const auto again = rewriter_->recent(padded_, [&rendition](uint32_t source, int64_t index) {
      const RenditionSource* of = rendition.find(source);
      return of != nullptr ? of->history.find(index) : rtp::MediaPacketRef();
    });
    padded_ = static_cast<uint16_t>((padded_ + 1) % kPaddingReach);
    const Bytes payload = again ? again->packet->primary() : Bytes();
    sent += payload.empty() || payload.size() > kMaxPayload
                ? write_zeros(now, sender, numbers)
                : write(*again->packet, again->rewritten, media_->rtx_ssrc, next_rtx_index_++,
                        {payload, *rtx_payload_type_, false}, now, sender, &numbers);
  }
}

bool SentTrack::send_again(uint16_t sequence_number, Time now, Duration rtt, PacketSender& sender,
                           rtp::TransportSendHistory* numbers, const PacketRendition& rendition) {
  if (!rewriter_) {
    return false;
  }
  const auto again =
      rewriter_->on_nack(sequence_number, now, rtt, [&rendition](uint32_t source, int64_t index) {
        const RenditionSource* of = rendition.find(source);
        return of != nullptr ? of->history.find(index) : rtp::MediaPacketRef();
      });
  if (!again) {
    return false;
  }
  const bool rtx = rtx_payload_type_ && media_->rtx_ssrc != 0;
  const Form form =
      rtx ? Form{again->packet->primary(), *rtx_payload_type_, false} : form_of(*again->packet);
  if (form.payload.empty() || form.payload.size() > kMaxPayload ||
      !budget_.take(form.payload.size())) {
    return false;
  }
  write(*again->packet, again->rewritten, rtx ? media_->rtx_ssrc : ssrc_,
        rtx ? next_rtx_index_++ : again->rewritten.index, form, now, sender, numbers);
  return true;
}

std::optional<rtp::SenderReport> SentTrack::report(const PacketRendition& rendition, uint64_t ntp,
                                                   Time now) {
  const RenditionSource* source = rendition.find(source_);
  if (!rewriter_ || source == nullptr || !source->reference) {
    return std::nullopt;
  }
  return reports_.make(ssrc_, ntp, rewriter_->timestamp_of(source->reference->at(now)), now);
}

}  // namespace millrace::webrtc
