#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"

namespace millrace::http {

/// What must come before the middle of an FLV file so that it can be played: the file header, and
/// the first sequence header tag of each kind. Source: FLV 10.1, Annex E.2 to E.4; Enhanced RTMP v2
/// for packet type SequenceStart.
/// @param beginning  the file's first bytes, as many as the caller wants to look through.
/// @return empty when the file does not begin as FLV.
[[nodiscard]] std::vector<uint8_t> flv_seek_head(Bytes beginning);

}  // namespace millrace::http
