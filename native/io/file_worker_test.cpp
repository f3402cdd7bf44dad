#include "io/file_worker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>

namespace millrace {
namespace {

BufferChain chain_of(std::initializer_list<std::string_view> parts) {
  BufferChain chain;
  for (const auto part : parts) {
    chain.add(Buffer::copy_of(part));
  }
  return chain;
}

std::string text_of(const BufferRef& buffer) {
  return {reinterpret_cast<const char*>(buffer->data()), buffer->size()};
}

class FilesInFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "millrace-files-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(FilesInFolder, WriteMakesFoldersAndReplacesWhole) {
  SystemFiles files;
  const std::string path = folder_ + "/a/b/c.ts";
  ASSERT_TRUE(files.write(path, chain_of({"one", "", "two"})).ok());
  EXPECT_EQ(text_of(files.read(path, 100).value()), "onetwo");
  ASSERT_TRUE(files.write(path, chain_of({"3"})).ok());
  EXPECT_EQ(text_of(files.read(path, 100).value()), "3");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  EXPECT_EQ(text_of(files.read(path, 0).value()), "");
  ASSERT_TRUE(files.remove(path).ok());
  ASSERT_TRUE(files.remove(path).ok());
  EXPECT_EQ(files.read(path, 100).error().detail, static_cast<uint32_t>(ENOENT));
}

TEST_F(FilesInFolder, ManyPartsAreWrittenInOrder) {
  SystemFiles files;
  BufferChain body;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string part = std::to_string(i) + ",";
    body.add(Buffer::copy_of(std::string_view(part)));
    expected += part;
  }
  ASSERT_TRUE(files.write(folder_ + "/many", body).ok());
  EXPECT_EQ(text_of(files.read(folder_ + "/many", 1 << 20).value()), expected);
}

TEST_F(FilesInFolder, AFailedWriteLeavesTheOldFileAndNothingElse) {
  SystemFiles files;
  ASSERT_TRUE(files.write(folder_ + "/x", chain_of({"old"})).ok());
  // A folder where the temporary file would be.
  std::filesystem::create_directory(folder_ + "/x.tmp");
  EXPECT_EQ(files.write(folder_ + "/x", chain_of({"new"})).error(),
            (Error{ErrorCode::kIoError, static_cast<uint32_t>(EISDIR)}));
  EXPECT_EQ(text_of(files.read(folder_ + "/x", 100).value()), "old");
}

TEST_F(FilesInFolder, AFifoIsNotRead) {
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  SystemFiles files;
  EXPECT_FALSE(files.read(folder_ + "/fifo", 100).ok());
}

/// Files that stand still until they are let go, and fail when told to.
class HeldFiles final : public Files {
 public:
  Status write(const std::string& path, const BufferChain&) override {
    started_.set_value();
    go_.get_future().wait();
    paths.push_back(path);
    return {};
  }
  Status remove(const std::string& path) override {
    paths.push_back(path);
    return {};
  }
  Result<BufferRef> read(const std::string&, size_t) override { return ErrorCode::kIoError; }

  void wait_until_started() { started_.get_future().wait(); }
  void go() { go_.set_value(); }
  std::vector<std::string> paths;

 private:
  std::promise<void> started_;
  std::promise<void> go_;
};

FileJob remove_job(std::string path, std::function<void(const Status&)> done = {}) {
  FileJob job;
  job.kind = FileJob::Kind::kRemove;
  job.path = std::move(path);
  if (done) {
    job.done = [done = std::move(done)](const Status& status, const BufferRef&) { done(status); };
  }
  return job;
}

FileJob write_job(std::string path, size_t size) {
  FileJob job;
  job.path = std::move(path);
  job.body.add(Buffer::make(size));
  return job;
}

TEST(FileWorker, OneLaneIsDoneInOrder) {
  HeldFiles files;
  FileWorker worker(files, {.threads = 3});
  ASSERT_TRUE(worker.post(7, write_job("segment", 10)).ok());
  files.wait_until_started();
  std::promise<void> done;
  ASSERT_TRUE(worker.post(7, remove_job("a")).ok());
  ASSERT_TRUE(worker.post(7, remove_job("b", [&done](const Status&) { done.set_value(); })).ok());
  files.go();
  done.get_future().wait();
  EXPECT_EQ(files.paths, (std::vector<std::string>{"segment", "a", "b"}));
}

TEST(FileWorker, TheQueueIsBoundedInBytesAndJobs) {
  HeldFiles files;
  FileWorker worker(files, {.threads = 1, .jobs = 2, .bytes = 100});
  ASSERT_TRUE(worker.post(0, write_job("held", 60)).ok());
  files.wait_until_started();
  // A job under way still holds its bytes.
  EXPECT_EQ(worker.post(0, write_job("too large", 41)).error().code, ErrorCode::kQueueFull);
  ASSERT_TRUE(worker.post(0, remove_job("a")).ok());
  ASSERT_TRUE(worker.post(0, remove_job("b")).ok());
  EXPECT_EQ(worker.post(0, remove_job("c")).error().code, ErrorCode::kQueueFull);
  files.go();
  worker.stop(Time::max());
  EXPECT_EQ(worker.queued_bytes(), 0U);
  EXPECT_EQ(files.paths, (std::vector<std::string>{"held", "a", "b"}));
  EXPECT_EQ(worker.post(0, remove_job("d")).error().code, ErrorCode::kShuttingDown);
}

TEST(FileWorker, StopWithoutTimeCancelsWhatWaits) {
  HeldFiles files;
  FileWorker worker(files, {});
  ASSERT_TRUE(worker.post(0, write_job("held", 1)).ok());
  files.wait_until_started();
  Status status;
  ASSERT_TRUE(worker.post(0, remove_job("a", [&status](const Status& end) { status = end; })).ok());
  std::thread stopper([&worker] { worker.stop(Time::min()); });
  while (worker.post(0, remove_job("late")).ok()) {
    std::this_thread::yield();
  }
  files.go();
  stopper.join();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(files.paths, (std::vector<std::string>{"held"}));
}

}  // namespace
}  // namespace millrace
