#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "base/result.hpp"
#include "protocols/hls/playlist.hpp"

namespace millrace::hls {

/// Longest playlist that is continued, in bytes; what we write is far below.
constexpr size_t kMaxRecoveredBytes = size_t{1} << 20;

/// Reads a media playlist that an earlier run of the server has left, so that a restart goes on
/// with its sequence numbers: `hls_recover`. Lines that are not known are passed over.
/// @return the segments, with `path` empty; kHlsPlaylistInvalid when it is no media playlist, or
/// longer
///         than kMaxRecoveredBytes, or names more than 10000 segments.
[[nodiscard]] Result<std::deque<PlaylistEntry>> parse_media_playlist(std::string_view text);

}  // namespace millrace::hls
