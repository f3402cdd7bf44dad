#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "hub/loop_hub.hpp"
#include "io/testing/loop_thread.hpp"
#include "transcode/testing/tone.hpp"

namespace millrace {
namespace {

namespace tone = transcode::testing;
using testing::LoopThread;

constexpr tone::Source kAac{MILLRACE_AUDIO_AAC, 44'100, 2};
constexpr tone::Source kOpus{MILLRACE_AUDIO_OPUS, 48'000, 2};
constexpr const char* kKey = "/live/livestream";

/// Which codecs a sink was told and sent.
class Ear final : public FrameSink {
 public:
  void on_track(const TrackRef& track) override { tracks.push_back(track->codec); }
  void on_frame(const FrameRef& frame) override {
    if (tracks.empty() || frame->track->codec != tracks.back()) {
      ++unannounced;
    }
    if (!times.empty() && frame->dts < times.back()) {
      ++backwards;
    }
    times.push_back(frame->dts);
    ++frames;
    frames.notify_all();
  }
  void on_end() override {
    ++ends;
    ends.notify_all();
  }
  void wait_for_frames(size_t count) const {
    for (size_t now = frames; now < count; now = frames) {
      frames.wait(now);
    }
  }

  std::vector<CodecId> tracks;
  std::vector<MediaTime> times;
  std::atomic<size_t> frames{0};
  std::atomic<size_t> ends{0};
  int unannounced = 0;
  int backwards = 0;
};

/// Two loops with their hubs, as an engine has them.
struct Scene {
  ~Scene() {
    here.stop();
    there.stop();
    workers.stop();
    here.loop().discard();
    there.loop().discard();
    hub_here->discard();
    hub_there->discard();
  }
  Directory directory;
  transcode::Workers workers{1};
  LoopThread here{0};
  LoopThread there{1};
  std::unique_ptr<LoopHub> hub_here =
      here.call([this] { return std::make_unique<LoopHub>(here.loop(), directory, &workers); });
  std::unique_ptr<LoopHub> hub_there =
      there.call([this] { return std::make_unique<LoopHub>(there.loop(), directory, &workers); });
};

/// A sink on one loop, for as long as it lives.
struct Listening {
  Listening(LoopThread& loop, LoopHub& hub, AudioForm form) : thread(loop) {
    thread.call([&] {
      stream = hub.use(kKey);
      stream->attach(ear, Stream::Replay::kGop, form);
    });
  }
  ~Listening() {
    thread.call([&] {
      stream->detach(ear);
      stream.reset();
    });
  }
  LoopThread& thread;
  StreamUse stream;
  Ear ear;
};

struct Publisher {
  Publisher(Scene& where, const tone::Source& audio, const AudioSettings& settings)
      : scene(where),
        source(audio),
        track(tone::track_of(audio)),
        coded(tone::coded_tone(audio, 500, 1.0)) {
    scene.here.call([&] {
      PublicationOptions options;
      options.audio = settings;
      publication = std::move(scene.hub_here->publish(kKey, options)).value();
      publication->set_track(track);
    });
  }
  ~Publisher() {
    scene.here.call([&] { publication.reset(); });
  }
  void send() {
    scene.here.call([&] {
      for (const auto& frame : coded) {
        auto made = Frame::make(scene.here.loop().pool(), track, frame.data.size());
        std::memcpy(made->mutable_payload().data(), frame.data.data(), frame.data.size());
        made->random_access = true;
        const MediaTime at = from_ticks(frame.position, source.rate) + offset;
        publication->push(std::move(made), at, at);
      }
    });
    offset += std::chrono::seconds(1);
  }
  Scene& scene;
  const tone::Source source;
  TrackRef track;
  std::vector<tone::CodedFrame> coded;
  MediaTime offset{std::chrono::milliseconds(100)};
  std::unique_ptr<Publication> publication;
};

TEST(DerivedAudio, PlayersOfEachFormGetWhatTheyCanTake) {
  Scene scene;
  Listening plain(scene.here, *scene.hub_here, AudioForm::kPlain);
  Listening rtc(scene.here, *scene.hub_here, AudioForm::kRtc);
  Publisher publisher(scene, kAac, {});
  publisher.send();
  plain.ear.wait_for_frames(40);
  rtc.ear.wait_for_frames(40);
  scene.here.call([&] {
    EXPECT_EQ(plain.ear.tracks, std::vector{CodecId::kAac});
    EXPECT_EQ(rtc.ear.tracks, std::vector{CodecId::kOpus});
    EXPECT_EQ(plain.ear.unannounced + rtc.ear.unannounced, 0);
    EXPECT_EQ(plain.ear.backwards + rtc.ear.backwards, 0);
  });
}

TEST(DerivedAudio, IsMadeOnceAndSentToTheOtherLoops) {
  Scene scene;
  Publisher publisher(scene, kAac, {});
  Listening near(scene.there, *scene.hub_there, AudioForm::kRtc);
  Listening plain(scene.there, *scene.hub_there, AudioForm::kPlain);
  // The wish has arrived when the publisher's loop has turned after the mirror's.
  scene.here.finish_turn();
  scene.there.finish_turn();
  scene.here.finish_turn();
  publisher.send();
  near.ear.wait_for_frames(40);
  plain.ear.wait_for_frames(40);
  Listening late(scene.there, *scene.hub_there, AudioForm::kRtc);
  const size_t before = near.ear.frames;
  publisher.send();
  near.ear.wait_for_frames(before + 40);
  late.ear.wait_for_frames(40);
  scene.there.call([&] {
    EXPECT_EQ(near.ear.tracks, std::vector{CodecId::kOpus});
    EXPECT_EQ(late.ear.tracks, std::vector{CodecId::kOpus});
    EXPECT_EQ(plain.ear.tracks, std::vector{CodecId::kAac});
    EXPECT_EQ(near.ear.unannounced + late.ear.unannounced + plain.ear.unannounced, 0);
    EXPECT_EQ(near.ear.backwards, 0);
  });
}

TEST(DerivedAudio, APublicationMayWantItsOpusAsAac) {
  Scene scene;
  Listening plain(scene.there, *scene.hub_there, AudioForm::kPlain);
  Listening rtc(scene.here, *scene.hub_here, AudioForm::kRtc);
  Publisher publisher(scene, kOpus, {.plain_as_aac = true});
  scene.there.finish_turn();
  scene.here.finish_turn();
  publisher.send();
  plain.ear.wait_for_frames(30);
  rtc.ear.wait_for_frames(45);
  scene.there.call([&] { EXPECT_EQ(plain.ear.tracks, std::vector{CodecId::kAac}); });
  scene.here.call([&] { EXPECT_EQ(rtc.ear.tracks, std::vector{CodecId::kOpus}); });
}

TEST(DerivedAudio, OpusStaysOpusUnlessAsked) {
  Scene scene;
  Listening plain(scene.here, *scene.hub_here, AudioForm::kPlain);
  Publisher publisher(scene, kOpus, {});
  publisher.send();
  plain.ear.wait_for_frames(45);
  scene.here.call([&] { EXPECT_EQ(plain.ear.tracks, std::vector{CodecId::kOpus}); });
}

TEST(DerivedAudio, ChangesWithTheCodecOfTheSource) {
  Scene scene;
  Listening rtc(scene.here, *scene.hub_here, AudioForm::kRtc);
  Publisher publisher(scene, kAac, {});
  publisher.send();
  rtc.ear.wait_for_frames(40);
  publisher.coded = tone::coded_tone(kOpus, 500, 1.0);
  publisher.track = tone::track_of(kOpus);
  scene.here.call([&] { publisher.publication->set_track(publisher.track); });
  const size_t before = rtc.ear.frames;
  scene.here.call([&] {
    const auto& frame = publisher.coded.front();
    auto made = Frame::make(scene.here.loop().pool(), publisher.track, frame.data.size());
    std::memcpy(made->mutable_payload().data(), frame.data.data(), frame.data.size());
    publisher.publication->push(std::move(made), publisher.offset, publisher.offset);
  });
  rtc.ear.wait_for_frames(before + 1);
  scene.here.call([&] {
    EXPECT_EQ(rtc.ear.tracks, (std::vector{CodecId::kOpus, CodecId::kOpus}));
    EXPECT_EQ(rtc.ear.unannounced, 0);
  });
}

TEST(DerivedAudio, WhatCannotBeDecodedIsNoTrack) {
  Scene scene;
  std::atomic<size_t> troubles{0};
  std::vector<bool> works;
  scene.here.call([&] {
    scene.hub_here->tell_transcoding_to([&works](const std::string& key, Transcoding state) {
      EXPECT_EQ(key, kKey);
      works.push_back(state == Transcoding::kWorks);
    });
    scene.hub_here->report_to([&troubles](std::string_view area, Error error) {
      if (area == std::string("transcode ") + kKey && error.code == ErrorCode::kTranscodeFailed) {
        ++troubles;
        troubles.notify_all();
      }
    });
  });
  {
    Listening first(scene.here, *scene.hub_here, AudioForm::kRtc);
    Publisher publisher(scene, kAac, {});
    const auto good = publisher.coded;
    for (auto& frame : publisher.coded) {
      std::fill(frame.data.begin(), frame.data.end(), uint8_t{0x55});
    }
    publisher.send();
    publisher.send();
    troubles.wait(0);
    scene.here.call([&] { EXPECT_TRUE(first.ear.tracks.empty()); });
    // An encoder that has come to its senses is heard, also by who came before.
    publisher.coded = good;
    publisher.send();
    first.ear.wait_for_frames(30);
    scene.here.call([&] {
      EXPECT_EQ(first.ear.tracks, std::vector{CodecId::kOpus});
      EXPECT_EQ(first.ear.unannounced, 0);
      EXPECT_EQ(works, (std::vector{false, true}));
    });
    for (auto& frame : publisher.coded) {
      std::fill(frame.data.begin(), frame.data.end(), uint8_t{0x55});
    }
    const size_t before = troubles;
    publisher.send();
    publisher.send();
    troubles.wait(before);
    Listening late(scene.here, *scene.hub_here, AudioForm::kRtc);
    Listening far(scene.there, *scene.hub_there, AudioForm::kRtc);
    scene.there.finish_turn();
    scene.here.call([&] { EXPECT_TRUE(late.ear.tracks.empty()); });
    scene.there.call([&] { EXPECT_TRUE(far.ear.tracks.empty()); });
    scene.here.call([&] { EXPECT_EQ(works, (std::vector{false, true, false})); });
  }
  scene.here.call([&] {
    EXPECT_EQ(works, (std::vector{false, true, false, true})) << "nobody listens any more";
    scene.hub_here->tell_transcoding_to(nullptr);
  });
  scene.here.call([&] { scene.hub_here->report_to(nullptr); });
}

TEST(DerivedAudio, EndsWithTheLastPlayerAndBeginsAnew) {
  Scene scene;
  Publisher publisher(scene, kAac, {});
  for (int round = 0; round < 3; ++round) {
    Listening rtc(scene.here, *scene.hub_here, AudioForm::kRtc);
    publisher.send();
    rtc.ear.wait_for_frames(40);
    scene.here.call([&] { EXPECT_EQ(rtc.ear.tracks, std::vector{CodecId::kOpus}); });
  }
  Listening plain(scene.here, *scene.hub_here, AudioForm::kPlain);
  publisher.send();
  plain.ear.wait_for_frames(40);
  scene.here.call([&] { EXPECT_EQ(plain.ear.tracks, std::vector{CodecId::kAac}); });
}

}  // namespace
}  // namespace millrace
