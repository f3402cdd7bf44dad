#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::mpegts {

/// Puts PSI sections together from the packets of one PID, ISO/IEC 13818-1 §2.4.4.1. A section may
/// begin anywhere in a packet, go on over several, and others may follow it in the same one.
///
/// Use: push() a packet's payload, then next() until it gives nothing.
class SectionAssembler {
 public:
  /// section_length of PAT and PMT is at most 1021, ISO/IEC 13818-1 §2.4.4.5.
  static constexpr size_t kMaxSectionBytes = 1024;

  /// @param start  payload_unit_start_indicator: a pointer_field comes first.
  void push(Bytes payload, bool start);
  /// Forgets an unfinished section: packets are missing.
  void reset();

  /// @return a whole section, from table_id to CRC_32, valid until the next call; nullopt when more
  ///         packets are needed; kTsSectionMalformed (detail: the length) when one says that it is
  ///         longer than the limit, after which the rest up to the next start is passed over.
  [[nodiscard]] Result<std::optional<Bytes>> next();

 private:
  std::vector<uint8_t> bytes_;  // of sections that have begun
  size_t taken_ = 0;            // of them, handed out
  bool started_ = false;
};

}  // namespace millrace::mpegts
