#include "hub/stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hub/loop_hub.hpp"
#include "hub/testing/media.hpp"
#include "io/testing/loop_thread.hpp"

namespace millrace {
namespace {

/// Writes down what a sink is told, a word each: "video", "audio", "meta", "V0" and "v1" for random
/// access points and other video frames by their numbers, "a2", "end".
class Diary final : public FrameSink {
 public:
  void on_track(const TrackRef& track) override {
    words.emplace_back(track->kind == TrackKind::kVideo ? "video" : "audio");
  }
  void on_frame(const FrameRef& frame) override {
    if (frame->is_data()) {
      words.emplace_back("meta");
      return;
    }
    const char* kind = frame->is_audio() ? "a" : frame->random_access ? "V" : "v";
    words.push_back(kind + std::to_string(testing::frame_number(frame->payload())));
  }
  void on_end() override { words.emplace_back("end"); }

  std::vector<std::string> words;
};

using Words = std::vector<std::string>;

/// One published stream on one loop. Everything happens on the loop.
class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    thread_.call([this] { hub_ = std::make_unique<LoopHub>(thread_.loop(), directory_); });
  }
  ~StreamTest() override {
    thread_.call([this] { publication_.reset(); });
    thread_.finish_turn();
    thread_.stop();
    thread_.loop().discard();
    hub_.reset();
  }

  void publish(const PublicationOptions& options) {
    thread_.call([&] {
      auto made = hub_->publish("live/a", options);
      publication_ = std::move(*made);
      publication_->set_track(video_);
      publication_->set_track(audio_);
    });
  }
  /// 'V' random access point, 'v' other video, 'a' audio, 'm' metadata; 20 ms apart.
  void push(const std::string& kinds, size_t size = 50) {
    thread_.call([&] {
      for (const char kind : kinds) {
        push_here(kind, from_ms(time_ms_), size);
        time_ms_ += 20;
      }
    });
  }
  void push_here(char kind, MediaTime at, size_t size = 50) {
    const TrackRef& track = kind == 'a' ? audio_ : kind == 'm' ? metadata_ : video_;
    publication_->push(testing::make_frame(thread_.loop().pool(), track, next_, MediaTime(0),
                                           kind == 'V' || kind == 'a', size),
                       at, at);
    next_ += kind == 'm' ? 0 : 1;
  }
  /// What a sink that comes now is told at once.
  Words joined(Stream::Replay replay = Stream::Replay::kGop) {
    return thread_.call([&] {
      Diary diary;
      StreamUse stream = hub_->use("live/a");
      stream->attach(diary, replay);
      stream->detach(diary);
      return diary.words;
    });
  }

  Directory directory_;
  testing::LoopThread thread_;
  std::unique_ptr<LoopHub> hub_;
  std::unique_ptr<Publication> publication_;
  TrackRef video_ = testing::h264_track();
  TrackRef audio_ = testing::aac_track();
  TrackRef metadata_ = testing::metadata_track();
  uint32_t next_ = 0;
  int64_t time_ms_ = 0;
};

TEST_F(StreamTest, GopBeginsAnewWithEachRandomAccessPoint) {
  publish({});
  push("mvaVvaav");
  EXPECT_EQ(joined(), (Words{"video", "audio", "meta", "V2", "v3", "a4", "a5", "v6"}))
      << "nothing of before the first random access point";
  push("Va");
  EXPECT_EQ(joined(), (Words{"video", "audio", "meta", "V7", "a8"}));
  EXPECT_EQ(joined(Stream::Replay::kNo), (Words{"video", "audio", "meta"}));
}

TEST_F(StreamTest, GopThatIsSwitchedOffIsNotKept) {
  publish({.gop = {.enabled = false}});
  push("Vvv");
  EXPECT_EQ(joined(), (Words{"video", "audio"}));
}

TEST_F(StreamTest, GopOfMoreFramesThanTheLimitIsLetGoUntilTheNext) {
  publish({.gop = {.max_frames = 4}});
  push("Vvav");
  EXPECT_EQ(joined().size(), 2U + 4U);
  push("v");
  EXPECT_EQ(joined().size(), 2U) << "part of a GOP is worth nothing";
  push("va");
  EXPECT_EQ(joined().size(), 2U);
  push("Vv");
  EXPECT_EQ(joined(), (Words{"video", "audio", "V7", "v8"}));
}

TEST_F(StreamTest, GopOfNoFrameLimitIsBoundedByItsBytes) {
  publish({.gop = {.max_frames = 0, .max_bytes = 1000}});
  push("Vvvv", 250);
  EXPECT_EQ(joined().size(), 2U + 4U) << "up to the limit";
  push("v", 1);
  EXPECT_EQ(joined().size(), 2U) << "one byte over it";
  push("Vvvv", 250);
  EXPECT_EQ(joined().size(), 2U + 4U) << "the count of bytes began anew";
}

TEST_F(StreamTest, GopIsLetGoWhenVideoHasEnded) {
  publish({});
  push("V" + std::string(115, 'a'));
  EXPECT_EQ(joined().size(), 2U + 116U);
  push("a");
  EXPECT_EQ(joined().size(), 2U);
}

TEST_F(StreamTest, MixCorrectPutsBothKindsInTheOrderOfTheirTimes) {
  publish({.gop = {}, .mix_correct = true});
  const Words heard = thread_.call([&] {
    Diary diary;
    StreamUse stream = hub_->use("live/a");
    stream->attach(diary, Stream::Replay::kNo);
    push_here('V', from_ms(0));
    push_here('v', from_ms(40));
    push_here('v', from_ms(80));
    push_here('a', from_ms(10));
    push_here('a', from_ms(33));
    push_here('a', from_ms(56));
    publication_->set_track(testing::aac_track());  // what was held goes before a change
    stream->detach(diary);
    return diary.words;
  });
  EXPECT_EQ(heard, (Words{"video", "audio", "V0", "a3", "a4", "v1", "a5", "v2", "audio"}));
}

TEST_F(StreamTest, MixCorrectWaitsForNoKindThatDoesNotCome) {
  publish({.gop = {}, .mix_correct = true});
  const Words heard = thread_.call([&] {
    Diary diary;
    StreamUse stream = hub_->use("live/a");
    stream->attach(diary, Stream::Replay::kNo);
    for (int i = 0; i < 30; ++i) {
      push_here('a', from_ms(i * 20));
    }
    stream->detach(diary);
    return diary.words;
  });
  EXPECT_EQ(heard.size(), 2U + 30U - 9U) << "all but the few that may still be overtaken";
}

TEST_F(StreamTest, EndOfThePublisherLetsEverythingGo) {
  publish({});
  push("mVva");
  thread_.call([this] { publication_.reset(); });
  publish({});
  EXPECT_EQ(joined(), (Words{"video", "audio"})) << "of the publisher before nothing is left";
}

}  // namespace
}  // namespace millrace
