#pragma once

#include <string_view>

namespace millrace::http {

/// Content-Type of a file by the extension of its name, without case; `application/octet-stream`
/// for what is not known. Text types carry their charset.
[[nodiscard]] std::string_view mime_type(std::string_view path);

/// Extension of a path's last segment, without the dot; empty when there is none.
[[nodiscard]] std::string_view extension(std::string_view path);

/// @return whether the type names a playlist or manifest, whose content changes while it is played.
[[nodiscard]] bool is_playlist(std::string_view mime);

}  // namespace millrace::http
