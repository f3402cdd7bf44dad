#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::opus {

/// How long a packet plays, in samples at 48 kHz, from its TOC byte; RFC 6716 §3.1 and §3.2.
/// @return kOpusPacketInvalid when it is empty or cut, or longer than 120 ms.
[[nodiscard]] Result<uint32_t> packet_duration(Bytes packet);

}  // namespace millrace::opus
