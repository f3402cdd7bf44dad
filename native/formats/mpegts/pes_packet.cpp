#include "formats/mpegts/pes_packet.hpp"

namespace millrace::mpegts {
namespace {

/// PTS or DTS, §2.4.3.7. Markers are not looked at: a multiplexer that sets them wrong is played
/// everywhere else.
uint64_t read_time(Bytes bytes) {
  return uint64_t{bytes[0] & 0x0eU} << 29 | uint64_t{bytes[1]} << 22 |
         uint64_t{bytes[2] & 0xfeU} << 14 | uint64_t{bytes[3]} << 7 | uint64_t{bytes[4]} >> 1;
}

/// stream_id values whose packets have no optional header, §2.4.3.7 table 2-21.
bool is_bare(uint8_t stream_id) {
  switch (stream_id) {
    case 0xbc:  // program_stream_map
    case 0xbe:  // padding_stream
    case 0xbf:  // private_stream_2
    case 0xf0:  // ECM
    case 0xf1:  // EMM
    case 0xf2:  // DSM-CC
    case 0xf8:  // ITU-T H.222.1 type E
    case 0xff:  // program_stream_directory
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::optional<PesPacketHeader>> PesPacketHeader::parse(Bytes bytes) {
  if (bytes.size() < kFixedBytes) {
    return std::optional<PesPacketHeader>();
  }
  PesPacketHeader header;
  header.stream_id = bytes[3];
  header.packet_length = static_cast<uint16_t>(bytes[4] << 8 | bytes[5]);
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 1 || is_bare(header.stream_id) ||
      (bytes[6] & 0xc0) != 0x80) {
    return ErrorCode::kTsPesMalformed;
  }
  const unsigned time_flags = bytes[7] >> 6;
  const size_t data_length = bytes[8];
  header.header_size = kFixedBytes + data_length;
  const size_t times = time_flags == 3 ? 10 : time_flags == 2 ? 5 : 0;
  if (times > data_length ||
      (header.packet_length != 0 && header.packet_length < 3 + data_length)) {
    return ErrorCode::kTsPesMalformed;
  }
  if (bytes.size() < header.header_size) {
    return std::optional<PesPacketHeader>();
  }
  if (times >= 5) {
    header.pts = read_time(bytes.subspan(kFixedBytes));
  }
  if (times == 10) {
    header.dts = read_time(bytes.subspan(kFixedBytes + 5));
  }
  return std::optional(header);
}

}  // namespace millrace::mpegts
