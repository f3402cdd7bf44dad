#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"

namespace millrace::mpegts {

/// CRC_32 of PSI sections: ISO/IEC 13818-1 Annex A. Zero over a section with its own CRC.
[[nodiscard]] uint32_t crc32(Bytes bytes);

}  // namespace millrace::mpegts
