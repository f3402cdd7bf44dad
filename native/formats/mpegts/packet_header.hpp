#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {

/// Program clock reference: 33 bits at 90 kHz and 9 bits at 27 MHz, ISO/IEC 13818-1 §2.4.3.5.
struct Pcr {
  uint64_t base = 0;
  uint16_t extension = 0;
};

/// Head of one TS packet with its adaptation field, ISO/IEC 13818-1 §2.4.3.2 and §2.4.3.4.
struct PacketHeader {
  uint16_t pid = 0;
  uint8_t continuity_counter = 0;
  bool payload_unit_start = false;
  bool transport_error = false;
  bool scrambled = false;
  bool has_payload = false;
  bool discontinuity = false;
  bool random_access = false;
  std::optional<Pcr> pcr;
  Bytes payload;  // borrowed from the packet; empty without one

  /// @param packet  kPacketBytes, beginning with the sync byte.
  /// @return kTsAdaptationFieldInvalid (detail: PID) when the field is longer than the packet, or
  ///         than what its flags need.
  [[nodiscard]] static Result<PacketHeader> parse(Bytes packet);
};

}  // namespace millrace::mpegts
