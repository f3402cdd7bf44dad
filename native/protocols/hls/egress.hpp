#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "hub/frame_sink.hpp"
#include "protocols/hls/disk_writer.hpp"
#include "protocols/hls/options.hpp"
#include "protocols/hls/paths.hpp"
#include "protocols/hls/playlist.hpp"
#include "protocols/hls/segment_store.hpp"
#include "protocols/hls/segmenter.hpp"

namespace millrace::hls {

/// A segment that is now in the playlist: what on_hls and on_hls_notify tell.
struct SegmentEvent {
  const StreamName& name;
  MediaTime duration{0};
  uint64_t sequence = 0;
  size_t bytes = 0;
  std::string file;      // hls_path and the segment's path
  std::string uri;       // as in the playlist
  std::string url;       // with the playlist's folder
  std::string m3u8;      // hls_path and the playlist's path
  std::string m3u8_url;  // the playlist's path
};

/// Whether somebody wants to hear of segments.
enum class TellSegments : uint8_t { kNo, kYes };

/// Called on the publisher's loop.
class EgressEvents {
 public:
  virtual ~EgressEvents() = default;
  virtual void on_segment(const SegmentEvent& event) = 0;
  /// Media could not be segmented. @param policy  kDisconnect: the publisher is to be closed;
  /// kIgnore: HLS has stopped for this publish; kContinue: it goes on without what failed.
  virtual void on_failure(const StreamName& name, Error error, OnError policy) = 0;
};

/// What an engine has once for all its HLS streams; outlives them.
struct EgressServices {
  SegmentStore& store;
  FileWorker& files;
  std::shared_ptr<DiskHealth> disk;
  EgressEvents& events;
  std::function<Time()> now = Clock::now;
  std::function<WallTime()> wall_clock = WallClock::now;
};

/// The hub's frames as an HLS stream: segments and playlist in the store, and on disk beside. Lives
/// over several publishers of one name, which may be on different loops, but is used by one at a
/// time.
class Egress final : public FrameSink {
 public:
  /// @param url_root  put before each path for the store: empty, or the mount of the vhost.
  /// @return kNameInvalid when no files can have the names that the templates give.
  [[nodiscard]] static Result<std::unique_ptr<Egress>> make(const Options& options,
                                                            const StreamName& name,
                                                            std::string url_root,
                                                            const EgressServices& services);
  ~Egress() override;

  /// A publisher comes, before its first track. Players may ask for the playlist from now on, and
  /// wait.
  /// @param post  to the publisher's loop. It may still be called, to no effect, after on_end():
  /// the
  ///              file worker is stopped before the loops are destroyed.
  /// @param tell  whether EgressEvents::on_segment is called until on_end().
  void begin(std::function<void(Task)> post, TellSegments tell = TellSegments::kYes);

  void on_track(const TrackRef& track) override;
  void on_frame(const FrameRef& frame) override;
  /// The last segment is finished and listed. All stays as it is, until the next begin() or
  /// dispose().
  void on_end() override;

  /// Removes playlist, segments and keys from the store and from disk: `hls_dispose`. Not while a
  /// publisher is there.
  void dispose();
  /// Lets go of the memory only; files stay and are served from disk.
  void forget();

  /// Another Egress of the same name goes on with this one's numbers.
  void continue_from(uint64_t next_sequence);
  [[nodiscard]] uint64_t next_sequence() const { return segmenter_.next_sequence(); }

  /// Frames and segments that failed, of which at most one a second is reported.
  [[nodiscard]] uint64_t failures() const { return failures_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const StreamName& name() const { return name_; }
  [[nodiscard]] const Segmenter& segmenter() const { return segmenter_; }
  [[nodiscard]] const SegmentWindow& window() const { return window_; }

 private:
  struct ListedKey {
    std::shared_ptr<const SegmentKey> key;
    std::shared_ptr<const KeyTag> tag;
    std::string path;
  };
  struct Waiting {  // one of the two
    TrackRef track;
    FrameRef frame;
  };
  /// Where the answer about the old playlist goes; looks at `egress` on its loop only.
  struct Recovery {
    Egress* egress = nullptr;
  };

  Egress(const Options& options, const StreamName& name, Paths paths, std::string url_root,
         const EgressServices& services);

  void start_recovery(const std::function<void(Task)>& post);
  void finish_recovery(const BufferRef& text);
  void handle(const Status& status);
  void publish_finished();
  void publish(Segment segment);
  [[nodiscard]] std::shared_ptr<const KeyTag> publish_key(const Segment& segment);
  void drop(const std::vector<PlaylistEntry>& entries);
  void drop_unused_keys(Time at);
  void put_playlist();
  void put_pending_playlist();
  void remove_all_files();
  [[nodiscard]] std::unique_ptr<PlaylistTraits> traits() const;
  [[nodiscard]] std::string url(std::string_view path) const {
    return url_root_ + '/' + std::string(path);
  }
  [[nodiscard]] int64_t wall_seconds() const;
  [[nodiscard]] Duration grace() const;

  const Options options_;
  const StreamName name_;
  const Paths paths_;
  const std::string url_root_;
  const EgressServices services_;
  DiskWriter disk_;
  Segmenter segmenter_;
  SegmentWindow window_;
  std::vector<ListedKey> keys_;
  uint64_t playlist_version_ = 0;
  TellSegments tell_ = TellSegments::kYes;
  bool stopped_ = false;                // until the next publisher: OnError::kIgnore
  bool fresh_ = true;                   // nothing was recovered or listed yet
  std::shared_ptr<Recovery> recovery_;  // not null: frames wait for the old playlist
  std::vector<Waiting> waiting_;
  uint64_t failures_ = 0;
  Time next_failure_report_ = Time::min();
};

}  // namespace millrace::hls
