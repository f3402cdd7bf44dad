#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/byte_reader.hpp"
#include "base/byte_sink.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {

/// What the first TS packet of a PES packet says in its adaptation field.
struct FirstPacket {
  bool random_access = false;
  std::optional<uint64_t> pcr;  // 90 kHz, 33 bits; the 27 MHz extension is always 0
};

/// Cuts one PES packet into TS packets, ISO/IEC 13818-1 §2.4.3. The payload is copied once, from
/// where it lies into the sink. The size must be known before, because the last packet's stuffing
/// stands in front of its payload.
class PesWriter {
 public:
  /// @param continuity  the PID's counter; runs on over PES packets.
  /// @param size        of the PES packet with its header, in bytes; exactly so much must be put().
  PesWriter(ByteSink& out, uint16_t pid, uint8_t& continuity, size_t size, FirstPacket first)
      : out_(out), continuity_(continuity), pid_(pid), first_(first), left_(size) {}
  PesWriter(const PesWriter&) = delete;
  PesWriter& operator=(const PesWriter&) = delete;

  void put(Bytes bytes);
  /// Commits what was written. Called once, after the last put().
  void finish();

 private:
  void begin_packet();

  ByteSink& out_;
  uint8_t& continuity_;
  const uint16_t pid_;
  const FirstPacket first_;
  size_t left_;              // bytes of the PES packet not put yet
  bool started_ = false;     // the first TS packet has begun
  std::span<uint8_t> room_;  // from the sink, not committed
  size_t at_ = 0;            // next byte in room_
  size_t packet_left_ = 0;   // payload bytes that the packet begun still takes
};

/// PES packet header, ISO/IEC 13818-1 §2.4.3.6, with PTS, and with DTS when it differs.
class PesHeader {
 public:
  /// @param payload_bytes  what follows the header. PES_packet_length becomes 0 ("not said") when
  /// it
  ///                       does not fit its 16 bits, which large video access units do not.
  PesHeader(uint8_t stream_id, uint64_t pts, uint64_t dts, size_t payload_bytes);
  [[nodiscard]] Bytes bytes() const { return {bytes_, size_}; }

  static constexpr size_t kMaxBytes = 19;

 private:
  uint8_t bytes_[kMaxBytes];
  size_t size_;
};

}  // namespace millrace::mpegts
