#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "transcode/audio_library.h"

namespace millrace::transcode {

/// Something that now and then has work for a worker thread.
class Work {
 public:
  virtual ~Work() = default;
  /// Does a bounded piece of it, on the worker's thread. @return whether more is waiting.
  virtual bool run() = 0;
};

/// Threads that transcode, shared by all streams of an engine. Made when they are first needed.
/// Works of one thread take turns, so that no stream keeps another waiting for long.
class Workers {
 public:
  /// @param threads  0 = one for every two cores that there are.
  explicit Workers(unsigned threads = 0);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// The thread with the fewest works, for a new one. Any thread.
  [[nodiscard]] size_t enlist();
  void discharge(size_t thread);
  /// Has `run` called on that thread, soon. Any thread; does nothing after stop().
  void schedule(size_t thread, std::shared_ptr<Work> work);

  enum class Availability : uint8_t { kUnknown, kAvailable, kUnavailable };
  /// Whether the helper library is there. Any thread.
  [[nodiscard]] Availability availability() const {
    return availability_.load(std::memory_order_relaxed);
  }
  /// Finds that out on a worker's thread, where nobody has yet. Any thread.
  void probe();
  /// The helper library, opened at the first call; on a worker's thread.
  /// @return kTranscodeUnavailable.
  Result<const MillraceAudioLibrary*> library(std::string& why);

  /// Joins the threads; what waits is dropped. Safe to call again.
  void stop();

 private:
  struct Lane {
    std::mutex mutex;
    std::condition_variable wakeup;
    std::deque<std::shared_ptr<Work>> ready;
    std::thread thread;
    size_t works = 0;  // under `mutex_` of the whole
  };
  void run(Lane& lane);

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::mutex mutex_;
  bool started_ = false;   // under `mutex_`
  bool stopping_ = false;  // under all mutexes of lanes
  std::mutex library_mutex_;
  std::atomic<Availability> availability_{Availability::kUnknown};
  std::atomic<bool> probed_{false};
};

}  // namespace millrace::transcode
