#include "rtp/payload/nal_packetizer.hpp"

#include <algorithm>
#include <cstring>

#include "base/byte_writer.hpp"

namespace millrace::rtp {

Status NalPacketizer::write(const Frame& frame) {
  units_.clear();
  const auto units = frame.nal_units();
  if (frame.random_access && std::ranges::none_of(units, [&](const NalUnit& unit) {
        return role_of(frame.nal(unit)) == Role::kParameterSet;
      })) {
    for (const BufferRef& set : frame.track->parameter_sets) {
      units_.push_back(set->bytes());
    }
  }
  for (const NalUnit& unit : units) {
    const Bytes nal = frame.nal(unit);
    if (nal.size() >= header_size_ && role_of(nal) != Role::kLeftOut) {
      units_.push_back(nal);
    }
  }
  for (size_t at = 0; at < units_.size();) {
    if (units_[at].size() > max_payload_size()) {
      write_fragments(units_[at++]);
      continue;
    }
    size_t end = at;
    size_t size = header_size_;
    while (end < units_.size() && size + 2 + units_[end].size() <= max_payload_size()) {
      size += 2 + units_[end++].size();
    }
    if (end - at >= 2) {
      write_aggregate(std::span(units_).subspan(at, end - at), size);
      at = end;
    } else {
      write_single(units_[at++]);
    }
  }
  return {};
}

void NalPacketizer::write_single(Bytes nal) {
  std::memcpy(add(nal.size()).mutable_payload().data(), nal.data(), nal.size());
}

void NalPacketizer::write_aggregate(std::span<const Bytes> units, size_t payload_size) {
  const auto out = add(payload_size).mutable_payload();
  write_aggregation_header(out.first(header_size_), units);
  ByteWriter writer(out.subspan(header_size_));
  for (const Bytes nal : units) {
    writer.u16(static_cast<uint32_t>(nal.size()));
    writer.bytes(nal);
  }
}

void NalPacketizer::write_fragments(Bytes nal) {
  const size_t head = header_size_ + 1;
  const size_t max_piece = max_payload_size() - head;
  const Bytes body = nal.subspan(header_size_);
  for (size_t at = 0; at < body.size();) {
    const size_t piece = std::min(max_piece, body.size() - at);
    const auto out = add(head + piece).mutable_payload();
    write_fragment_header(out.first(head), nal, at == 0, at + piece == body.size());
    std::memcpy(out.data() + head, body.data() + at, piece);
    at += piece;
  }
}

}  // namespace millrace::rtp
