#include "formats/mpegts/pes_assembler.hpp"

#include "formats/mpegts/pes_packet.hpp"

namespace millrace::mpegts {
namespace {

// Memory beyond this goes back after a packet that needed it, so that one burst does not stay.
constexpr size_t kKeptBytes = size_t{1} << 20;

}  // namespace

Status PesAssembler::push(const PacketHeader& packet) {
  if (!packet.has_payload) {
    return {};  // the counter stands still, ISO/IEC 13818-1 §2.4.3.3
  }
  Status status;
  if (last_continuity_ >= 0 && !packet.discontinuity) {
    if (packet.continuity_counter == last_continuity_) {
      return {};  // a duplicate, which may follow once
    }
    if (packet.continuity_counter != ((last_continuity_ + 1) & 0x0f)) {
      status = Error{ErrorCode::kTsContinuityGap, packet.pid};
      reset();
    }
  }
  last_continuity_ = packet.continuity_counter;
  if (packet.payload_unit_start) {
    flush();
    const Status begun = begin(packet);
    return status ? begun : status;
  }
  if (open_) {
    const Status appended = append(packet.payload);
    return status ? appended : status;
  }
  return status;
}

Status PesAssembler::begin(const PacketHeader& packet) {
  bytes_.clear();
  open_ = true;
  expected_ = 0;
  random_access_ = packet.random_access;
  return append(packet.payload);
}

Status PesAssembler::append(Bytes payload) {
  if (bytes_.size() + payload.size() > kMaxBytes) {
    open_ = false;
    std::vector<uint8_t>().swap(bytes_);
    return Error{ErrorCode::kTsPesTooLarge, kMaxBytes};
  }
  const bool knew_length = bytes_.size() >= PesPacketHeader::kFixedBytes;
  bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  if (!knew_length && bytes_.size() >= PesPacketHeader::kFixedBytes) {
    const auto header = PesPacketHeader::parse(bytes_);
    if (!header) {
      open_ = false;
      return header.error();
    }
    const size_t length = size_t{bytes_[4]} << 8 | bytes_[5];
    expected_ = length == 0 ? 0 : 6 + length;
  }
  return {};
}

void PesAssembler::flush() {
  if (!open_) {
    return;
  }
  open_ = false;
  if (bytes_.size() < expected_) {
    return;  // cut off by the next one
  }
  if (expected_ != 0) {
    bytes_.resize(expected_);
  }
  complete_.swap(bytes_);
  complete_random_access_ = random_access_;
  ready_ = true;
}

void PesAssembler::reset() { open_ = false; }

std::optional<PesPacket> PesAssembler::next() {
  if (!ready_ && open_ && expected_ != 0 && bytes_.size() >= expected_) {
    flush();
  }
  if (!ready_) {
    if (complete_.capacity() > kKeptBytes) {
      std::vector<uint8_t>().swap(complete_);
    }
    return std::nullopt;
  }
  ready_ = false;
  return finished(complete_);
}

std::optional<PesPacket> PesAssembler::finished(std::vector<uint8_t>& bytes) {
  const auto header = PesPacketHeader::parse(bytes);
  if (!header || !*header) {
    return std::nullopt;
  }
  return PesPacket{(*header)->pts, (*header)->dts, complete_random_access_,
                   Bytes(bytes).subspan((*header)->header_size)};
}

}  // namespace millrace::mpegts
