#include "rtp/payload/aac.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bit_reader.hpp"

namespace millrace::rtp {
namespace {

constexpr size_t kHeadSize = 4;            // AU-headers-length and one AU header
constexpr uint32_t kMaxUnitSize = 0x1fff;  // 13 bits

}  // namespace

Status AacPacketizer::write(const Frame& frame) {
  const Bytes bytes = frame.payload();
  if (bytes.size() > kMaxUnitSize) {
    return Error{ErrorCode::kRtpFrameTooLarge, static_cast<uint32_t>(bytes.size())};
  }
  const size_t max_piece = max_payload_size() - kHeadSize;
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = std::min(max_piece, bytes.size() - at);
    MediaPacket& packet = add(kHeadSize + piece);
    ByteWriter writer(packet.mutable_payload());
    writer.u16(16);  // bits of AU headers
    // §3.2.1.1: the size is that of the whole unit, in every fragment.
    writer.u16(static_cast<uint32_t>(bytes.size()) << 3);
    writer.bytes(bytes.subspan(at, piece));
    at += piece;
    packet.marker = at == bytes.size();  // §3.1: the packet ends an access unit
  }
  return {};
}

AacDepacketizer::AacDepacketizer(BlockPool& pool, TrackRef track,
                                 const DepacketizerOptions& options)
    : Depacketizer(pool),
      size_length_(std::clamp<unsigned>(options.size_length, 1, 32)),
      index_length_(std::min<unsigned>(options.index_length, 32)),
      index_delta_length_(std::min<unsigned>(options.index_delta_length, 32)) {
  adopt_track(std::move(track));
}

Status AacDepacketizer::take(const MediaPacket& packet, bool after_loss) {
  const Bytes payload = packet.payload();
  const Error malformed{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  if (after_loss && std::exchange(fragment_timestamp_, std::nullopt)) {
    ++counters_.damaged_frames;
  }
  ByteReader reader(payload);
  const size_t header_bits = reader.u16();
  const Bytes headers = reader.bytes((header_bits + 7) / 8);
  if (!reader.ok() || header_bits < size_length_ + index_length_) {
    ++counters_.damaged_frames;
    return malformed;
  }
  const Bytes data = reader.rest();
  BitReader first(headers);
  if (const size_t size = first.u(size_length_); size > data.size() || fragment_timestamp_) {
    return take_fragment(packet, size, data);
  }
  BitReader bits(headers);
  size_t at = 0;
  int64_t timestamp = packet.timestamp;
  for (size_t used = 0; at < data.size() || used < header_bits;) {
    const unsigned index_bits = used == 0 ? index_length_ : index_delta_length_;
    used += size_length_ + index_bits;
    const size_t size = bits.u(size_length_);
    const uint32_t index = index_bits > 0 ? bits.u(index_bits) : 0;
    // A delta other than 0 is interleaving, §3.2.1.
    if (!bits.ok() || used > header_bits || size == 0 || size > data.size() - at || index != 0) {
      ++counters_.damaged_frames;
      return malformed;
    }
    give(data.subspan(at, size), timestamp, packet.arrival);
    timestamp += track_->audio.samples_per_frame == 0 ? 1024 : track_->audio.samples_per_frame;
    at += size;
  }
  return {};
}

Status AacDepacketizer::take_fragment(const MediaPacket& packet, size_t unit_size, Bytes data) {
  const Error malformed{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(data.size())};
  if (fragment_timestamp_ && packet.timestamp != *fragment_timestamp_) {
    fragment_timestamp_.reset();  // the end of the unit before was lost
    ++counters_.damaged_frames;
    if (unit_size <= data.size()) {
      return take(packet, false);
    }
  }
  if (!fragment_timestamp_) {
    fragment_.clear();
    fragment_timestamp_ = packet.timestamp;
    fragment_size_ = unit_size;
  }
  // The size is bounded by what comes, not by what is claimed.
  if (unit_size != fragment_size_ || data.size() > fragment_size_ - fragment_.size() ||
      fragment_size_ > kMaxFrameBytes) {
    fragment_timestamp_.reset();
    ++counters_.damaged_frames;
    return malformed;
  }
  fragment_.insert(fragment_.end(), data.begin(), data.end());
  if (fragment_.size() == fragment_size_) {
    fragment_timestamp_.reset();
    give(fragment_, packet.timestamp, packet.arrival);
  }
  return {};
}

void AacDepacketizer::give(Bytes unit, int64_t timestamp, Time arrival) {
  auto frame = Frame::make(pool_, track_, unit.size());
  std::memcpy(frame->mutable_payload().data(), unit.data(), unit.size());
  frame->random_access = true;
  hand_out(std::move(frame), timestamp, arrival);
}

}  // namespace millrace::rtp
