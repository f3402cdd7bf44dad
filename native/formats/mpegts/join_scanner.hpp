#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "formats/mpegts/elementary_reader.hpp"
#include "formats/mpegts/packet_header.hpp"
#include "formats/mpegts/section_assembler.hpp"

namespace millrace::mpegts {

/// Watches a transport stream that is passed on as it is, for the packets with which a receiver may
/// begin: the first of a picture that is a random access point, or, without video, of any audio PES
/// packet.
class JoinScanner {
 public:
  /// @param packet  kPacketBytes; all packets in order.
  /// @return whether a receiver that is given tables() may begin with this packet.
  bool can_begin_with(Bytes packet);

  /// The packets of the last PAT, and of the last map with media in it.
  [[nodiscard]] const std::vector<uint8_t>& tables() const { return tables_; }

 private:
  // A table of more packets than this is none that a live stream has.
  static constexpr size_t kMaxTablePackets = 6;
  static constexpr uint16_t kNoPid = 0x1fff;
  struct Table {
    SectionAssembler sections;
    std::vector<uint8_t> packets;
  };

  bool take(Table& table, Bytes packet, const PacketHeader& header, Bytes& section);
  void on_pat(Bytes packet, const PacketHeader& header);
  void on_map(Bytes packet, const PacketHeader& header);
  [[nodiscard]] bool shows_parameter_sets(Bytes payload) const;

  Table pat_;
  Table map_;
  std::vector<uint16_t> map_pids_;
  uint16_t map_pid_ = kNoPid;  // whose sections are put together
  uint16_t video_pid_ = kNoPid;
  uint16_t audio_pid_ = kNoPid;
  CodecId video_codec_ = CodecId::kUnknown;
  std::vector<uint8_t> pat_packets_;
  std::vector<uint8_t> map_packets_;
  std::vector<uint8_t> tables_;
};

}  // namespace millrace::mpegts
