#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::mpegts {

/// What all sections with a long header share, ISO/IEC 13818-1 §2.4.4.
struct SectionHeader {
  uint8_t table_id = 0;
  uint16_t table_id_extension = 0;  // transport_stream_id, program_number
  uint8_t version = 0;              // 5 bits
  bool current = false;             // current_next_indicator
  uint8_t section_number = 0;
  uint8_t last_section_number = 0;
};

/// One section of the program association table, §2.4.4.3.
struct PatSection {
  static constexpr uint8_t kTableId = 0x00;
  struct Program {
    uint16_t number = 0;
    uint16_t map_pid = 0;
    friend bool operator==(const Program&, const Program&) = default;
  };
  SectionHeader header;
  std::vector<Program> programs;  // without program 0, which names the network's PID

  /// @param section  whole, from table_id to CRC_32.
  /// @return kTsSectionMalformed, kTsSectionCrcMismatch.
  [[nodiscard]] static Result<PatSection> parse(Bytes section);
};

/// One section of a program map table, §2.4.4.8.
struct PmtSection {
  static constexpr uint8_t kTableId = 0x02;
  /// Most elementary streams that are read; a section of 1021 bytes could name 200.
  static constexpr size_t kMaxStreams = 64;
  struct Stream {
    uint8_t stream_type = 0;
    uint16_t pid = 0;
    Bytes descriptors;  // borrowed from the section
  };
  SectionHeader header;
  uint16_t pcr_pid = 0;
  std::vector<Stream> streams;

  /// @return kTsSectionMalformed, kTsSectionCrcMismatch, kTsPidsTooMany.
  [[nodiscard]] static Result<PmtSection> parse(Bytes section);
};

/// The content of the first descriptor with this tag; empty when there is none. A descriptor that
/// lies about its length ends the search.
[[nodiscard]] Bytes find_descriptor(Bytes descriptors, uint8_t tag);

/// Does a registration descriptor (§2.6.8) say `format_identifier`, four characters?
[[nodiscard]] bool has_registration(Bytes descriptors, const char (&format_identifier)[5]);

}  // namespace millrace::mpegts
