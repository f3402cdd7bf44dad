#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hub/byte_log.hpp"
#include "hub/frame_sink.hpp"
#include "hub/log_index.hpp"
#include "hub/muxer.hpp"
#include "io/connection.hpp"
#include "io/loop.hpp"

namespace millrace {

/// How long media may wait so that one write carries more of it.
struct MergePolicy {
  Duration latency{0};    // longest wait; 0 = each frame at once
  unsigned messages = 0;  // with kByCount: send when more than this many frames wait
  enum class Kind : uint8_t { kByTime, kByCount } kind = Kind::kByTime;
  friend bool operator==(const MergePolicy&, const MergePolicy&) = default;
};

struct RenditionOptions {
  MergePolicy merge{};
  bool gop_cache = true;                // begin at the last random access point, else at the next
  uint32_t gop_max_frames = 2500;       // an older random access point is not kept; 0 = no limit
  size_t max_bytes = size_t{32} << 20;  // of the log, whatever readers still need
  Duration max_lag = seconds(10);       // media time a reader may be behind
  Duration stall_limit = seconds(30);   // a reader that takes nothing for so long is closed
  /// The form holds nothing but audio: a reader may begin with any frame, whatever the video does,
  /// and gets `backlog` of what was before.
  bool audio_only = false;
  MediaTime backlog{0};
};

class Rendition;

/// One viewer of a rendition: a connection, a position and a clock.
class Reader {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The reader took nothing for too long. The owner closes the session; not called again.
    virtual void on_reader_stalled() = 0;
    /// The publisher of what the reader was sent has left. Another may come; the reader must not be
    /// removed within the call.
    virtual void on_publisher_gone() {}
  };

  Reader(Connection& connection, Owner& owner, TimeJitter jitter)
      : connection_(connection), owner_(owner) {
    clock_.jitter = jitter;
  }
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Sends what there is; to be called when the connection is writable again.
  void pump();
  /// Leaves the rendition between two frames: the rest of one that is half sent is queued. The
  /// reader keeps its clock and may be added again, to this or to another rendition of the stream.
  void leave();
  /// Sends bytes of the session's own (an answer, a pong) between two frames, never inside one.
  void write_between_frames(Bytes bytes);
  /// How often the reader was too slow and went on at a later random access point.
  [[nodiscard]] uint64_t skips() const { return skips_; }
  /// Bytes of media that it could be sent at this moment, and has not.
  [[nodiscard]] uint64_t pending_bytes() const;
  [[nodiscard]] bool attached() const { return rendition_ != nullptr; }
  /// A frame of the stream has been sent to it.
  [[nodiscard]] bool started() const { return primed_; }

 private:
  friend class Rendition;
  static constexpr uint64_t kWaiting = UINT64_MAX;

  Connection& connection_;
  Owner& owner_;
  Rendition* rendition_ = nullptr;
  uint64_t position_ = kWaiting;
  ReaderClock clock_;
  bool primed_ = false;
  bool needs_prime_ = true;
  bool stalled_ = false;
  uint32_t bucket_ = 0;
  uint32_t slot_ = 0;
  uint64_t skips_ = 0;
  // Bytes of this reader alone that go before the log: the rest of a frame the log has forgotten,
  // or what the session wants said. Empty nearly always.
  std::vector<uint8_t> carry_;
  std::vector<uint8_t> between_;
};

/// One output form of one stream on one loop: a muxer, the log of what it made, and the readers of
/// it.
///
/// Muxing happens once, whoever reads. Readers are dealt into buckets which are served in turn, so
/// that a merged write of a thousand viewers is spread over the merging time instead of blocking
/// the loop.
class Rendition final : public FrameSink, private TurnEnd {
 public:
  Rendition(Loop& loop, std::unique_ptr<Muxer> muxer, const RenditionOptions& options);
  ~Rendition() override;
  Rendition(const Rendition&) = delete;
  Rendition& operator=(const Rendition&) = delete;

  /// The reader gets data from the next call on; it may get the cached GOP within this one.
  void add(Reader& reader);
  void remove(Reader& reader);
  [[nodiscard]] size_t reader_count() const { return reader_count_; }
  /// When the last reader left, or the rendition was made.
  [[nodiscard]] Time idle_since() const { return idle_since_; }
  [[nodiscard]] size_t log_bytes() const { return log_.end() - log_.begin(); }
  /// What of a stream's past it wants first: the recent audio, and not the last GOP.
  [[nodiscard]] bool wants_recent_audio() const { return options_.audio_only; }

  void on_track(const TrackRef& track) override;
  void on_track_repeated(const TrackRef& track) override;
  void on_frame(const FrameRef& frame) override;
  void on_end() override;

  /// Between replayed frames of a GOP cache nothing needs to be sent.
  void begin_replay() { replaying_ = true; }
  void end_replay();

 private:
  friend class Reader;
  struct Bucket {
    std::vector<Reader*> readers;
    uint64_t sent_frames = 0;  // frame count at the last flush
    Time sent_at{};
  };
  static constexpr size_t kBuckets = 8;
  static constexpr size_t kReadersPerBucket = 64;  // until there are kBuckets

  void on_turn_end() override;
  void pump(Reader& reader);
  bool place(Reader& reader);
  bool prime(Reader& reader);
  void tell_metadata(Reader& reader);
  void flush(Bucket& bucket);
  void on_merge_timer();
  [[nodiscard]] size_t bucket_for_next_reader() const;
  [[nodiscard]] size_t used_buckets() const;
  void note_join_point(const Frame& frame);
  void settle(const Frame& frame);
  void start_waiting_readers();
  void maintain();
  void trim();
  void overtake(Reader& reader);
  void announce(const Track& track);
  [[nodiscard]] uint64_t frame_stop(const Reader& reader) const;
  [[nodiscard]] bool between_frames(const Reader& reader) const;
  void copy_rest_of_frame(const Reader& reader, std::vector<uint8_t>& out) const;
  [[nodiscard]] JoinPoint join_point_at_head() const;
  [[nodiscard]] uint64_t backlog_begin() const;

  Loop& loop_;
  std::unique_ptr<Muxer> muxer_;
  RenditionOptions options_;
  ByteLog log_;
  LogIndex index_{log_};
  TrackRef video_;
  TrackRef audio_;
  FrameRef metadata_;
  MediaTime last_dts_{0};
  MediaTime last_source_dts_{0};
  MediaTime first_dts_{0};
  bool any_frame_ = false;
  bool settled_ = false;  // it is known whether there is video
  bool replaying_ = false;
  uint32_t frames_since_join_ = 0;
  uint32_t audio_since_video_ = 0;
  uint64_t frames_ = 0;
  std::array<Bucket, kBuckets> buckets_;
  size_t flush_bucket_ = 0;  // of the last tick
  Time merge_due_{};         // of the next one
  size_t reader_count_ = 0;
  size_t waiting_count_ = 0;
  Time idle_since_;
  Timer merge_timer_;
  Timer maintenance_;
  std::vector<uint8_t> prime_scratch_;
};

}  // namespace millrace
