#pragma once

#include <cstdint>
#include <span>

#include "base/byte_sink.hpp"
#include "formats/mpegts/elementary_stream.hpp"

namespace millrace::mpegts {

/// Appends one TS packet with a program association table that names one program, its map in
/// kPmtPid: ISO/IEC 13818-1 §2.4.4.3.
void write_pat(ByteSink& out, uint8_t& continuity);

/// Appends one TS packet with the program map table: ISO/IEC 13818-1 §2.4.4.8.
/// @param version  5 bits; another number makes receivers read a changed table.
void write_pmt(ByteSink& out, uint8_t& continuity, uint8_t version, uint16_t pcr_pid,
               std::span<const ElementaryStream> streams);

}  // namespace millrace::mpegts
