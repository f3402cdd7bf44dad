#include "hub/rendition.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <numeric>
#include <random>

#include "hub/testing/record_muxer.hpp"
#include "hub/testing/viewer.hpp"

namespace millrace {
namespace {

using testing::Record;
using testing::RecordParser;
using testing::Secure;
using testing::Viewer;
using testing::ViewerOptions;

/// A rendition of records on a loop, fed frame by frame with numbers from 0.
class RenditionTest : public ::testing::TestWithParam<Secure> {
 protected:
  void make(const RenditionOptions& options = {}) {
    if (GetParam() == Secure::kYes) {
      static const auto context = testing::tls_context();
      tls_ = context;
    }
    thread_.call([&] {
      rendition_ = std::make_unique<Rendition>(thread_.loop(),
                                               std::make_unique<testing::RecordMuxer>(), options);
    });
  }
  void TearDown() override {
    viewers_.clear();
    thread_.call([&] { rendition_.reset(); });
    thread_.finish_turn();
  }

  ViewerOptions options(int send_buffer = 0) { return {.send_buffer = send_buffer, .tls = tls_}; }
  Viewer& viewer(int send_buffer = 0) {
    viewers_.push_back(std::make_unique<Viewer>(thread_, options(send_buffer)));
    EXPECT_EQ(viewers_.back()->secured(), tls_ != nullptr);
    return *viewers_.back();
  }
  Viewer& joined(int send_buffer = 0) {
    Viewer& made = viewer(send_buffer);
    join(made);
    return made;
  }
  void join(Viewer& viewer) {
    thread_.call([&] { rendition_->add(viewer.reader()); });
  }

  void track(const TrackRef& track) {
    thread_.call([&] { rendition_->on_track(track); });
  }
  /// Returns when the frame's turn has ended. @return its number.
  uint32_t frame(const TrackRef& track, bool random_access, size_t size = 1000) {
    const uint32_t number = next_++;
    thread_.call([&] {
      rendition_->on_frame(
          testing::make_frame(thread_.loop().pool(), track, number, time_, random_access, size));
    });
    thread_.finish_turn();
    time_ += milliseconds(20);
    return number;
  }
  uint32_t video(bool random_access, size_t size = 1000) {
    return frame(video_, random_access, size);
  }
  uint32_t audio(size_t size = 100) { return frame(audio_, true, size); }
  void end() {
    thread_.call([&] { rendition_->on_end(); });
  }

  /// Reads until the viewer has had frame `number`, and checks that all of it can be understood.
  void expect_up_to(Viewer& viewer, RecordParser& parser, uint32_t number,
                    size_t piece = size_t{64} << 10) {
    EXPECT_TRUE(viewer.read_until(
        parser,
        [&] { return !parser.problem.empty() || (parser.last() && *parser.last() >= number); },
        piece))
        << "no frame " << number;
    EXPECT_EQ(parser.problem, "");
  }
  static std::vector<uint32_t> range(uint32_t first, uint32_t last) {
    std::vector<uint32_t> out(last - first + 1);
    std::iota(out.begin(), out.end(), first);
    return out;
  }

  testing::LoopThread thread_;
  std::unique_ptr<Rendition> rendition_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::shared_ptr<const TlsContext> tls_;
  TrackRef video_ = testing::h264_track();
  TrackRef audio_ = testing::aac_track();
  MediaTime time_{0};
  uint32_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Plain, RenditionTest, ::testing::Values(Secure::kNo));
INSTANTIATE_TEST_SUITE_P(Tls, RenditionTest, ::testing::Values(Secure::kYes));

TEST_P(RenditionTest, EveryReaderGetsEveryByteWhateverItsSocketTakes) {
  make({.max_lag = seconds(3600)});
  std::mt19937 random(3);
  for (int i = 0; i < 12; ++i) {
    (void)joined(i % 3 == 0 ? 0 : 4096 + static_cast<int>(random() % 30'000));
  }
  std::vector<RecordParser> parsers(viewers_.size());
  track(video_);
  track(audio_);
  constexpr uint32_t kFrames = 150;
  for (uint32_t i = 0; i < kFrames; ++i) {
    // Some are longer than a block of the log.
    const size_t size = random() % 20 == 0 ? 100'000 + random() % 100'000 : 4 + random() % 3000;
    i % 3 == 2 ? audio(size) : video(i % 30 == 0, size);
    const size_t reading = random() % viewers_.size();
    viewers_[reading]->read_now(parsers[reading], 1 + random() % 5000);
  }
  for (size_t i = 0; i < viewers_.size(); ++i) {
    expect_up_to(*viewers_[i], parsers[i], kFrames - 1, 1 + random() % 9000);
    EXPECT_EQ(parsers[i].numbers(), range(0, kFrames - 1));
    EXPECT_EQ(parsers[i].count(Record::Kind::kPrime), 1U);
    EXPECT_TRUE(parsers[i].at_boundary());
    EXPECT_EQ(viewers_[i]->reader().skips(), 0U);
  }
}

TEST_P(RenditionTest, SlowReaderIsOvertakenAndGoesOnAtARandomAccessPoint) {
  make({.max_bytes = size_t{200} << 10});
  Viewer& good = joined();
  Viewer& slow = joined(4096);
  Viewer& waiting = joined(4096);
  RecordParser good_parser;
  RecordParser slow_parser;
  RecordParser waiting_parser;
  track(video_);
  track(audio_);
  std::mt19937 random(5);
  uint32_t last = 0;
  for (uint32_t i = 0; i < 600; ++i) {
    last = i % 3 == 2 ? audio() : video(i % 30 == 0, 500 + random() % 5000);
    expect_up_to(good, good_parser, last);
    if (i % 2 == 0) {
      std::array<uint8_t, 1500> some;
      slow_parser.feed(Bytes(some).first(slow.peer().read_now(some)));
    }
  }
  EXPECT_EQ(good_parser.numbers(), range(0, last));
  expect_up_to(slow, slow_parser, last);
  expect_up_to(waiting, waiting_parser, last);
  EXPECT_TRUE(slow_parser.at_boundary());
  EXPECT_TRUE(waiting_parser.at_boundary());
  EXPECT_EQ(good.reader().skips(), 0U);
  EXPECT_GT(slow.reader().skips(), 0U);
  EXPECT_GT(waiting.reader().skips(), 0U);
  EXPECT_LT(waiting_parser.numbers().size(), 600U);
  EXPECT_LT(thread_.call([&] { return rendition_->log_bytes(); }), size_t{400} << 10);
}

TEST_P(RenditionTest, ReaderFurtherBehindThanTheLagIsOvertaken) {
  make({.max_lag = milliseconds(400)});
  Viewer& slow = joined(4096);
  track(video_);
  uint32_t last = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    last = video(i % 10 == 0, 2000);
  }
  // Overtaking by time happens in the rendition's own second, which the log's length shows.
  while (thread_.call([&] { return rendition_->log_bytes(); }) > 30 * 2100) {
  }
  RecordParser parser;
  expect_up_to(slow, parser, last);
  EXPECT_GT(slow.reader().skips(), 0U);
}

TEST_P(RenditionTest, GopLongerThanTheBoundIsNotKept) {
  make({.max_bytes = size_t{50} << 10});
  track(video_);
  video(true);
  for (int i = 0; i < 100; ++i) {
    video(false);
  }
  Viewer& late = joined();
  RecordParser parser;
  thread_.finish_turn();
  EXPECT_EQ(late.read_now(parser), 0U);
  const uint32_t key = video(true);
  expect_up_to(late, parser, key);
  EXPECT_EQ(parser.numbers(), range(key, key));
}

TEST_P(RenditionTest, LateJoinBeginsAtTheLastRandomAccessPoint) {
  make();
  track(video_);
  track(audio_);
  uint32_t key = 0;
  uint32_t last = 0;
  for (uint32_t i = 0; i < 47; ++i) {
    last = i % 4 == 1 ? audio() : video(i % 20 == 0);
    key = i % 20 == 0 ? last : key;
  }
  Viewer& late = joined();
  RecordParser parser;
  expect_up_to(late, parser, last);
  EXPECT_EQ(parser.numbers(), range(key, last));
  ASSERT_EQ(parser.records.front().kind, Record::Kind::kPrime);
  EXPECT_EQ(parser.records.front().flags,
            Record::kVideo | Record::kAudio | Record::kHasVideo | Record::kHasAudio);
  EXPECT_EQ(parser.records.front().time_us, 0);
}

TEST_P(RenditionTest, WithoutGopCacheAReaderBeginsAtTheNextRandomAccessPoint) {
  for (const uint32_t max_frames : {0U, 2500U}) {
    make({.gop_cache = false, .gop_max_frames = max_frames});
    track(video_);
    video(true);
    video(false);
    Viewer& late = joined();
    RecordParser parser;
    video(false);
    EXPECT_EQ(late.read_now(parser), 0U) << max_frames;
    const uint32_t key = video(true);
    const uint32_t last = video(false);
    expect_up_to(late, parser, last);
    EXPECT_EQ(parser.numbers(), range(key, last));
    viewers_.clear();
  }
}

TEST_P(RenditionTest, GopOfTooManyFramesIsNotKept) {
  make({.gop_max_frames = 10});
  track(video_);
  video(true);
  for (int i = 0; i < 10; ++i) {
    video(false);
  }
  Viewer& just = joined();
  RecordParser parser;
  expect_up_to(just, parser, 10);
  video(false);
  Viewer& late = joined();
  RecordParser late_parser;
  thread_.finish_turn();
  EXPECT_EQ(late.read_now(late_parser), 0U);
}

TEST_P(RenditionTest, AudioAloneStartsAfterItIsKnownToBeAlone) {
  make();
  Viewer& first = joined();
  track(audio_);
  RecordParser parser;
  for (int i = 0; i < 15; ++i) {
    audio();
  }
  EXPECT_EQ(first.read_now(parser), 0U) << "video may still come";
  const uint32_t known = audio();
  expect_up_to(first, parser, known);
  EXPECT_EQ(parser.numbers(), range(0, known));
  Viewer& late = joined();
  RecordParser late_parser;
  const uint32_t next = audio();
  expect_up_to(late, late_parser, next);
  EXPECT_EQ(late_parser.numbers(), range(next, next)) << "there is nothing to decode from before";
  expect_up_to(first, parser, next);
}

TEST_P(RenditionTest, VideoThatFollowsAudioSoonIsWhereAReaderBegins) {
  make();
  Viewer& first = joined();
  track(audio_);
  audio();
  audio();
  track(video_);
  audio();
  const uint32_t key = video(true);
  RecordParser parser;
  expect_up_to(first, parser, key);
  EXPECT_EQ(parser.numbers(), range(key, key));
}

TEST_P(RenditionTest, VideoThatHasEndedDoesNotHoldBackAudio) {
  make();
  track(video_);
  track(audio_);
  video(true);
  for (int i = 0; i < 116; ++i) {
    audio(10);
  }
  Viewer& late = joined();
  RecordParser parser;
  const uint32_t next = audio();
  expect_up_to(late, parser, next);
  EXPECT_EQ(parser.numbers(), range(next, next));
}

TEST_P(RenditionTest, TracksAnnouncedTogetherAreBothOpened) {
  make();
  Viewer& waiting = joined();
  track(video_);
  track(audio_);
  video(true);
  const uint32_t last = audio();
  RecordParser parser;
  expect_up_to(waiting, parser, last);
  EXPECT_EQ(parser.numbers(), range(0, last));
}

TEST_P(RenditionTest, TrackThatComesLaterPrimesReadersAtHeadAndBehind) {
  make({.max_lag = seconds(3600)});
  Viewer& at_head = joined();
  Viewer& behind = joined(4096);
  RecordParser head_parser;
  RecordParser behind_parser;
  track(video_);
  expect_up_to(at_head, head_parser, video(true));
  video(false, 50'000);
  expect_up_to(at_head, head_parser, video(false));
  track(audio_);
  uint32_t last = audio();
  expect_up_to(at_head, head_parser, last);
  video(false);
  last = audio();
  expect_up_to(at_head, head_parser, last);
  expect_up_to(behind, behind_parser, last, 700);
  for (const RecordParser* parser : {&head_parser, &behind_parser}) {
    EXPECT_EQ(parser->numbers(), range(0, last));
    EXPECT_EQ(parser->count(Record::Kind::kPrime), 2U);
  }
}

TEST_P(RenditionTest, SplicesAreForgottenWithTheLog) {
  make({.max_bytes = size_t{20} << 10});
  Viewer& reading = joined();
  RecordParser parser;
  track(video_);
  video(true);
  track(audio_);
  uint32_t last = 0;
  for (int i = 0; i < 200; ++i) {
    last = i % 2 == 0 ? audio() : video(i % 11 == 0);
    expect_up_to(reading, parser, last);
  }
  EXPECT_EQ(parser.numbers(), range(0, last));
  EXPECT_EQ(parser.count(Record::Kind::kPrime), 2U);
}

TEST_P(RenditionTest, LeavingInTheMiddleOfAFrameSendsItsRest) {
  make({.max_lag = seconds(3600)});
  Viewer& leaving = joined(4096);
  track(video_);
  video(true, 30'000);
  video(false, 30'000);
  video(false, 500);
  RecordParser parser;
  std::array<uint8_t, 40'000> some;
  // Into the second frame.
  size_t taken = 0;
  while (taken < 35'000) {
    const size_t size =
        leaving.peer().read_now(std::span(some).first(std::min<size_t>(1000, 35'000 - taken)));
    parser.feed(Bytes(some).first(size));
    taken += size;
    if (size == 0) {
      ASSERT_TRUE(leaving.peer().wait());
    }
  }
  const auto words = testing::session_record(33);
  thread_.call([&] {
    leaving.reader().leave();
    leaving.connection().write(Bytes(words));
  });
  video(false);
  EXPECT_TRUE(leaving.read_until(
      parser, [&] { return parser.count(Record::Kind::kSession) == 1; }, 3000));
  EXPECT_EQ(parser.problem, "");
  EXPECT_TRUE(parser.at_boundary());
  // Back again: from the last random access point, which is further back than where it was.
  RecordParser second;
  join(leaving);
  const uint32_t last = video(false);
  expect_up_to(leaving, second, last);
  EXPECT_EQ(second.numbers(), range(0, last));
}

TEST_P(RenditionTest, WordsOfTheSessionGoBetweenFrames) {
  make({.max_lag = seconds(3600)});
  Viewer& blocked = joined(4096);
  Viewer& idle = joined();
  RecordParser blocked_parser;
  RecordParser idle_parser;
  const auto words = testing::session_record(50);
  track(video_);
  std::mt19937 random(11);
  uint32_t last = 0;
  for (uint32_t i = 0; i < 120; ++i) {
    last = video(i % 40 == 0, random() % 10 == 0 ? 40'000 : 20 + random() % 2000);
    if (i % 5 == 0) {
      thread_.call([&] {
        blocked.reader().write_between_frames(Bytes(words));
        idle.reader().write_between_frames(Bytes(words));
      });
    }
    blocked.read_now(blocked_parser, 100 + random() % 2000);
    idle.read_now(idle_parser);
  }
  expect_up_to(blocked, blocked_parser, last);
  expect_up_to(idle, idle_parser, last);
  for (const auto& [viewer, parser] :
       {std::pair(&blocked, &blocked_parser), std::pair(&idle, &idle_parser)}) {
    EXPECT_TRUE(viewer->read_until(
        *parser, [p = parser] { return p->count(Record::Kind::kSession) == 24; }));
    EXPECT_EQ(parser->problem, "");
    EXPECT_EQ(parser->numbers(), range(0, last));
  }
}

TEST_P(RenditionTest, StalledReaderIsReportedAndOneThatWaitsForAMergedWriteIsNot) {
  make({.merge = {.latency = seconds(3600)},
        .max_lag = seconds(3600),
        .stall_limit = milliseconds(50)});
  track(video_);
  video(true, 200'000);
  Viewer& stalled = joined(4096);
  Viewer& merged = joined();
  RecordParser parser;
  expect_up_to(merged, parser, 0);
  video(false);  // waits to be merged
  while (!stalled.stalled()) {
    thread_.finish_turn();
  }
  thread_.finish_turn();
  EXPECT_FALSE(merged.stalled());
}

TEST_P(RenditionTest, MergingByCountSendsWhenMoreThanSoManyFramesWait) {
  make({.merge = {.latency = seconds(3600), .messages = 3, .kind = MergePolicy::Kind::kByCount}});
  track(video_);
  video(true);
  Viewer& reading = joined();
  RecordParser parser;
  expect_up_to(reading, parser, 0);
  video(false);
  video(false);
  EXPECT_EQ(reading.read_now(parser), 0U);
  video(false);
  const uint32_t last = video(false);
  expect_up_to(reading, parser, last - 1);
}

TEST_P(RenditionTest, MergingByTimeSendsWhatHasCollected) {
  make({.merge = {.latency = milliseconds(80)}});
  track(video_);
  video(true);
  Viewer& reading = joined();
  RecordParser parser;
  expect_up_to(reading, parser, 0);
  for (int i = 0; i < 5; ++i) {
    video(false);
  }
  expect_up_to(reading, parser, 5);
  EXPECT_EQ(parser.numbers(), range(0, 5));
}

TEST_P(RenditionTest, TheEndSendsWhatWasToBeMerged) {
  make({.merge = {.latency = seconds(3600)}});
  track(video_);
  video(true);
  Viewer& reading = joined();
  RecordParser parser;
  const uint32_t last = video(false);
  end();
  expect_up_to(reading, parser, last);
}

TEST_P(RenditionTest, NextPublisherGoesOnForThoseWhoStayed) {
  make();
  Viewer& stayed = joined();
  RecordParser parser;
  track(video_);
  track(audio_);
  video(true);
  expect_up_to(stayed, parser, audio());
  end();
  Viewer& between = joined();
  RecordParser between_parser;
  track(video_);
  const uint32_t key = video(true);
  expect_up_to(stayed, parser, key);
  expect_up_to(between, between_parser, key);
  EXPECT_EQ(between_parser.numbers(), range(key, key));
  track(audio_);  // it comes later with this one
  const uint32_t last = audio();
  expect_up_to(stayed, parser, last);
  expect_up_to(between, between_parser, last);
  EXPECT_EQ(parser.numbers(), range(0, last));
}

TEST_P(RenditionTest, RenditionOfARunningStreamStartsReadersAtZero) {
  make();
  time_ = std::chrono::hours(5);
  thread_.call([&] { rendition_->begin_replay(); });
  track(video_);
  track(audio_);
  video(true);
  video(false);
  thread_.call([&] { rendition_->end_replay(); });
  Viewer& first = joined();
  RecordParser parser;
  expect_up_to(first, parser, 1);
  EXPECT_EQ(parser.records.front().time_us, 0);
}

TEST_P(RenditionTest, ReadersComeAndGoInAnyOrder) {
  make({.max_bytes = size_t{300} << 10});
  track(video_);
  track(audio_);
  std::mt19937 random(17);
  std::deque<std::pair<std::unique_ptr<Viewer>, RecordParser>> present;
  for (uint32_t i = 0; i < 300; ++i) {
    i % 3 == 2 ? audio() : video(i % 24 == 0, 100 + random() % 4000);
    if (random() % 4 == 0) {
      present.emplace_back(std::make_unique<Viewer>(thread_, options(random() % 2 == 0 ? 4096 : 0)),
                           RecordParser{});
      join(*present.back().first);
    }
    if (present.size() > 10 || (!present.empty() && random() % 8 == 0)) {
      const size_t at = random() % present.size();
      EXPECT_EQ(present[at].second.problem, "");
      if (random() % 2 == 0) {
        present[at].first->peer().close();
      }
      present.erase(present.begin() + static_cast<std::ptrdiff_t>(at));
    }
    for (auto& [viewer, parser] : present) {
      if (random() % 3 == 0) {
        viewer->read_now(parser, 2000);
      }
      ASSERT_EQ(parser.problem, "");
    }
  }
  present.clear();
  EXPECT_EQ(thread_.call([&] { return rendition_->reader_count(); }), 0U);
}

}  // namespace
}  // namespace millrace
