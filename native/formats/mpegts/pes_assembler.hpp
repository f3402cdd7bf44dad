#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/mpegts/packet_header.hpp"

namespace millrace::mpegts {

/// One PES packet that is whole. `payload` is valid until the next call to the assembler.
struct PesPacket {
  std::optional<uint64_t> pts;  // 90 kHz, 33 bits
  std::optional<uint64_t> dts;
  bool random_access = false;  // random_access_indicator of its first TS packet
  Bytes payload;
};

/// Puts the PES packets of one PID together. One of known length is ready with its last byte, one
/// of unknown length when the next begins. A packet of which something is missing is dropped whole:
/// half a picture is worse than none.
///
/// Use: push() a TS packet, then next() until it gives nothing. Memory is kept from packet to
/// packet.
class PesAssembler {
 public:
  /// Longest PES packet: an intra picture of 4 MB is 1 Gb/s at 30 pictures a second.
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  /// @return kTsContinuityGap (detail: PID) when packets are missing before this one,
  ///         kTsPesTooLarge, kTsPesMalformed. The packet has been taken as far as it can be.
  Status push(const PacketHeader& packet);
  [[nodiscard]] std::optional<PesPacket> next();
  /// Ends the one of unknown length that is under way; next() gives it.
  void flush();
  /// Forgets what is unfinished.
  void reset();

 private:
  Status begin(const PacketHeader& packet);
  Status append(Bytes payload);
  [[nodiscard]] std::optional<PesPacket> finished(std::vector<uint8_t>& bytes);

  std::vector<uint8_t> bytes_;     // of the packet under way
  std::vector<uint8_t> complete_;  // of one that is ready
  bool open_ = false;              // a packet is under way
  bool ready_ = false;             // complete_ is to be handed out
  bool random_access_ = false;
  bool complete_random_access_ = false;
  size_t expected_ = 0;  // whole size; 0: not known
  int last_continuity_ = -1;
};

}  // namespace millrace::mpegts
