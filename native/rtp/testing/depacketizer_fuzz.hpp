#pragma once

// For fuzz targets only: what every depacketizer must hold, whatever comes.

#include <cstdlib>

#include "base/byte_reader.hpp"
#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp::testing {

/// The input is a row of packets: size (1 byte, in units that grow), flags, payload. Bits of the
/// flags: 0 marker, 1 timestamp moves on, 2 a packet is lost before. What comes out must packetize
/// and come out again.
inline void fuzz_depacketizer(const DepacketizerOptions& options, Bytes input) {
  static BlockPool pool;
  pool.bind_to_this_thread();
  const auto depacketizer = make_depacketizer(options, pool);
  if (!depacketizer) {
    std::abort();
  }
  ByteReader reader(input);
  int64_t index = 0;
  int64_t timestamp = 0;
  while (!reader.empty()) {
    const size_t size = reader.u8();
    const uint8_t flags = reader.u8();
    const Bytes payload = reader.bytes(std::min(size, reader.remaining()));
    (void)inspect_payload(options.codec, payload);
    auto packet = MediaPacket::copy_of(pool, payload);
    timestamp += (flags & 2) != 0 ? 3600 : 0;
    packet->index = index += (flags & 4) != 0 ? 2 : 1;
    packet->timestamp = timestamp;
    packet->marker = (flags & 1) != 0;
    (void)depacketizer->push(*packet);
    while (const auto out = depacketizer->poll()) {
      const Frame& frame = *out->frame;
      if (!frame.track || frame.track->codec != options.codec || frame.payload().empty()) {
        std::abort();
      }
      for (const NalUnit& unit : frame.nal_units()) {
        if (unit.offset < 4 || unit.offset + unit.size > frame.payload().size()) {
          std::abort();
        }
      }
      MediaPackets packets;
      const auto packetizer = make_packetizer(*frame.track, pool, 100);
      if (!packetizer->packetize(frame, Time(), packets)) {
        continue;
      }
      for (const MediaPacketRef& again : packets) {
        // One frame of Opus or G.711 is one packet, whatever its size.
        if (again->payload().size() > 100 && options.codec != CodecId::kOpus &&
            options.codec != CodecId::kG711A) {
          std::abort();
        }
      }
      const auto second = make_depacketizer(options, pool);
      for (const MediaPacketRef& again : packets) {
        (void)second->push(*again);
        while (second->poll()) {
        }
      }
    }
  }
}

}  // namespace millrace::rtp::testing
