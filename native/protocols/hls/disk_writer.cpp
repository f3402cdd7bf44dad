#include "protocols/hls/disk_writer.hpp"

#include "protocols/hls/file_template.hpp"

namespace millrace::hls {

void DiskHealth::note_written(size_t bytes) {
  files_written_.fetch_add(1, std::memory_order_relaxed);
  bytes_written_.fetch_add(bytes, std::memory_order_relaxed);
}

void DiskHealth::note_failure(Error error, const std::string& path, Time now) {
  failures_.fetch_add(1, std::memory_order_relaxed);
  unreported_.fetch_add(1, std::memory_order_relaxed);
  auto next = next_report_.load(std::memory_order_relaxed);
  const auto at = now.time_since_epoch().count();
  // One of the threads that come after the interval wins and reports for all.
  if (at < next || !next_report_.compare_exchange_strong(next, at + kReportInterval.count())) {
    return;
  }
  report_({.error = error, .failures = unreported_.exchange(0), .path = path});
}

void DiskWriter::write(const std::string& folder, const std::string& path, BufferChain body) {
  FileJob job;
  job.kind = FileJob::Kind::kWrite;
  job.done = [health = health_, path, size = body.size](const Status& status, const BufferRef&) {
    if (status.ok()) {
      health->note_written(size);
    } else if (status.error().code != ErrorCode::kCancelled) {
      health->note_failure(status.error(), path, Clock::now());
    }
  };
  job.body = std::move(body);
  post(folder, path, std::move(job));
}

void DiskWriter::remove(const std::string& folder, const std::string& path) {
  FileJob job;
  job.kind = FileJob::Kind::kRemove;
  job.done = [health = health_, path](const Status& status, const BufferRef&) {
    if (!status.ok() && status.error().code != ErrorCode::kCancelled) {
      health->note_failure(status.error(), path, Clock::now());
    }
  };
  post(folder, path, std::move(job));
}

void DiskWriter::read(const std::string& folder, const std::string& path, size_t limit,
                      std::function<void(BufferRef)> done) {
  FileJob job;
  job.kind = FileJob::Kind::kRead;
  job.path = folder + "/" + path;
  job.read_limit = limit;
  job.done = [done](const Status& status, BufferRef content) {
    done(status.ok() ? std::move(content) : nullptr);
  };
  if (!is_safe_relative_path(path) || !worker_.post(lane_, std::move(job)).ok()) {
    done(nullptr);
  }
}

void DiskWriter::post(const std::string& folder, const std::string& path, FileJob job) {
  job.path = folder + "/" + path;
  const Status status = is_safe_relative_path(path) ? worker_.post(lane_, std::move(job))
                                                    : Status{ErrorCode::kNameInvalid};
  if (!status.ok() && status.error().code != ErrorCode::kShuttingDown) {
    health_->note_failure(status.error(), path, Clock::now());
  }
}

}  // namespace millrace::hls
