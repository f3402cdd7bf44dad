#include "codecs/nal/nal_units.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace millrace::nal {

size_t find_start_code(Bytes bytes, size_t from) {
  // Looks for the 01 first: memchr runs at many bytes per cycle, and in coded video a 01 is no more
  // frequent than a 00 but settles the question with two look-backs.
  size_t at = from + 2;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0x01, bytes.size() - at);
    if (found == nullptr) {
      break;
    }
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data());
    if (bytes[at - 1] == 0 && bytes[at - 2] == 0) {
      return at - 2;
    }
    ++at;
  }
  return bytes.size();
}

bool starts_with_start_code(Bytes bytes) {
  size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == 0) {
    ++zeros;
  }
  return zeros >= 2 && zeros < bytes.size() && bytes[zeros] == 1;
}

Status split_annexb(Bytes bytes, std::vector<NalUnit>& units) {
  units.clear();
  size_t start_code = find_start_code(bytes);
  while (start_code < bytes.size()) {
    const size_t begin = start_code + 3;
    start_code = find_start_code(bytes, begin);
    size_t end = start_code;
    // trailing_zero_8bits, and the zero_byte that makes the next start code one of four bytes. A
    // NAL unit itself never ends in 00 (§7.4.1).
    while (end > begin && bytes[end - 1] == 0) {
      --end;
    }
    if (end == begin) {
      continue;
    }
    if (units.size() == kMaxUnits) {
      return ErrorCode::kNalUnitsTooMany;
    }
    units.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)});
  }
  return {};
}

Status split_length_prefixed(Bytes bytes, unsigned length_size, std::vector<NalUnit>& units) {
  assert(length_size >= 1 && length_size <= 4);
  units.clear();
  size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at < length_size) {
      return Error{ErrorCode::kNalLengthInvalid, static_cast<uint32_t>(at)};
    }
    size_t size = 0;
    for (unsigned i = 0; i < length_size; ++i) {
      size = size << 8 | bytes[at + i];
    }
    if (size > bytes.size() - at - length_size) {
      return Error{ErrorCode::kNalLengthInvalid, static_cast<uint32_t>(at)};
    }
    at += length_size;
    if (size == 0) {
      continue;
    }
    if (units.size() == kMaxUnits) {
      return ErrorCode::kNalUnitsTooMany;
    }
    units.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(size)});
    at += size;
  }
  return {};
}

size_t payload_size(const std::vector<NalUnit>& units) {
  size_t size = 0;
  for (const NalUnit& unit : units) {
    size += 4 + size_t{unit.size};
  }
  return size;
}

Ref<Frame> make_frame(BlockPool& pool, TrackRef track, Bytes bytes,
                      const std::vector<NalUnit>& units) {
  const size_t size = payload_size(units);
  auto frame = Frame::make(pool, std::move(track), size, static_cast<uint32_t>(units.size()));
  const auto payload = frame->mutable_payload();
  const auto frame_units = frame->mutable_nal_units();
  size_t at = 0;
  for (size_t i = 0; i < units.size(); ++i) {
    const NalUnit& unit = units[i];
    for (unsigned byte = 0; byte < 4; ++byte) {
      payload[at + byte] = static_cast<uint8_t>(unit.size >> (24 - 8 * byte));
    }
    at += 4;
    frame_units[i] = {static_cast<uint32_t>(at), unit.size};
    std::memcpy(payload.data() + at, bytes.data() + unit.offset, unit.size);
    at += unit.size;
  }
  return frame;
}

namespace {

/// Where the first emulation_prevention_three_byte lies; the size when there is none.
size_t find_emulation_prevention(Bytes nal) {
  size_t at = 2;
  while (at < nal.size()) {
    const void* found = std::memchr(nal.data() + at, 0x03, nal.size() - at);
    if (found == nullptr) {
      break;
    }
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - nal.data());
    if (nal[at - 1] == 0 && nal[at - 2] == 0) {
      return at;
    }
    ++at;
  }
  return nal.size();
}

}  // namespace

Bytes unescape(Bytes nal, std::span<uint8_t> room) {
  // Most headers hold none, and every frame's are looked at.
  const Bytes head = nal.first(std::min(nal.size(), room.size()));
  const size_t clean = find_emulation_prevention(head);
  if (clean == head.size()) {
    return head;
  }
  std::copy_n(nal.begin(), clean, room.begin());
  size_t written = clean;
  unsigned zeros = 0;
  for (const uint8_t byte : nal.subspan(clean + 1)) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    if (written == room.size()) {
      break;
    }
    room[written++] = byte;
    zeros = byte == 0 ? zeros + 1 : 0;
  }
  return room.first(written);
}

}  // namespace millrace::nal
