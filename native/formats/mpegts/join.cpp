#include "formats/mpegts/join.hpp"

#include <algorithm>
#include <optional>

#include "base/byte_writer.hpp"
#include "formats/mpegts/packet.hpp"
#include "formats/mpegts/psi.hpp"

namespace millrace::mpegts {

namespace {

constexpr uint8_t before(uint8_t counter) { return (counter + 15U) & 0x0f; }

/// A packet without payload: adaptation_field_control '10', its counter that of the packet before.
void write_discontinuity(ByteSink& out, uint16_t pid, uint8_t next_counter) {
  const auto packet = out.room(kPacketBytes).first(kPacketBytes);
  ByteWriter writer(packet);
  writer.u8(kSyncByte);
  writer.u16(pid);
  writer.u8(0x20U | before(next_counter));
  writer.u8(kPacketPayloadBytes - 1);  // adaptation_field_length
  writer.u8(0x80);                     // discontinuity_indicator
  writer.fill(0xff, writer.room_left());
  out.commit(kPacketBytes);
}

}  // namespace

uint64_t Counters::packed() const {
  uint64_t packed = pmt_version;
  packed |= uint64_t{pat} << 8 | uint64_t{pmt} << 12;
  for (size_t i = 0; i < streams.size(); ++i) {
    packed |= uint64_t{streams[i]} << (16 + 4 * i);
  }
  return packed;
}

Counters Counters::unpack(uint64_t packed) {
  Counters counters;
  counters.pmt_version = packed & 0x1f;
  counters.pat = packed >> 8 & 0x0f;
  counters.pmt = packed >> 12 & 0x0f;
  for (size_t i = 0; i < counters.streams.size(); ++i) {
    counters.streams[i] = packed >> (16 + 4 * i) & 0x0f;
  }
  return counters;
}

void write_join(const Counters& counters, const TrackRef& video, const TrackRef& audio, Join join,
                ByteSink& out) {
  std::array<ElementaryStream, 2> streams;
  size_t count = 0;
  for (const TrackRef& track : {video, audio}) {
    if (auto stream = track ? ElementaryStream::of(*track) : std::nullopt) {
      streams[count++] = *stream;
    }
  }
  if (count == 0) {
    return;
  }
  uint8_t pat = before(counters.pat);
  uint8_t pmt = before(counters.pmt);
  if (join == Join::kAfterGap) {
    write_discontinuity(out, kPatPid, pat);
    write_discontinuity(out, kPmtPid, pmt);
    for (const ElementaryStream& stream : std::span(streams).first(count)) {
      write_discontinuity(out, stream.pid, counters.streams[stream.pid - kFirstStreamPid]);
    }
  }
  write_pat(out, pat);
  write_pmt(out, pmt, counters.pmt_version, streams.front().pid, std::span(streams).first(count));
}

}  // namespace millrace::mpegts
