#include "rtp/jitter/receive_stream.hpp"

#include <algorithm>
#include <cstdlib>

#include "codecs/opus/packet.hpp"
#include "rtp/payload/payload_info.hpp"

namespace millrace::rtp {
namespace {

/// RFC 3550 A.1 MAX_DROPOUT: a larger step forward, or one back by more than what may be late, is a
/// sender that began anew, if the next packet follows it.
constexpr int64_t kMaxDropout = 3000;
/// Between the indices of a sender's old and new sequence, so that depacketizers see a loss.
constexpr int64_t kRestartGap = 2;

}  // namespace

ReceiveStream::ReceiveStream(BlockPool& pool, const ReceiveStreamOptions& options)
    : pool_(pool),
      options_(options),
      times_(options.redundancy ? std::make_unique<ReceivedTimes>() : nullptr),
      statistics_(options.clock_rate),
      nack_(options.nack_options),
      reorder_(options.max_reorder_packets, options.max_reorder_delay) {}

Ref<MediaPacket> ReceiveStream::keep(const RtpPacket& packet, const HeaderExtensions& extensions,
                                     Time now) const {
  auto media = MediaPacket::copy_of(pool_, packet.payload);
  media->arrival = now;
  media->marker = packet.marker;
  media->info = inspect_payload(options_.codec, packet.payload);
  media->playout_delay = extensions.playout_delay;
  media->audio_level = extensions.audio_level;
  media->abs_capture_time = extensions.abs_capture_time;
  return media;
}

std::optional<int64_t> ReceiveStream::index_of(const RtpPacket& packet,
                                               const HeaderExtensions& extensions, Source source,
                                               Time now) {
  const uint16_t sequence_number = packet.sequence_number;
  const auto newest = sequence_.newest();
  if (!newest) {
    // A repetition alone tells nothing of where the stream is.
    return source == Source::kOriginal ? std::optional(sequence_.unwrap(sequence_number))
                                       : std::nullopt;
  }
  const int64_t index = sequence_.peek(sequence_number);
  if (std::abs(index - *newest) <= kMaxDropout) {
    expected_after_jump_.reset();
    return sequence_.unwrap(sequence_number) + restart_offset_;
  }
  if (source != Source::kOriginal) {
    return std::nullopt;
  }
  if (expected_after_jump_ != sequence_number) {
    expected_after_jump_ = static_cast<uint16_t>(sequence_number + 1);
    jumped_ = keep(packet, extensions, now);
    jumped_timestamp_ = packet.timestamp;
    return std::nullopt;
  }
  expected_after_jump_.reset();
  ++counters_.restarts;
  const int64_t first = *newest + restart_offset_ + kRestartGap;
  sequence_.reset();
  restart_offset_ = first + 1 - sequence_.unwrap(sequence_number);
  timestamp_.reset();
  nack_.on_packet(first, now);
  nack_.forget_before(first);
  reorder_.restart_at(first);
  if (times_) {
    times_->reset();
  }
  if (jumped_) {
    confirmed_ = std::exchange(jumped_, nullptr);
    confirmed_->index = first;
    confirmed_->timestamp = timestamp_.unwrap(jumped_timestamp_);
    (void)reorder_.insert(confirmed_);
    if (times_) {
      times_->add({first, confirmed_->timestamp, confirmed_->payload().empty()});
    }
    ++counters_.packets;
    --counters_.late;
  }
  return first + 1;
}

Ref<MediaPacket> ReceiveStream::receive(const RtpPacket& packet, const HeaderExtensions& extensions,
                                        Source source, Time now) {
  const auto index = index_of(packet, extensions, source, now);
  if (!index) {
    ++counters_.late;
    return nullptr;
  }
  if (source == Source::kOriginal) {
    statistics_.on_packet(*index, packet.timestamp, now);
  }
  auto media = keep(packet, extensions, now);
  media->index = *index;
  media->timestamp = timestamp_.unwrap(packet.timestamp);
  if (times_ && source != Source::kRedundancy && times_->was_recovered(media->timestamp)) {
    media->shrink(0);  // it was given a neighbour's number: its own is that of padding now
  }
  switch (reorder_.insert(media)) {
    case ReorderBuffer::Inserted::kDuplicate:
      ++counters_.duplicates;
      return nullptr;
    case ReorderBuffer::Inserted::kTooLate:
      ++counters_.late;
      return nullptr;
    case ReorderBuffer::Inserted::kYes:
      break;
  }
  nack_.on_packet(*index, now);
  if (times_ && source == Source::kRedundancy) {
    times_->add_recovered({*index, media->timestamp});
  } else if (times_) {
    times_->add({*index, media->timestamp, media->payload().empty()});
  }
  ++counters_.packets;
  counters_.bytes += packet.payload.size();
  counters_.retransmissions += source == Source::kRetransmission ? 1 : 0;
  counters_.recovered += source == Source::kRedundancy ? 1 : 0;
  return media;
}

std::optional<uint16_t> ReceiveStream::missing_at(const RtpPacket& carrier, uint32_t timestamp,
                                                  Bytes payload) const {
  const auto newest = sequence_.newest();
  if (!times_ || !newest) {
    return std::nullopt;
  }
  const int64_t index = sequence_.peek(carrier.sequence_number);
  if (std::abs(index - *newest) > ReceivedTimes::kReach) {
    return std::nullopt;  // after a jump that nobody has confirmed
  }
  const auto duration = opus::packet_duration(payload);
  const auto missing =
      times_->missing_at(timestamp_.peek(timestamp), duration.ok() ? *duration : 0,
                         {index + restart_offset_, timestamp_.peek(carrier.timestamp)});
  return missing ? std::optional(static_cast<uint16_t>(*missing - restart_offset_)) : std::nullopt;
}

int64_t ReceiveStream::on_sender_report(uint64_t ntp, uint32_t rtp_timestamp, Time arrival) {
  statistics_.on_sender_report(ntp, arrival);
  return timestamp_.peek(rtp_timestamp);
}

std::optional<Time> ReceiveStream::next_deadline() const {
  const auto reorder = reorder_.next_deadline();
  const auto nack = options_.nack ? nack_.next_deadline() : std::nullopt;
  return reorder && nack ? std::min(*reorder, *nack) : reorder ? reorder : nack;
}

}  // namespace millrace::rtp
