#include "protocols/hls/paths.hpp"

#include <algorithm>

#include "protocols/hls/random_name.hpp"

namespace millrace::hls {
namespace {

// 82 bits: nobody tries them all while a segment is there.
constexpr size_t kRandomLetters = 16;

/// Up to and including the last slash.
std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash + 1);
}

/// From the last dot of the name on; empty when there is none.
std::string_view extension_of(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos
             ? std::string_view{}
             : path.substr(dot);
}

bool is_url(std::string_view uri) {
  return uri.starts_with("http://") || uri.starts_with("https://");
}

}  // namespace

std::optional<Paths> Paths::of(const Options& options, const StreamName& name) {
  Paths paths(name);
  paths.playlist_ = expand(options.m3u8_file, {.name = name, .segment = std::nullopt});
  if (!is_safe_relative_path(paths.playlist_)) {
    return std::nullopt;
  }
  paths.folder_ = folder_of(paths.playlist_);
  return paths;
}

std::optional<Location> Paths::segment(const Options& options, const Segment& segment) const {
  const int64_t unix_ms =
      std::chrono::floor<std::chrono::milliseconds>(segment.started.time_since_epoch()).count();
  std::string random;
  if (options.ts_file.find("[random]") != std::string::npos) {
    random = random_name(kRandomLetters);
    if (random.empty()) {
      return std::nullopt;  // a name that can be guessed is none
    }
  }
  Location location;
  location.path = expand(options.ts_file,
                         {.name = name_,
                          .segment = TemplateValues::PerSegment{
                              .sequence = segment.sequence,
                              .duration = std::chrono::milliseconds(to_ms(segment.duration)),
                              .timestamp = options.timestamp_floor ? segment.floor_number : unix_ms,
                              .started = segment.started,
                              .utc = options.utc_time,
                              .random = random}});
  if (!is_safe_relative_path(location.path)) {
    return std::nullopt;
  }
  location.uri = entry_prefix(options) + relative_to_playlist(location.path);
  return location;
}

std::optional<Location> Paths::key(const Options& options, const SegmentKey& key) const {
  Location location;
  location.path = expand(options.key_file,
                         {.name = name_,
                          .segment = TemplateValues::PerSegment{
                              .sequence = key.sequence, .started = {}, .utc = options.utc_time}});
  if (!is_safe_relative_path(location.path)) {
    return std::nullopt;
  }
  if (options.key_url.empty()) {
    location.uri = relative_to_playlist(location.path);
  } else {
    // A query stays at the end: `https://keys.example.com/?token=x`.
    const size_t query = std::min(options.key_url.find('?'), options.key_url.size());
    location.uri = options.key_url.substr(0, query) + location.path + options.key_url.substr(query);
  }
  return location;
}

std::string Paths::path_of_uri(const Options& options, std::string_view uri) const {
  const std::string prefix = entry_prefix(options);
  if (!uri.starts_with(prefix)) {
    return {};
  }
  uri.remove_prefix(prefix.size());
  uri = uri.substr(0, uri.find('?'));
  std::string_view folder = folder_;
  while (uri.starts_with("../") && !folder.empty()) {
    uri.remove_prefix(3);
    folder = folder_of(folder.substr(0, folder.size() - 1));
  }
  std::string path(folder);
  path += uri;
  // Files of the path are removed when they leave the window, so it must look like a segment of
  // ours.
  const bool ours =
      is_safe_relative_path(path) && extension_of(path) == extension_of(options.ts_file);
  return ours && !is_url(uri) ? path : std::string{};
}

std::string Paths::url_of(std::string_view uri) const {
  return is_url(uri) ? std::string(uri) : folder_ + std::string(uri);
}

std::string Paths::relative_to_playlist(std::string_view path) const {
  std::string_view folder = folder_;
  std::string up;
  while (!path.starts_with(folder)) {
    folder = folder_of(folder.substr(0, folder.size() - 1));
    up += "../";
  }
  return up + std::string(path.substr(folder.size()));
}

std::string Paths::entry_prefix(const Options& options) const {
  if (options.entry_prefix.empty()) {
    return {};
  }
  return options.entry_prefix + (options.entry_prefix.ends_with('/') ? "" : "/") + folder_;
}

}  // namespace millrace::hls
