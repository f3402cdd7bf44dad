#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/buffer_chain.hpp"
#include "base/clock.hpp"
#include "media/media_time.hpp"

namespace millrace::hls {

/// What a media playlist needs beside its text; null for segments and keys.
struct PlaylistTraits {
  std::string app;  // of the stream that it lists
  std::string stream;
  bool context = true;          // players get sessions (hls_ctx)
  bool segment_context = true;  // and carry them to the segments (hls_ts_ctx)
  bool master_path_relative = false;
  MediaTime window{0};             // a session lasts twice as long without a request
  std::vector<uint32_t> uri_ends;  // where a session's id goes, when segment_context
};

/// One thing that HTTP serves: a playlist, a segment, a key. Immutable and shared by all threads.
struct StoredObject {
  BufferChain body;
  std::string_view content_type;  // of static storage
  std::string etag;               // strong, in quotes
  int64_t modified_unix_s = 0;    // Last-Modified
  std::unique_ptr<const PlaylistTraits> playlist;

  [[nodiscard]] bool is_playlist() const { return playlist != nullptr; }
  /// A playlist that has no segment yet: a publisher is there, players may wait.
  [[nodiscard]] bool is_pending() const { return is_playlist() && body.size == 0; }
};
using StoredRef = std::shared_ptr<const StoredObject>;

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
constexpr std::string_view kSegmentType = "video/MP2T";
constexpr std::string_view kKeyType = "application/octet-stream";

/// Makes an object; its etag is made of time, size and `version`, which tells apart two states of
/// one second.
[[nodiscard]] std::shared_ptr<StoredObject> make_object(BufferChain body,
                                                        std::string_view content_type,
                                                        int64_t modified_unix_s, uint64_t version);

/// All live HLS objects of an engine by URL path, such as `/live/livestream-3.ts`. Written by the
/// loops of the publishers, read by all loops for each request: a lookup takes one shared lock of
/// one of several shards and allocates nothing.
///
/// Objects that were retired stay for a while, so that a player that has read the playlist just
/// before still gets its segment. sweep() drops them when their time has come.
class SegmentStore {
 public:
  /// @param max_bytes  put() beyond this fails. Objects being sent do not count once they were
  /// dropped.
  explicit SegmentStore(size_t max_bytes) : max_bytes_(max_bytes) {}

  /// @return null when there is none. Any thread.
  [[nodiscard]] StoredRef find(std::string_view path) const;

  /// Adds or replaces; also takes back a retirement. Any thread.
  /// @return false when the limit of bytes is reached; nothing has changed then.
  [[nodiscard]] bool put(std::string path, StoredRef object);

  /// The object goes at `at`, unless put() comes before. Any thread.
  void retire(std::string_view path, Time at);

  /// The object goes now. Any thread.
  void remove(std::string_view path);

  /// Calls `changed` once, when the object at `path` is replaced or goes; on the thread that does
  /// it, so it is to post to the waiter's loop. For players that wait for a playlist's next state.
  /// @param seen  what the caller has found there.
  /// @return a number for unwatch(); 0 when the object is another one already: look again.
  [[nodiscard]] uint64_t watch(std::string_view path, const StoredRef& seen,
                               std::function<void()> changed);
  /// After it returned, `changed` is not called any more, except for a call under way.
  void unwatch(std::string_view path, uint64_t watch);

  /// Drops what was retired until `now`. Called about once a second, by one thread.
  void sweep(Time now);

  [[nodiscard]] size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t objects() const { return objects_.load(std::memory_order_relaxed); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Watch {
    uint64_t number = 0;
    std::function<void()> changed;
  };
  struct Entry {
    StoredRef object;
    Time retired_at = Time::max();
    std::vector<Watch> watches;
  };
  struct alignas(64) Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
  };
  static constexpr size_t kShards = 32;

  /// Takes entries off the books and tells their watchers; not within a lock.
  void let_go(const std::vector<Entry>& entries);
  [[nodiscard]] Shard& shard_of(std::string_view path) const;

  const size_t max_bytes_;
  std::atomic<size_t> bytes_{0};
  std::atomic<size_t> objects_{0};
  std::atomic<uint64_t> next_watch_{1};
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace millrace::hls
