#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/buffer_chain.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "io/file_worker.hpp"

namespace millrace::hls {

/// How file writing goes, for all streams of an engine. A disk that is full fails each segment of
/// each stream; that is reported once a minute, with the number of failures since the last report.
/// All calls from any thread.
class DiskHealth {
 public:
  struct Report {
    Error error;
    uint64_t failures = 0;
    std::string path;  // the last one that failed
  };

  /// @param report  called from worker and loop threads.
  explicit DiskHealth(std::function<void(const Report&)> report) : report_(std::move(report)) {}

  void note_written(size_t bytes);
  void note_failure(Error error, const std::string& path, Time now);

  [[nodiscard]] uint64_t files_written() const { return files_written_; }
  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] uint64_t failures() const { return failures_; }

 private:
  static constexpr Duration kReportInterval = std::chrono::minutes(1);

  const std::function<void(const Report&)> report_;
  std::atomic<uint64_t> files_written_{0};
  std::atomic<uint64_t> bytes_written_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> unreported_{0};
  std::atomic<Time::rep> next_report_{Time::min().time_since_epoch().count()};
};

/// One stream's files below one folder. What fails is noted and forgotten: the next segment tries
/// again, and nothing of it reaches the live path.
class DiskWriter {
 public:
  /// @param lane  of the worker: the same for all files of a stream.
  DiskWriter(FileWorker& worker, std::shared_ptr<DiskHealth> health, uint64_t lane)
      : worker_(worker), health_(std::move(health)), lane_(lane) {}

  /// @param path  below `folder`; one that is not safe is refused and noted as a failure.
  void write(const std::string& folder, const std::string& path, BufferChain body);
  void remove(const std::string& folder, const std::string& path);
  /// @param done  on the worker's thread; the file's text, or null when there is none.
  void read(const std::string& folder, const std::string& path, size_t limit,
            std::function<void(BufferRef)> done);

 private:
  void post(const std::string& folder, const std::string& path, FileJob job);

  FileWorker& worker_;
  std::shared_ptr<DiskHealth> health_;
  const uint64_t lane_;
};

}  // namespace millrace::hls
