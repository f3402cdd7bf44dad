#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/buffer_chain.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "io/files.hpp"

namespace millrace {

/// One thing to do with a file.
struct FileJob {
  enum class Kind : uint8_t { kWrite, kRemove, kRead };

  Kind kind = Kind::kWrite;
  std::string path;
  BufferChain body;       // kWrite
  size_t read_limit = 0;  // kRead

  /// How it ended; `content` after a read. Called once, on the worker's thread, so whoever belongs
  /// to a loop posts from here to it. kCancelled when the worker stopped before.
  std::function<void(const Status& status, BufferRef content)> done;
};

/// Does file jobs on threads of its own, so that a slow or full disk never holds up a loop. Jobs of
/// one lane are done in order, one after the other: a playlist after the segment that it names.
///
/// The queue is bounded in jobs and in bytes. When the disk does not keep up, post() refuses, and
/// the caller counts it as a failed write: live memory is worth more than the file.
class FileWorker {
 public:
  struct Limits {
    unsigned threads = 1;
    size_t jobs = 10'000;              // per thread
    size_t bytes = size_t{256} << 20;  // of bodies waiting, in all threads
  };

  /// @param files  outlives the worker.
  FileWorker(Files& files, const Limits& limits);
  /// As stop() with no time left.
  ~FileWorker();
  FileWorker(const FileWorker&) = delete;
  FileWorker& operator=(const FileWorker&) = delete;

  /// Any thread.
  /// @return kQueueFull, or kShuttingDown after stop(); `done` is not called then.
  Status post(uint64_t lane, FileJob job);

  /// Does what is queued, but begins nothing after `deadline`; then joins the threads. A job under
  /// way is waited for. Not from a worker's thread.
  void stop(Time deadline);

  [[nodiscard]] size_t queued_bytes() const {
    return queued_bytes_.load(std::memory_order_relaxed);
  }

 private:
  struct Lane {
    std::mutex mutex;
    std::condition_variable wakeup;
    std::deque<FileJob> jobs;
    std::thread thread;
  };

  void run(Lane& lane);
  void carry_out(FileJob& job);

  Files& files_;
  const Limits limits_;
  std::atomic<size_t> queued_bytes_{0};
  std::atomic<bool> stopping_{false};
  Time deadline_ = Time::max();  // written before stopping_
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace millrace
