#pragma once

#include <string>

#include "media/track.hpp"

namespace millrace {

/// The `codecs` parameter of a track, RFC 6381 and the codecs' own bindings: "avc1.64001e",
/// "hvc1.1.6.L93.B0", "av01.0.04M.08", "vp09.00.31.08", "mp4a.40.2", "opus". For playlists,
/// manifests and players.
/// @return empty when the codec has none, or its configuration is missing.
[[nodiscard]] std::string codec_string(const Track& track);

}  // namespace millrace
