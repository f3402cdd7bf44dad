#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::mpegts {

/// Head of a PES packet, ISO/IEC 13818-1 §2.4.3.6.
struct PesPacketHeader {
  uint8_t stream_id = 0;
  uint16_t packet_length = 0;   // what follows this field; 0: not said, video only
  std::optional<uint64_t> pts;  // 90 kHz, 33 bits
  std::optional<uint64_t> dts;
  size_t header_size = 0;  // bytes before the payload

  /// Bytes from which packet_length and header_size are known.
  static constexpr size_t kFixedBytes = 9;

  /// @param bytes  the start of a PES packet, as many as there are.
  /// @return nullopt when more are needed, kTsPesMalformed when there is no start code, or fields
  ///         that the flags promise do not fit, or the stream has no such header (padding, private
  ///         stream 2 and the like).
  [[nodiscard]] static Result<std::optional<PesPacketHeader>> parse(Bytes bytes);
};

}  // namespace millrace::mpegts
