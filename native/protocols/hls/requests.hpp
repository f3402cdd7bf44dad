#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "protocols/hls/segment_store.hpp"
#include "protocols/hls/session_table.hpp"

namespace millrace::hls {

/// What a GET is answered with.
struct Answer {
  enum class Kind : uint8_t {
    kObject,    // 200 with `object` as it is, its validators and ranges
    kText,      // 200 with `text`, a playlist made for this session
    kAdmit,     // a new session: ask for admission of `context_id`, then call admitted()
    kWait,      // a publisher is there, its first segment is not: watch `object`, then ask again
    kNotFound,  // nothing of ours at this path; it may be a file
    kGone,      // 404 with `text`: the session has ended, or its id is none for this playlist
    kBusy,      // 503: no more sessions, or the session's admission is still being asked for
  };
  Kind kind = Kind::kNotFound;
  StoredRef object;
  std::string text;
  std::string context_id;
};

/// Answers requests for HLS playlists, segments and keys out of the store, on any loop, without the
/// control plane except for the begin of a session.
class Requests {
 public:
  Requests(SegmentStore& store, SessionTable& sessions) : store_(store), sessions_(sessions) {}

  /// @param path   decoded and normalised, as the store's keys.
  /// @param query  as sent, without `?`.
  [[nodiscard]] Answer answer(std::string_view path, std::string_view query, Time now);

  /// The control plane has let the session in; the answer to the request that began it.
  /// @param asked_path  as the player wrote it, for the address in the multivariant playlist.
  [[nodiscard]] Answer admitted(std::string_view path, std::string_view asked_path,
                                std::string_view query, std::string_view context_id, Time now);
  /// It has not.
  void refused(std::string_view context_id) { sessions_.refuse(context_id); }

 private:
  [[nodiscard]] Answer playlist_for(const StoredRef& object, std::string_view context_id);

  SegmentStore& store_;
  SessionTable& sessions_;
};

}  // namespace millrace::hls
