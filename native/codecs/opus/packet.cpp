#include "codecs/opus/packet.hpp"

#include <array>

namespace millrace::opus {

Result<uint32_t> packet_duration(Bytes packet) {
  // Samples at 48 kHz per frame. Table 2: SILK has four lengths, hybrid two, CELT four.
  constexpr std::array<uint16_t, 4> kSilk{480, 960, 1920, 2880};
  constexpr std::array<uint16_t, 2> kHybrid{480, 960};
  constexpr std::array<uint16_t, 4> kCelt{120, 240, 480, 960};
  constexpr uint32_t kMaxSamples = 5760;  // 120 ms, requirement R5
  if (packet.empty()) {
    return ErrorCode::kOpusPacketInvalid;
  }
  const unsigned config = packet[0] >> 3;
  const uint32_t samples = config < 12   ? kSilk[config & 3]
                           : config < 16 ? kHybrid[config & 1]
                                         : kCelt[config & 3];
  uint32_t frames = 0;
  switch (packet[0] & 3) {
    case 0:
      frames = 1;
      break;
    case 1:
    case 2:
      frames = 2;
      break;
    default:
      if (packet.size() < 2) {
        return ErrorCode::kOpusPacketInvalid;
      }
      frames = packet[1] & 0x3f;
      break;
  }
  if (frames == 0 || frames * samples > kMaxSamples) {
    return ErrorCode::kOpusPacketInvalid;
  }
  return frames * samples;
}

}  // namespace millrace::opus
