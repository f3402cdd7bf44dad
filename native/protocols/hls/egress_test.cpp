#include "protocols/hls/egress.hpp"

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "formats/mpegts/test_frames.hpp"
#include "protocols/hls/egress_registry.hpp"

namespace millrace::hls {
namespace {

using std::chrono::milliseconds;

/// A disk in memory that can be full.
class MemoryFiles final : public Files {
 public:
  Status write(const std::string& path, const BufferChain& body) override {
    const std::lock_guard lock(mutex_);
    if (failure_ != 0) {
      return Error{ErrorCode::kIoError, static_cast<uint32_t>(failure_)};
    }
    std::string text;
    for (const auto& part : body.parts) {
      text.append(reinterpret_cast<const char*>(part->data()), part->size());
    }
    files_[path] = std::move(text);
    return {};
  }
  Status remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.erase(path);
    return {};
  }
  Result<BufferRef> read(const std::string& path, size_t limit) override {
    const std::lock_guard lock(mutex_);
    const auto file = files_.find(path);
    if (file == files_.end()) {
      return Error{ErrorCode::kIoError, ENOENT};
    }
    return Buffer::copy_of(std::string_view(file->second).substr(0, limit));
  }

  void fail_with(int number) {
    const std::lock_guard lock(mutex_);
    failure_ = number;
  }
  void put(const std::string& path, std::string text) {
    const std::lock_guard lock(mutex_);
    files_[path] = std::move(text);
  }
  std::map<std::string, std::string> all() {
    const std::lock_guard lock(mutex_);
    return files_;
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& [name, text] : all()) {
      names.push_back(name);
    }
    return names;
  }

 private:
  std::mutex mutex_;
  int failure_ = 0;
  std::map<std::string, std::string> files_;
};

struct Recorder final : EgressEvents {
  void on_segment(const SegmentEvent& event) override {
    segments.push_back(
        {event.duration, event.sequence, event.file, event.url, event.m3u8, event.m3u8_url});
  }
  void on_failure(const StreamName&, Error error, OnError policy) override {
    failures.emplace_back(error.code, policy);
  }
  struct Seen {
    MediaTime duration;
    uint64_t sequence;
    std::string file, url, m3u8, m3u8_url;
  };
  std::vector<Seen> segments;
  std::vector<std::pair<ErrorCode, OnError>> failures;
};

class HlsEgress : public testing::Test {
 protected:
  HlsEgress() {
    options_.fragment = seconds(2);
    options_.window = seconds(6);
    options_.path = "/www";
  }

  EgressServices services() {
    return {.store = store_,
            .files = worker_,
            .disk = disk_,
            .events = events_,
            .now = [this] { return now_; },
            .wall_clock = [] { return WallTime(seconds(1700000000)); }};
  }
  void publish() {
    if (!egress_) {
      egress_ = Egress::make(options_, name_, "", services()).value();
    }
    begin();
  }
  void begin(TellSegments tell = TellSegments::kYes) {
    egress_->begin(
        [this](Task task) {
          const std::lock_guard lock(tasks_mutex_);
          tasks_.push_back(std::move(task));
        },
        tell);
    egress_->on_track(video_);
  }
  /// 25 fps, a key frame each second.
  void feed(milliseconds from, milliseconds to) {
    for (auto at = from; at < to; at += milliseconds(40)) {
      egress_->on_frame(make_.h264_frame(video_, at, at.count() % 1000 == 0));
    }
  }
  /// Waits for the disk, then runs what was posted to the loop.
  void settle() {
    std::promise<void> done;
    FileJob job;
    job.kind = FileJob::Kind::kRemove;
    job.path = "/none";
    job.done = [&done](const Status&, const BufferRef&) { done.set_value(); };
    ASSERT_TRUE(worker_.post(0, std::move(job)).ok());
    done.get_future().wait();
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(tasks_mutex_);
      tasks.swap(tasks_);
    }
    for (auto& task : tasks) {
      task();
    }
  }
  std::string playlist() {
    const auto object = store_.find("/live/cam.m3u8");
    if (!object || object->is_pending()) {
      return {};
    }
    const auto& part = object->body.parts.at(0);
    return {reinterpret_cast<const char*>(part->data()), part->size()};
  }

  test::FrameMaker make_;
  MemoryFiles files_;
  SegmentStore store_{size_t{64} << 20};
  std::vector<DiskHealth::Report> reports_;
  std::shared_ptr<DiskHealth> disk_ = std::make_shared<DiskHealth>(
      [this](const DiskHealth::Report& report) { reports_.push_back(report); });
  FileWorker worker_{files_, {}};
  Recorder events_;
  Time now_{};
  Options options_;
  StreamName name_{"__defaultVhost__", "live", "cam"};
  TrackRef video_ = test::h264_track();
  std::mutex tasks_mutex_;
  std::vector<Task> tasks_;
  std::unique_ptr<Egress> egress_;
};

TEST_F(HlsEgress, SegmentsAndPlaylistInMemoryAndOnDisk) {
  publish();
  ASSERT_TRUE(store_.find("/live/cam.m3u8"));
  EXPECT_TRUE(store_.find("/live/cam.m3u8")->is_pending());
  settle();
  feed(seconds(0), milliseconds(4040));
  EXPECT_EQ(
      playlist(),
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-DISCONTINUITY\n#EXTINF:2.000, no desc\ncam-0.ts\n#EXTINF:2.000, no desc\ncam-1.ts\n");
  settle();
  const auto files = files_.all();
  EXPECT_EQ(files_.names(), (std::vector<std::string>{"/www/live/cam-0.ts", "/www/live/cam-1.ts",
                                                      "/www/live/cam.m3u8"}));
  EXPECT_EQ(files.at("/www/live/cam.m3u8"), playlist());
  const auto segment = store_.find("/live/cam-1.ts");
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->content_type, "video/MP2T");
  EXPECT_EQ(files.at("/www/live/cam-1.ts").size(), segment->body.size);
  EXPECT_EQ(disk_->files_written(), 4U);

  ASSERT_EQ(events_.segments.size(), 2U);
  EXPECT_EQ(events_.segments[1].duration, seconds(2));
  EXPECT_EQ(events_.segments[1].sequence, 1U);
  EXPECT_EQ(events_.segments[1].file, "/www/live/cam-1.ts");
  EXPECT_EQ(events_.segments[1].url, "live/cam-1.ts");
  EXPECT_EQ(events_.segments[1].m3u8, "/www/live/cam.m3u8");
  EXPECT_EQ(events_.segments[1].m3u8_url, "live/cam.m3u8");
}

TEST_F(HlsEgress, SegmentsAreToldOnlyWhereSomebodyWantsToHear) {
  publish();
  settle();
  feed(seconds(0), milliseconds(2040));
  egress_->on_end();
  ASSERT_EQ(events_.segments.size(), 1U) << "the last one is too short";
  begin(TellSegments::kNo);
  feed(seconds(4), milliseconds(6040));
  egress_->on_end();
  EXPECT_EQ(events_.segments.size(), 1U);
}

TEST_F(HlsEgress, SegmentsThatLeftTheListStayForTheGraceTime) {
  publish();
  settle();
  feed(seconds(0), milliseconds(10040));  // five segments; the window keeps four
  EXPECT_NE(playlist().find("#EXT-X-MEDIA-SEQUENCE:1\n"), std::string::npos);
  settle();
  EXPECT_EQ(files_.all().count("/www/live/cam-0.ts"), 0U);
  EXPECT_TRUE(store_.find("/live/cam-0.ts"));
  store_.sweep(now_ + milliseconds(5999));
  EXPECT_TRUE(store_.find("/live/cam-0.ts"));
  store_.sweep(now_ + seconds(6));
  EXPECT_FALSE(store_.find("/live/cam-0.ts"));
  EXPECT_TRUE(store_.find("/live/cam-1.ts"));
}

TEST_F(HlsEgress, WithoutCleanupFilesStay) {
  options_.cleanup = false;
  publish();
  settle();
  feed(seconds(0), milliseconds(10040));
  settle();
  EXPECT_EQ(files_.all().count("/www/live/cam-0.ts"), 1U);
}

TEST_F(HlsEgress, AFullDiskDisturbsNothingAndIsReportedOnce) {
  publish();
  settle();
  files_.fail_with(ENOSPC);
  feed(seconds(0), milliseconds(10040));
  settle();
  EXPECT_NE(playlist().find("cam-4.ts"), std::string::npos);
  EXPECT_TRUE(events_.failures.empty());
  EXPECT_TRUE(files_.all().empty());
  EXPECT_EQ(disk_->failures(), 10U);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].error, (Error{ErrorCode::kIoError, ENOSPC}));
  files_.fail_with(0);
  feed(milliseconds(10040), milliseconds(12040));
  settle();
  EXPECT_EQ(files_.names(), (std::vector<std::string>{"/www/live/cam-5.ts", "/www/live/cam.m3u8"}));
}

TEST(HlsDiskHealth, ReportsOnceAMinuteWithTheCount) {
  std::vector<DiskHealth::Report> reports;
  DiskHealth disk([&reports](const DiskHealth::Report& report) { reports.push_back(report); });
  const Time start{};
  for (int s = 0; s < 121; s += 10) {
    disk.note_failure({ErrorCode::kIoError, ENOSPC}, "live/x-" + std::to_string(s),
                      start + seconds(s));
  }
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].failures, 1U);
  EXPECT_EQ(reports[1].failures, 6U);
  EXPECT_EQ(reports[1].path, "live/x-60");
  EXPECT_EQ(reports[2].failures, 6U);
}

TEST_F(HlsEgress, MemoryOnlyWritesNothing) {
  options_.memory_only = true;
  publish();
  feed(seconds(0), milliseconds(4040));
  EXPECT_NE(playlist().find("cam-1.ts"), std::string::npos);
  settle();
  EXPECT_TRUE(files_.all().empty());
}

TEST_F(HlsEgress, ARestartGoesOnWithThePlaylistOnDisk) {
  files_.put("/www/live/cam.m3u8",
             "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:40\n#EXT-X-TARGETDURATION:2\n"
             "#EXTINF:2.000, no desc\ncam-40.ts\n#EXTINF:2.000, no desc\ncam-41.ts\n");
  files_.put("/www/live/cam-40.ts", "old");
  files_.put("/www/live/cam-41.ts", "old");
  publish();
  feed(seconds(0), milliseconds(4040));  // before the disk has answered
  EXPECT_EQ(playlist(), "");
  settle();
  EXPECT_EQ(playlist(),
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:40\n#EXT-X-TARGETDURATION:2\n"
            "#EXTINF:2.000, no desc\ncam-40.ts\n#EXTINF:2.000, no desc\ncam-41.ts\n"
            "#EXT-X-DISCONTINUITY\n#EXTINF:2.000, no desc\ncam-42.ts\n#EXTINF:2.000, no "
            "desc\ncam-43.ts\n");
  feed(milliseconds(4040), milliseconds(6040));
  settle();
  EXPECT_EQ(files_.names(), (std::vector<std::string>{"/www/live/cam-41.ts", "/www/live/cam-42.ts",
                                                      "/www/live/cam-43.ts", "/www/live/cam-44.ts",
                                                      "/www/live/cam.m3u8"}));
}

TEST_F(HlsEgress, ADiskThatDoesNotAnswerHoldsNothingUp) {
  files_.put("/www/live/cam.m3u8", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:40\n#EXTINF:2,\ncam-40.ts\n");
  publish();
  feed(seconds(0), seconds(30));  // the answer is never run
  EXPECT_NE(playlist().find("cam-13.ts"), std::string::npos);
  settle();  // the late answer changes nothing
  EXPECT_NE(playlist().find("cam-13.ts"), std::string::npos);
}

TEST_F(HlsEgress, ABrokenPlaylistOnDiskIsSaidAndReplaced) {
  files_.put("/www/live/cam.m3u8", "<html>");
  publish();
  settle();
  ASSERT_EQ(events_.failures.size(), 1U);
  EXPECT_EQ(events_.failures[0].first, ErrorCode::kHlsPlaylistInvalid);
  feed(seconds(0), milliseconds(2040));
  settle();
  EXPECT_EQ(files_.all().at("/www/live/cam.m3u8"), playlist());
}

TEST_F(HlsEgress, ThePublisherGoesWhileTheDiskIsAsked) {
  publish();
  feed(seconds(0), milliseconds(1000));
  egress_->on_end();
  EXPECT_NE(playlist().find("cam-0.ts"), std::string::npos);
  settle();
}

TEST_F(HlsEgress, APublisherThatSentNothingLeavesNothing) {
  publish();
  settle();
  egress_->on_end();
  EXPECT_FALSE(store_.find("/live/cam.m3u8"));
  EXPECT_EQ(store_.objects(), 0U);
}

TEST_F(HlsEgress, KeysAreServedWrittenAndDropped) {
  options_.keys = true;
  options_.fragments_per_key = 2;
  publish();
  settle();
  feed(seconds(0), milliseconds(8040));
  ASSERT_TRUE(store_.find("/live/cam-0.key"));
  EXPECT_EQ(store_.find("/live/cam-0.key")->body.size, 16U);
  ASSERT_TRUE(store_.find("/live/cam-2.key"));
  EXPECT_NE(playlist().find("#EXT-X-KEY:METHOD=AES-128,URI=\"cam-0.key\",IV=0x"),
            std::string::npos);
  settle();
  EXPECT_EQ(files_.all().at("/www/live/cam-0.key").size(), 16U);
  feed(milliseconds(8040), milliseconds(12040));  // segments 0 and 1 have left
  settle();
  EXPECT_EQ(files_.all().count("/www/live/cam-0.key"), 0U);
  store_.sweep(now_ + seconds(60));
  EXPECT_FALSE(store_.find("/live/cam-0.key"));
  EXPECT_TRUE(store_.find("/live/cam-2.key"));
}

TEST_F(HlsEgress, KeysInAFolderOfTheirOwnAreNotServed) {
  options_.keys = true;
  options_.key_file_path = "/secret";
  options_.key_url = "https://keys.example.com/";
  publish();
  settle();
  feed(seconds(0), milliseconds(2040));
  EXPECT_FALSE(store_.find("/live/cam-0.key"));
  EXPECT_NE(playlist().find("URI=\"https://keys.example.com/live/cam-0.key\""), std::string::npos);
  settle();
  EXPECT_EQ(files_.all().count("/secret/live/cam-0.key"), 1U);
}

TEST_F(HlsEgress, OnErrorPolicies) {
  const auto pcma = test::audio_track(CodecId::kG711A);
  for (const auto policy : {OnError::kContinue, OnError::kIgnore, OnError::kDisconnect}) {
    events_ = {};
    egress_ = nullptr;
    store_.remove("/live/cam.m3u8");
    options_.on_error = policy;
    options_.memory_only = true;
    publish();
    egress_->on_track(pcma);
    ASSERT_EQ(events_.failures.size(), 1U);
    EXPECT_EQ(events_.failures[0], std::pair(ErrorCode::kCodecUnsupported, policy));
    feed(seconds(0), milliseconds(2040));
    EXPECT_EQ(playlist().empty(), policy != OnError::kContinue);
  }
}

TEST_F(HlsEgress, RepeatedFailuresAreReportedOnceASecond) {
  options_.memory_only = true;
  publish();
  const auto audio = test::aac_track();
  egress_->on_track(audio);
  const auto too_long = make_.audio_frame(audio, seconds(0), 9000);  // more than ADTS can say
  for (int i = 0; i < 100; ++i) {
    egress_->on_frame(too_long);
  }
  EXPECT_EQ(events_.failures.size(), 1U);
  EXPECT_EQ(egress_->failures(), 100U);
  now_ += seconds(1);
  egress_->on_frame(too_long);
  EXPECT_EQ(events_.failures.size(), 2U);
}

TEST_F(HlsEgress, NamesThatLeadOutAreRefused) {
  EXPECT_EQ(Egress::make(options_, {"v", "live", "../../x"}, "", services()).error().code,
            ErrorCode::kNameInvalid);
}

TEST_F(HlsEgress, WhenTheStoreIsFullThePlaylistBeginsAnew) {
  SegmentStore small(60'000);  // one segment is about 56 KB
  options_.memory_only = true;
  EgressServices with_small{.store = small,
                            .files = worker_,
                            .disk = disk_,
                            .events = events_,
                            .now = [this] { return now_; },
                            .wall_clock = WallClock::now};
  egress_ = Egress::make(options_, name_, "", with_small).value();
  begin();
  feed(seconds(0), milliseconds(2040));
  EXPECT_TRUE(small.find("/live/cam-0.ts"));
  feed(milliseconds(2040), milliseconds(4040));
  EXPECT_EQ(events_.failures.at(0).first, ErrorCode::kOutOfMemory);
  EXPECT_TRUE(small.find("/live/cam.m3u8")->is_pending());
  small.sweep(now_ + seconds(60));
  feed(milliseconds(4040), milliseconds(6040));
  EXPECT_TRUE(small.find("/live/cam-2.ts"));
  EXPECT_FALSE(small.find("/live/cam.m3u8")->is_pending());
}

TEST_F(HlsEgress, RegistryKeepsNumbersOverPublishers) {
  EgressRegistry registry(services());
  egress_ = registry.take("live/cam", options_, name_, "").value();
  EXPECT_EQ(registry.take("live/cam", options_, name_, "").error().code, ErrorCode::kStreamBusy);
  begin();
  settle();
  feed(seconds(0), milliseconds(2040));
  egress_->on_end();  // the rest is too short
  registry.give_back("live/cam", std::move(egress_));
  EXPECT_EQ(registry.idle_streams(), 1U);

  egress_ = registry.take("live/cam", options_, name_, "").value();
  begin();
  feed(seconds(10), milliseconds(12040));
  EXPECT_NE(playlist().find("cam-0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000, no desc\ncam-1.ts\n"),
            std::string::npos);
  egress_->on_end();
  registry.give_back("live/cam", std::move(egress_));

  Options changed = options_;
  changed.fragment = seconds(1);
  egress_ = registry.take("live/cam", changed, name_, "").value();
  begin();
  feed(seconds(20), milliseconds(21040));
  EXPECT_NE(playlist().find("#EXT-X-MEDIA-SEQUENCE:2\n"), std::string::npos);
  egress_->on_end();
  registry.give_back("live/cam", std::move(egress_));
}

TEST_F(HlsEgress, DisposeRemovesEverythingAfterItsTime) {
  options_.keys = true;
  EgressRegistry registry(services());
  egress_ = registry.take("live/cam", options_, name_, "").value();
  begin();
  settle();
  feed(seconds(0), milliseconds(4040));
  egress_->on_end();
  registry.give_back("live/cam", std::move(egress_));
  registry.sweep(now_ + seconds(119));
  EXPECT_NE(playlist(), "");
  registry.sweep(now_ + seconds(120));
  settle();
  EXPECT_EQ(store_.objects(), 0U);
  EXPECT_EQ(store_.bytes(), 0U);
  EXPECT_TRUE(files_.all().empty());
  EXPECT_EQ(registry.idle_streams(), 0U);
}

TEST_F(HlsEgress, WithoutDisposeFilesOutliveTheMemory) {
  options_.dispose = seconds(0);
  EgressRegistry registry(services());
  egress_ = registry.take("live/cam", options_, name_, "").value();
  begin();
  settle();
  feed(seconds(0), milliseconds(4040));
  egress_->on_end();
  registry.give_back("live/cam", std::move(egress_));
  registry.sweep(now_ + std::chrono::hours(1));
  registry.dispose_all();
  settle();
  EXPECT_EQ(store_.objects(), 0U);
  EXPECT_EQ(files_.all().size(), 3U);
}

}  // namespace
}  // namespace millrace::hls
