#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::mpegts {

/// TS packet, ISO/IEC 13818-1 §2.4.3.2.
constexpr size_t kPacketBytes = 188;
constexpr size_t kPacketHeaderBytes = 4;
constexpr size_t kPacketPayloadBytes = kPacketBytes - kPacketHeaderBytes;
constexpr uint8_t kSyncByte = 0x47;
constexpr uint16_t kPatPid = 0;

/// PTS, DTS and PCR base count 90 kHz in 33 bits and wrap after 26.5 hours.
constexpr int64_t kTimescale = 90'000;
constexpr uint64_t kTimeMask = (uint64_t{1} << 33) - 1;

}  // namespace millrace::mpegts
