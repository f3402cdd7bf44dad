#include "io/file_worker.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

FileWorker::FileWorker(Files& files, const Limits& limits) : files_(files), limits_(limits) {
  for (unsigned i = 0; i < std::max(limits_.threads, 1U); ++i) {
    lanes_.push_back(std::make_unique<Lane>());
  }
  for (const auto& lane : lanes_) {
    lane->thread = std::thread([this, &lane = *lane] { run(lane); });
  }
}

FileWorker::~FileWorker() { stop(Time::min()); }

Status FileWorker::post(uint64_t lane_number, FileJob job) {
  const size_t bytes = job.body.size;
  if (queued_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes > limits_.bytes) {
    queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return ErrorCode::kQueueFull;
  }
  Lane& lane = *lanes_[lane_number % lanes_.size()];
  Status status;
  {
    const std::lock_guard lock(lane.mutex);
    if (stopping_) {
      status = ErrorCode::kShuttingDown;
    } else if (lane.jobs.size() >= limits_.jobs) {
      status = ErrorCode::kQueueFull;
    } else {
      lane.jobs.push_back(std::move(job));
    }
  }
  if (!status.ok()) {
    queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return status;
  }
  lane.wakeup.notify_one();
  return status;
}

void FileWorker::stop(Time deadline) {
  if (!stopping_) {
    deadline_ = deadline;
    stopping_ = true;
  }
  for (const auto& lane : lanes_) {
    // Taken once, so that no thread is between its look at stopping_ and its wait.
    { const std::lock_guard lock(lane->mutex); }
    lane->wakeup.notify_one();
  }
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) {
      lane->thread.join();
    }
  }
}

void FileWorker::run(Lane& lane) {
  std::unique_lock lock(lane.mutex);
  while (true) {
    lane.wakeup.wait(lock, [this, &lane] { return stopping_ || !lane.jobs.empty(); });
    if (lane.jobs.empty()) {
      return;
    }
    FileJob job = std::move(lane.jobs.front());
    lane.jobs.pop_front();
    lock.unlock();
    carry_out(job);
    lock.lock();
  }
}

void FileWorker::carry_out(FileJob& job) {
  const size_t bytes = job.body.size;
  Status status;
  BufferRef content;
  if (stopping_ && Clock::now() >= deadline_) {
    status = ErrorCode::kCancelled;
  } else {
    switch (job.kind) {
      case FileJob::Kind::kWrite:
        status = files_.write(job.path, job.body);
        break;
      case FileJob::Kind::kRemove:
        status = files_.remove(job.path);
        break;
      case FileJob::Kind::kRead: {
        auto read = files_.read(job.path, job.read_limit);
        if (read.ok()) {
          content = std::move(read).value();
        } else {
          status = read.error();
        }
        break;
      }
    }
  }
  job.body = {};
  queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  if (job.done) {
    job.done(status, std::move(content));
  }
}

}  // namespace millrace
