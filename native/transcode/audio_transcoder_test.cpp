#include "transcode/audio_transcoder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>

#include "io/testing/loop_thread.hpp"
#include "transcode/testing/tone.hpp"

namespace millrace::transcode {
namespace {

struct Listener final : public AudioTranscoder::Owner {
  void on_transcoded(FrameRef frame) override {
    frames.push_back(std::move(frame));
    ++count;
    count.notify_all();
  }
  void on_transcode_trouble(Error error, const std::string& why) override {
    troubles.push_back(error);
    text = why;
    ++trouble_count;
    trouble_count.notify_all();
  }
  std::vector<FrameRef> frames;
  std::vector<Error> troubles;
  std::string text;
  std::atomic<size_t> count{0};
  std::atomic<size_t> trouble_count{0};
};

void wait_for(const std::atomic<size_t>& count, size_t at_least) {
  for (size_t now = count; now < at_least; now = count) {
    count.wait(now);
  }
}

FrameRef frame_of(Loop& loop, const TrackRef& track, const testing::CodedFrame& coded,
                  MediaTime at) {
  auto frame = Frame::make(loop.pool(), track, coded.data.size());
  std::memcpy(frame->mutable_payload().data(), coded.data.data(), coded.data.size());
  frame->dts = frame->pts = at;
  return frame;
}

constexpr testing::Source kAac{MILLRACE_AUDIO_AAC, 44'100, 2};

TEST(AudioTranscoder, GivesFramesBackOnTheLoop) {
  Workers workers(1);
  millrace::testing::LoopThread thread;
  Listener listener;
  std::unique_ptr<AudioTranscoder> transcoder;
  const auto frames = testing::coded_tone(kAac, 1000, 1.0);
  thread.call([&] {
    transcoder = std::make_unique<AudioTranscoder>(thread.loop(), workers,
                                                   AudioTarget{CodecId::kOpus, 64'000}, listener);
    const TrackRef track = testing::track_of(kAac);
    transcoder->set_track(track);
    for (const auto& frame : frames) {
      transcoder->push(
          frame_of(thread.loop(), track, frame, from_ticks(frame.position + 44'100, 44'100)));
    }
  });
  wait_for(listener.count, 45);
  thread.call([&] {
    EXPECT_TRUE(listener.troubles.empty());
    for (size_t i = 1; i < listener.frames.size(); ++i) {
      EXPECT_EQ(listener.frames[i]->track, transcoder->track());
      EXPECT_EQ(listener.frames[i]->dts - listener.frames[i - 1]->dts, from_ms(20));
      EXPECT_TRUE(listener.frames[i]->random_access);
    }
    transcoder.reset();
    listener.frames.clear();
  });
  workers.stop();
}

TEST(AudioTranscoder, ShedsAFloodAndSaysSo) {
  Workers workers(1);
  millrace::testing::LoopThread thread;
  Listener listener;
  std::unique_ptr<AudioTranscoder> transcoder;
  const auto frames = testing::coded_tone(kAac, 1000, 0.1);
  thread.call([&] {
    transcoder = std::make_unique<AudioTranscoder>(thread.loop(), workers,
                                                   AudioTarget{CodecId::kOpus, 64'000}, listener);
    const TrackRef track = testing::track_of(kAac);
    transcoder->set_track(track);
    for (int i = 0; i < 20'000; ++i) {
      transcoder->push(frame_of(thread.loop(), track, frames[2], from_ms(i)));
    }
    EXPECT_GE(listener.trouble_count, 1U);
    EXPECT_EQ(listener.troubles.front().code, ErrorCode::kTranscodeOverloaded);
  });
  wait_for(listener.count, 1);
  thread.call([&] {
    transcoder.reset();
    listener.frames.clear();
  });
  workers.stop();
}

TEST(AudioTranscoder, TellsOfATrackWithoutADecoder) {
  Workers workers(1);
  millrace::testing::LoopThread thread;
  Listener listener;
  std::unique_ptr<AudioTranscoder> transcoder;
  thread.call([&] {
    transcoder = std::make_unique<AudioTranscoder>(thread.loop(), workers,
                                                   AudioTarget{CodecId::kOpus, 64'000}, listener);
    auto track = Track::make();
    track->kind = TrackKind::kAudio;
    track->codec = CodecId::kAc3;
    transcoder->set_track(track);
  });
  wait_for(listener.trouble_count, 1);
  thread.call([&] {
    EXPECT_EQ(listener.troubles.front().code, ErrorCode::kTranscodeFailed);
    EXPECT_EQ(listener.text, "AC-3");
    transcoder.reset();
  });
  workers.stop();
}

TEST(AudioTranscoder, MayEndWhileWorkIsUnderWay) {
  Workers workers(2);
  millrace::testing::LoopThread thread;
  Listener listener;
  const auto frames = testing::coded_tone(kAac, 1000, 1.0);
  for (int round = 0; round < 20; ++round) {
    thread.call([&] {
      AudioTranscoder transcoder(thread.loop(), workers, AudioTarget{CodecId::kOpus, 64'000},
                                 listener);
      const TrackRef track = testing::track_of(kAac);
      transcoder.set_track(track);
      for (const auto& frame : frames) {
        transcoder.push(frame_of(thread.loop(), track, frame, from_ticks(frame.position, 44'100)));
      }
    });
  }
  thread.call([&] { EXPECT_EQ(listener.count, 0U); });
  workers.stop();
  AudioTarget target{CodecId::kOpus, 64'000};
  thread.call([&] {
    // After the end of the workers nothing happens any more, and nothing breaks.
    AudioTranscoder late(thread.loop(), workers, target, listener);
    late.set_track(testing::track_of(kAac));
  });
}

}  // namespace
}  // namespace millrace::transcode
