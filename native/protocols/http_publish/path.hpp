#pragma once

#include <optional>
#include <string_view>

namespace millrace::http_publish {

/// App and stream that a path names.
struct PublishedName {
  std::string_view app;
  std::string_view stream;
};

/// `/app/stream.flv`, also without `.flv`; the app may hold slashes.
/// @param path  of the request, decoded and normalised, beginning with `/`.
/// @return nullopt when it lacks an app or a stream.
[[nodiscard]] constexpr std::optional<PublishedName> published_name(std::string_view path) {
  constexpr std::string_view kExtension = ".flv";
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash < 2) {
    return std::nullopt;
  }
  PublishedName name{path.substr(1, slash - 1), path.substr(slash + 1)};
  if (name.stream.ends_with(kExtension)) {
    name.stream.remove_suffix(kExtension.size());
  }
  return name.stream.empty() ? std::nullopt : std::optional(name);
}

}  // namespace millrace::http_publish
