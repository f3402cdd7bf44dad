#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocols/hls/encryption.hpp"
#include "protocols/hls/file_template.hpp"
#include "protocols/hls/options.hpp"
#include "protocols/hls/segmenter.hpp"

namespace millrace::hls {

/// Where one thing lies and how it is asked for.
struct Location {
  std::string path;  // below its folder: `live/livestream-3.ts`
  std::string uri;   // as the playlist writes it; empty for the playlist itself
};

/// The names of one stream's playlist, segments and keys: files below hls_path, and URIs.
class Paths {
 public:
  /// @return nullopt when the playlist's name would lead out of its folder, or is no possible name.
  [[nodiscard]] static std::optional<Paths> of(const Options& options, const StreamName& name);

  /// The playlist, below hls_path.
  [[nodiscard]] const std::string& playlist() const { return playlist_; }

  /// @return nullopt when the name is not possible, as for playlists.
  [[nodiscard]] std::optional<Location> segment(const Options& options,
                                                const Segment& segment) const;
  [[nodiscard]] std::optional<Location> key(const Options& options, const SegmentKey& key) const;

  /// The path that a URI of a recovered playlist stands for; empty when it is none of ours.
  [[nodiscard]] std::string path_of_uri(const Options& options, std::string_view uri) const;

  /// The URI with the playlist's folder in front, unless it is a whole URL: `url` of on_hls.
  [[nodiscard]] std::string url_of(std::string_view uri) const;

 private:
  explicit Paths(const StreamName& name) : name_(name) {}
  [[nodiscard]] std::string relative_to_playlist(std::string_view path) const;
  [[nodiscard]] std::string entry_prefix(const Options& options) const;

  StreamName name_;
  std::string playlist_;
  std::string folder_;  // of the playlist, with its slash; empty at the top
};

}  // namespace millrace::hls
