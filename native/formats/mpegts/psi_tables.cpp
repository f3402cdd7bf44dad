#include "formats/mpegts/psi_tables.hpp"

#include <cstring>

#include "formats/mpegts/crc32.hpp"

namespace millrace::mpegts {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr size_t kCrcBytes = 4;
constexpr uint8_t kRegistrationDescriptor = 0x05;

/// @return the bytes between header and CRC.
Result<Bytes> open_section(Bytes section, uint8_t table_id, SectionHeader& header) {
  if (section.size() < kHeaderBytes + kCrcBytes || section[0] != table_id ||
      (section[1] & 0x80) == 0) {
    return ErrorCode::kTsSectionMalformed;
  }
  if (crc32(section) != 0) {
    return ErrorCode::kTsSectionCrcMismatch;
  }
  header.table_id = section[0];
  header.table_id_extension = static_cast<uint16_t>(section[3] << 8 | section[4]);
  header.version = section[5] >> 1 & 0x1f;
  header.current = (section[5] & 1) != 0;
  header.section_number = section[6];
  header.last_section_number = section[7];
  return section.subspan(kHeaderBytes, section.size() - kHeaderBytes - kCrcBytes);
}

}  // namespace

Result<PatSection> PatSection::parse(Bytes section) {
  PatSection pat;
  const auto body = open_section(section, kTableId, pat.header);
  if (!body) {
    return body.error();
  }
  ByteReader reader(*body);
  while (reader.remaining() >= 4) {
    const uint16_t number = reader.u16();
    const uint16_t pid = reader.u16() & 0x1fffU;
    if (number != 0) {
      pat.programs.push_back({number, pid});
    }
  }
  return pat;
}

Result<PmtSection> PmtSection::parse(Bytes section) {
  PmtSection pmt;
  const auto body = open_section(section, kTableId, pmt.header);
  if (!body) {
    return body.error();
  }
  ByteReader reader(*body);
  pmt.pcr_pid = reader.u16() & 0x1fffU;
  reader.skip(reader.u16() & 0x0fffU);  // program descriptors
  while (reader.ok() && !reader.empty()) {
    if (pmt.streams.size() == kMaxStreams) {
      return ErrorCode::kTsPidsTooMany;
    }
    Stream stream;
    stream.stream_type = reader.u8();
    stream.pid = reader.u16() & 0x1fffU;
    stream.descriptors = reader.bytes(reader.u16() & 0x0fffU);
    pmt.streams.push_back(stream);
  }
  if (!reader.ok()) {
    return ErrorCode::kTsSectionMalformed;
  }
  return pmt;
}

Bytes find_descriptor(Bytes descriptors, uint8_t tag) {
  ByteReader reader(descriptors);
  while (reader.remaining() >= 2) {
    const uint8_t found = reader.u8();
    const Bytes content = reader.bytes(reader.u8());
    if (reader.ok() && found == tag) {
      return content;
    }
  }
  return {};
}

bool has_registration(Bytes descriptors, const char (&format_identifier)[5]) {
  const Bytes content = find_descriptor(descriptors, kRegistrationDescriptor);
  return content.size() >= 4 && std::memcmp(content.data(), format_identifier, 4) == 0;
}

}  // namespace millrace::mpegts
