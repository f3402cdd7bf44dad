#include "rtp/srtp/srtp.hpp"

#include <algorithm>

namespace millrace::srtp {

namespace {

constexpr size_t kRtpHeaderSize = 12;
constexpr size_t kRtcpHeaderSize = 8;
constexpr uint32_t kIndexMask = 0x7FFFFFFF;

uint32_t u32_at(Bytes bytes, size_t at) { return ByteReader(bytes.subspan(at)).u32(); }

}  // namespace

std::optional<size_t> rtp_header_size(Bytes packet) {
  if (packet.size() < kRtpHeaderSize || packet[0] >> 6 != 2) {
    return std::nullopt;
  }
  size_t size = kRtpHeaderSize + size_t{4} * (packet[0] & 0xF);
  if ((packet[0] & 0x10) != 0) {
    if (packet.size() < size + 4) {
      return std::nullopt;
    }
    size += 4 + size_t{4} * (static_cast<size_t>(packet[size + 2]) << 8 | packet[size + 3]);
  }
  return size <= packet.size() ? std::optional(size) : std::nullopt;
}

uint64_t guess_index(uint64_t highest, uint16_t sequence_number) {
  const uint64_t same = (highest & ~uint64_t{0xFFFF}) | sequence_number;
  if (same + 0x8000 < highest) {
    return same + 0x10000;
  }
  if (same > highest + 0x8000 && same >= 0x10000) {
    return same - 0x10000;
  }
  return same;
}

size_t Sender::protect_rtcp(std::span<uint8_t> room, size_t size) {
  rtcp_index_ = (rtcp_index_ + 1) & kIndexMask;
  return keys_.protect_rtcp(room, size, u32_at(room, 4), rtcp_index_);
}

Receiver::Source* Receiver::find(uint32_t ssrc) {
  for (const auto& source : sources_) {
    if (source->ssrc == ssrc) {
      return source.get();
    }
  }
  return nullptr;
}

Receiver::Source* Receiver::add(uint32_t ssrc) {
  if (sources_.size() == kMaxSources) {
    return nullptr;
  }
  sources_.push_back(std::make_unique<Source>());
  sources_.back()->ssrc = ssrc;
  return sources_.back().get();
}

Result<size_t> Receiver::unprotect_rtp(std::span<uint8_t> packet) {
  const auto header = rtp_header_size(packet);
  if (!header || packet.size() < *header + keys_.sizes().rtp_tag) {
    return Error{ErrorCode::kSrtpMalformed, static_cast<uint32_t>(packet.size())};
  }
  const auto sequence_number = static_cast<uint16_t>(packet[2] << 8 | packet[3]);
  const uint32_t ssrc = u32_at(packet, 8);
  Source* source = find(ssrc);
  const uint64_t index = source != nullptr && source->rtp.any()
                             ? guess_index(source->rtp.highest(), sequence_number)
                             : sequence_number;
  if (source != nullptr && !source->rtp.is_new(index)) {
    return Error{ErrorCode::kSrtpReplayed, sequence_number};
  }
  if (!keys_.unprotect_rtp(packet, *header, ssrc, index)) {
    return Error{ErrorCode::kSrtpAuthenticationFailed, ssrc};
  }
  if (source == nullptr && (source = add(ssrc)) == nullptr) {
    return Error{ErrorCode::kSrtpMalformed, ssrc};
  }
  source->rtp.note(index);
  return packet.size() - keys_.sizes().rtp_tag;
}

Result<size_t> Receiver::unprotect_rtcp(std::span<uint8_t> packet) {
  if (packet.size() < kRtcpHeaderSize + keys_.sizes().rtcp_overhead || packet[0] >> 6 != 2) {
    return Error{ErrorCode::kSrtpMalformed, static_cast<uint32_t>(packet.size())};
  }
  const uint32_t ssrc = u32_at(packet, 4);
  const size_t plain = packet.size() - keys_.sizes().rtcp_overhead;
  const uint32_t word = u32_at(packet, keys_.is_gcm() ? packet.size() - 4 : plain);
  const uint32_t index = word & kIndexMask;
  Source* source = find(ssrc);
  if (source != nullptr && !source->rtcp.is_new(index)) {
    return Error{ErrorCode::kSrtpReplayed, index};
  }
  if (!keys_.unprotect_rtcp(packet, ssrc, index, (word & ~kIndexMask) != 0)) {
    return Error{ErrorCode::kSrtpAuthenticationFailed, ssrc};
  }
  if (source == nullptr && (source = add(ssrc)) == nullptr) {
    return Error{ErrorCode::kSrtpMalformed, ssrc};
  }
  source->rtcp.note(index);
  return plain;
}

}  // namespace millrace::srtp
