#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "hub/directory.hpp"
#include "hub/frame_queue.hpp"
#include "hub/publication.hpp"
#include "hub/stream.hpp"
#include "io/loop.hpp"
#include "transcode/workers.hpp"

namespace millrace {

/// The streams of one loop.
class LoopHub final : private Inbox {
 public:
  /// @param workers  that transcode audio; outlive the hub. Null: audio is handed on as it is.
  LoopHub(Loop& loop, Directory& directory, transcode::Workers* workers = nullptr);
  ~LoopHub() override;
  LoopHub(const LoopHub&) = delete;
  LoopHub& operator=(const LoopHub&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Directory& directory() { return directory_; }
  [[nodiscard]] transcode::Workers* workers() { return workers_; }

  /// Where faults of streams are told that no session causes; on the loop.
  void report_to(std::function<void(std::string_view area, Error error)> report) {
    report_ = std::move(report);
  }
  void report(std::string_view area, Error error) {
    if (report_) {
      report_(area, error);
    }
  }
  /// Where changes of it are told; on the loop. Until the first one it works.
  using TellTranscoding = std::function<void(const std::string& key, Transcoding state)>;
  void tell_transcoding_to(TellTranscoding tell) { tell_transcoding_ = std::move(tell); }
  void tell_transcoding(const std::string& key, Transcoding state) {
    if (tell_transcoding_) {
      tell_transcoding_(key, state);
    }
  }

  /// The stream by its key, published or not. On its loop only.
  StreamUse use(const std::string& key);
  /// @return kStreamBusy when it is published already, on whatever loop.
  Result<std::unique_ptr<Publication>> publish(const std::string& key,
                                               const PublicationOptions& options);

  /// Any thread: hands an item to this loop. @return false when its queue is full.
  bool receive(FrameQueue::Item&& item);
  /// Any thread.
  void post_end(uint64_t mirror, uint64_t publication);
  /// Lets go of what other loops have sent, after all loops have ended and before the first of them
  /// is destroyed: the memory is theirs.
  void discard();

  [[nodiscard]] size_t stream_count() const { return streams_.size(); }
  /// Frames from other loops that have not been processed; on the loop.
  [[nodiscard]] size_t frames_waiting() const { return queue_.size() + collected_.size(); }
  /// Frames not passed on because another loop did not keep up; any thread.
  [[nodiscard]] uint64_t dropped_for_loop() const {
    return dropped_.load(std::memory_order_relaxed);
  }
  void count_dropped_for_loop() { dropped_.fetch_add(1, std::memory_order_relaxed); }

 private:
  friend class Stream;
  friend class StreamUse;
  friend class Publication;

  void collect() override;
  void process() override;
  /// What a mirror is told of a stream when it begins.
  struct MirrorState {
    LoopHub* publisher;
    GopLimits gop;
    AudioSettings audio_settings;
    TrackRef video;
    TrackRef audio;
    TrackRef derived_audio;
    std::vector<FrameRef> older_audio;  // than the cached GOP
    bool carries_packets;
    std::vector<SourcedPacket> packets;  // of the cache
  };
  void begin_mirror(uint64_t id, uint64_t publication, const MirrorState& state,
                    const std::vector<FrameRef>& frames);
  Stream* find(const std::string& key);
  void release(Stream& stream);
  void maintain();

  Loop& loop_;
  Directory& directory_;
  transcode::Workers* const workers_;
  std::function<void(std::string_view, Error)> report_;
  TellTranscoding tell_transcoding_;
  FrameQueue queue_;
  std::vector<FrameQueue::Item> collected_;
  std::unordered_map<std::string, std::unique_ptr<Stream>> streams_;
  std::unordered_map<uint64_t, Stream*> mirrors_;
  uint64_t next_mirror_ = 1;
  std::atomic<uint64_t> dropped_{0};
  unsigned maintenances_ = 0;
  Timer maintenance_;
};

}  // namespace millrace
