#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace millrace::hls {

/// What a request with a session's id may get.
enum class SessionState : uint8_t {
  kNew,          // has just begun: the caller asks for admission, then calls admit() or refuse()
  kAdmitting,    // another request is asking
  kAdmitted,     // goes ahead
  kEnded,        // kicked: nothing more
  kOtherStream,  // the id belongs to a session of another playlist
  kTooMany,      // the table is full
  kInvalid,      // no possible id
};

/// The players of HLS streams. HTTP knows only requests; a session is the requests that carry the
/// same `hls_ctx`, and ends when no playlist was asked for during twice hls_window. Read and
/// written by all loops for each request; nothing of it needs the control plane but the begin and
/// the end.
class SessionTable {
 public:
  explicit SessionTable(size_t max_sessions) : max_sessions_(max_sessions) {}

  /// Eight random letters and digits.
  [[nodiscard]] static std::string new_id();
  /// 1 to 64 letters, digits, `-` and `_`: ids that players bring are adopted.
  [[nodiscard]] static bool is_valid_id(std::string_view id);

  /// A playlist was asked for.
  /// @param path        of the playlist; a session's id opens no other one.
  /// @param idle_limit  how long the session lasts without another request.
  [[nodiscard]] SessionState find_or_begin(std::string_view id, std::string_view path,
                                           Duration idle_limit, Time now);
  void admit(std::string_view id);
  /// Forgets the session, so that another attempt asks again.
  void refuse(std::string_view id);
  /// @return false when there is no such session. The id stays ended as long as it is asked for.
  bool kick(std::string_view id);
  /// Bytes sent to the session, of playlists and of segments. Unknown ids are passed over.
  void add_bytes(std::string_view id, size_t bytes);

  /// What was sent to a session so far; 0 for an unknown one.
  [[nodiscard]] uint64_t bytes_of(std::string_view id) const;

  struct Session {
    std::string id;
    std::string path;
    uint64_t bytes = 0;
  };
  /// Drops what was idle for too long.
  /// @return the admitted sessions among them, for on_stop.
  [[nodiscard]] std::vector<Session> sweep(Time now);
  /// The admitted sessions, for statistics.
  [[nodiscard]] std::vector<Session> list() const;
  [[nodiscard]] size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Entry {
    std::string path;
    SessionState state = SessionState::kAdmitting;
    Duration idle_limit{0};
    Time last_seen{};
    uint64_t bytes = 0;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
  };
  static constexpr size_t kShards = 32;

  [[nodiscard]] Shard& shard_of(std::string_view id) const;

  const size_t max_sessions_;
  std::atomic<size_t> size_{0};
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace millrace::hls
