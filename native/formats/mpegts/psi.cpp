#include "formats/mpegts/psi.hpp"

#include <array>

#include "base/byte_writer.hpp"
#include "formats/mpegts/crc32.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {
namespace {

constexpr uint8_t kPatTableId = 0x00;
constexpr uint8_t kPmtTableId = 0x02;
constexpr uint16_t kTransportStreamId = 1;
constexpr uint16_t kProgramNumber = 1;
constexpr size_t kSectionHeaderBytes = 8;  // up to last_section_number
constexpr size_t kCrcBytes = 4;
// One packet less its header and pointer_field, less section header and CRC.
constexpr size_t kMaxBodyBytes = kPacketPayloadBytes - 1 - kSectionHeaderBytes - kCrcBytes;

void write_section(ByteSink& out, uint16_t pid, uint8_t& continuity, uint8_t table_id,
                   uint16_t table_id_extension, uint8_t version, Bytes body) {
  const auto packet = out.room(kPacketBytes).first(kPacketBytes);
  ByteWriter writer(packet);
  writer.u8(kSyncByte);
  writer.u16(0x4000U | pid);  // payload_unit_start_indicator
  writer.u8(0x10U | (continuity & 0x0fU));
  continuity = (continuity + 1) & 0x0f;
  writer.u8(0);  // pointer_field
  const size_t section = writer.size();
  writer.u8(table_id);
  // section_syntax_indicator, '0', reserved; the length counts what follows it, CRC included.
  writer.u16(static_cast<uint32_t>(0xb000 | (kSectionHeaderBytes - 3 + body.size() + kCrcBytes)));
  writer.u16(table_id_extension);
  writer.u8(0xc1U | (version & 0x1fU) << 1);  // reserved, version_number, current_next_indicator
  writer.u16(0);                              // section_number, last_section_number
  writer.bytes(body);
  writer.u32(crc32(writer.written().subspan(section)));
  writer.fill(0xff, writer.room_left());
  out.commit(kPacketBytes);
}

}  // namespace

void write_pat(ByteSink& out, uint8_t& continuity) {
  std::array<uint8_t, 4> body{};
  ByteWriter writer(body);
  writer.u16(kProgramNumber);
  writer.u16(0xe000U | kPmtPid);
  write_section(out, kPatPid, continuity, kPatTableId, kTransportStreamId, 0, body);
}

void write_pmt(ByteSink& out, uint8_t& continuity, uint8_t version, uint16_t pcr_pid,
               std::span<const ElementaryStream> streams) {
  std::array<uint8_t, kMaxBodyBytes> body{};
  ByteWriter writer(body);
  writer.u16(0xe000U | pcr_pid);
  writer.u16(0xf000U);  // program_info_length 0
  for (const ElementaryStream& stream : streams) {
    writer.u8(stream.stream_type);
    writer.u16(0xe000U | stream.pid);
    const Bytes descriptors = stream.descriptors();
    writer.u16(static_cast<uint32_t>(0xf000U | descriptors.size()));
    writer.bytes(descriptors);
  }
  write_section(out, kPmtPid, continuity, kPmtTableId, kProgramNumber, version, writer.written());
}

}  // namespace millrace::mpegts
