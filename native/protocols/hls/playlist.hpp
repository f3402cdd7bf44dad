#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/media_time.hpp"

namespace millrace::hls {

/// EXT-X-KEY of AES-128, RFC 8216 §4.3.2.4. Shared by the segments that are encrypted with it.
struct KeyTag {
  std::string uri;
  std::array<uint8_t, 16> iv{};
  friend bool operator==(const KeyTag&, const KeyTag&) = default;
};

/// One segment as the media playlist names it.
struct PlaylistEntry {
  uint64_t sequence = 0;
  MediaTime duration{0};
  bool discontinuity = false;
  std::string uri;
  std::string path;                   // of its file, below hls_path; empty when it is none of ours
  std::shared_ptr<const KeyTag> key;  // null: not encrypted
};

/// A media playlist's text, and where each segment's URI ends in it: there a session's id is put
/// in.
struct PlaylistText {
  std::string text;
  std::vector<uint32_t> uri_ends;

  friend bool operator==(const PlaylistText&, const PlaylistText&) = default;
};

/// Media playlist of a live stream, RFC 8216 §4.3.3, version 3, as it goes to players and to disk.
/// EXT-X-KEY stands where the key changes, and on the first entry, as a player that joins later
/// would else take the segment for plain.
/// @param target_duration  wanted length of a segment; EXT-X-TARGETDURATION is the longest segment
/// or
///                         this, rounded up to seconds.
[[nodiscard]] PlaylistText render_media_playlist(const std::deque<PlaylistEntry>& entries,
                                                 MediaTime target_duration);

/// Multivariant playlist with the one variant there is, whose address carries the session's id.
/// @param path   of the media playlist, as the player asked for it.
/// @param query  the player's own, without `?`; it is handed on, without any hls_ctx.
[[nodiscard]] std::string render_multivariant_playlist(std::string_view path,
                                                       std::string_view context_id,
                                                       std::string_view query);

/// The media playlist with `?hls_ctx=<id>` behind each segment.
[[nodiscard]] std::string with_context(std::string_view text, const std::vector<uint32_t>& uri_ends,
                                       std::string_view context_id);

/// The query's parameter that names a session.
constexpr std::string_view kContextParameter = "hls_ctx";
/// @return its value, empty when the query (without `?`) has none.
[[nodiscard]] std::string_view context_of_query(std::string_view query);

/// The segments of the playlist, oldest first.
class SegmentWindow {
 public:
  explicit SegmentWindow(MediaTime window) : window_(window) {}

  /// Adds the newest. From the newest back, segments stay up to and including the one with which
  /// the sum of durations first exceeds the window.
  /// @return those that leave, oldest first.
  std::vector<PlaylistEntry> add(PlaylistEntry entry);
  void clear() { entries_.clear(); }

  [[nodiscard]] const std::deque<PlaylistEntry>& entries() const { return entries_; }

 private:
  const MediaTime window_;
  std::deque<PlaylistEntry> entries_;
};

}  // namespace millrace::hls
