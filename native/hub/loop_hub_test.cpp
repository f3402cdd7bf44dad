#include "hub/loop_hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>

#include "hub/testing/loops.hpp"
#include "hub/testing/media.hpp"

namespace millrace {
namespace {

/// Writes down what a sink is told.
class Witness final : public FrameSink {
 public:
  void on_track(const TrackRef& track) override {
    (track->kind == TrackKind::kVideo ? video_ : audio_) = true;
    ++tracks;
  }
  void on_track_repeated(const TrackRef& /*track*/) override { ++repeated; }
  void on_frame(const FrameRef& frame) override {
    if (frame->is_data()) {
      ++metadata;
      return;
    }
    if (!(frame->is_video() ? video_ : audio_)) {
      ++unannounced;
    }
    numbers.push_back(testing::frame_number(frame->payload()));
    random_access.push_back(frame->random_access);
    times.push_back(frame->dts);
  }
  void on_end() override {
    ++ends;
    video_ = audio_ = false;
  }

  std::vector<uint32_t> numbers;
  std::vector<bool> random_access;
  std::vector<MediaTime> times;
  int tracks = 0;
  int repeated = 0;
  int metadata = 0;
  int ends = 0;
  int unannounced = 0;

 private:
  bool video_ = false;
  bool audio_ = false;
};

/// A sink on a stream, as a session holds it.
struct Watching {
  Watching(LoopHub& hub, const std::string& key) : stream(hub.use(key)) {
    stream->attach(witness, Stream::Replay::kGop);
  }
  ~Watching() { stream->detach(witness); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  Witness witness;
  StreamUse stream;
};

class LoopHubTest : public ::testing::Test, protected testing::Loops {
 protected:
  /// A publisher with tracks that numbers its frames.
  struct Publisher {
    Publisher(Worker& on, const std::string& key, uint32_t first = 0, int64_t start_ms = 0)
        : worker(on), next(first), time_ms(start_ms) {
      worker.thread.call([&] {
        auto made = worker.hub->publish(key, {.gop = {}, .clock_wrap = from_ms(int64_t{1} << 32)});
        ok = made.ok();
        if (ok) {
          publication = std::move(*made);
          publication->set_track(video);
          publication->set_track(audio);
        }
      });
    }
    ~Publisher() {
      worker.thread.call([&] { publication.reset(); });
    }
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// On the loop. Every tenth is a random access point, every third is audio.
    void push_here(size_t size = 50) {
      const bool is_audio = next % 3 == 2;
      auto frame = testing::make_frame(worker.thread.loop().pool(), is_audio ? audio : video, next,
                                       MediaTime(0), is_audio || next % 10 == 0, size);
      publication->push(std::move(frame), from_ms(time_ms), from_ms(time_ms));
      ++next;
      time_ms += 20;
    }
    void push(uint32_t count) {
      worker.thread.call([&] {
        for (uint32_t i = 0; i < count; ++i) {
          push_here();
        }
      });
    }

    Worker& worker;
    TrackRef video = testing::h264_track();
    TrackRef audio = testing::aac_track();
    std::unique_ptr<Publication> publication;
    bool ok = false;
    uint32_t next;
    int64_t time_ms;
  };

  LoopHubTest() : Loops(3) {}

  std::unique_ptr<Watching> watch(size_t worker, const std::string& key) {
    return on(worker, [&] { return std::make_unique<Watching>(*workers_[worker]->hub, key); });
  }
  void leave(size_t worker, std::unique_ptr<Watching>& watching) {
    on(worker, [&] { watching.reset(); });
  }
  /// Waits until the witness has seen frame `number`.
  void await(size_t worker, const std::unique_ptr<Watching>& watching, uint32_t number) {
    const Time limit = Clock::now() + seconds(10);
    while (on(worker, [&] {
      return watching->witness.numbers.empty() || watching->witness.numbers.back() != number;
    })) {
      ASSERT_LT(Clock::now(), limit) << "frame " << number << " did not come";
    }
  }
  static void expect_in_order(const Witness& witness) {
    EXPECT_TRUE(std::is_sorted(witness.numbers.begin(), witness.numbers.end()));
    EXPECT_EQ(std::adjacent_find(witness.numbers.begin(), witness.numbers.end()),
              witness.numbers.end());
    EXPECT_TRUE(std::is_sorted(witness.times.begin(), witness.times.end()));
    EXPECT_EQ(witness.unannounced, 0);
    for (size_t i = 0; i < witness.numbers.size(); ++i) {
      if (i == 0 || witness.numbers[i] != witness.numbers[i - 1] + 1) {
        EXPECT_TRUE(witness.random_access[i]) << "after a gap: " << witness.numbers[i];
      }
    }
  }
};

TEST_F(LoopHubTest, FramesReachEveryLoopEqualAndInOrder) {
  std::vector<std::unique_ptr<Watching>> watching;
  for (size_t i = 0; i < 3; ++i) {
    watching.push_back(watch(i, "live/a"));
  }
  Publisher publisher(*workers_[1], "live/a");
  ASSERT_TRUE(publisher.ok);
  publisher.push(1000);
  for (size_t i = 0; i < 3; ++i) {
    await(i, watching[i], 999);
    on(i, [&] {
      EXPECT_EQ(watching[i]->witness.numbers.size(), 1000U);
      EXPECT_EQ(watching[i]->witness.tracks, 2);
      expect_in_order(watching[i]->witness);
    });
    leave(i, watching[i]);
  }
}

TEST_F(LoopHubTest, RepeatedTrackIsNoNewOneOnAnyLoop) {
  std::vector<std::unique_ptr<Watching>> watching;
  for (size_t i = 0; i < 2; ++i) {
    watching.push_back(watch(i, "live/a"));
  }
  Publisher publisher(*workers_[0], "live/a");
  publisher.push(2);
  on(0, [&] {
    publisher.publication->repeat_track(TrackKind::kVideo);
    publisher.publication->repeat_track(TrackKind::kAudio);
    publisher.publication->repeat_track(TrackKind::kVideo);
  });
  publisher.push(1);
  for (size_t i = 0; i < 2; ++i) {
    await(i, watching[i], 2);
    on(i, [&] {
      EXPECT_EQ(watching[i]->witness.tracks, 2);
      EXPECT_EQ(watching[i]->witness.repeated, 3);
    });
    leave(i, watching[i]);
  }
}

TEST_F(LoopHubTest, WhoComesLateGetsTheGopOnAnotherLoop) {
  Publisher publisher(*workers_[0], "live/a");
  publisher.push(25);
  auto late = watch(2, "live/a");
  settle();
  publisher.push(1);
  await(2, late, 25);
  on(2, [&] {
    EXPECT_EQ(late->witness.numbers.front(), 10U) << "20 is audio";
    expect_in_order(late->witness);
  });
  leave(2, late);
}

TEST_F(LoopHubTest, OnlyOnePublisherAtATime) {
  Publisher first(*workers_[0], "live/a");
  EXPECT_TRUE(first.ok);
  EXPECT_FALSE(Publisher(*workers_[0], "live/a").ok);
  EXPECT_FALSE(Publisher(*workers_[1], "live/a").ok);
  EXPECT_TRUE(Publisher(*workers_[1], "live/b").ok);
}

TEST_F(LoopHubTest, PublisherOfAnotherLoopGoesOnInTime) {
  auto here = watch(0, "live/a");
  auto there = watch(2, "live/a");
  uint32_t next = 0;
  for (const size_t loop : {size_t{0}, size_t{1}, size_t{2}, size_t{1}}) {
    Publisher publisher(*workers_[loop], "live/a", next, 7'000'000 * static_cast<int64_t>(loop));
    ASSERT_TRUE(publisher.ok);
    publisher.push(30);
    next = publisher.next;
    await(0, here, next - 1);
    await(2, there, next - 1);
  }
  settle();
  for (const size_t loop : {size_t{0}, size_t{2}}) {
    auto& watching = loop == 0 ? here : there;
    on(loop, [&] {
      EXPECT_EQ(watching->witness.numbers.size(), 120U);
      EXPECT_EQ(watching->witness.ends, 4);
      expect_in_order(watching->witness);
    });
    leave(loop, watching);
  }
}

// The end of one publisher goes through the queue, the beginning of the next is a task, and tasks
// run first.
TEST_F(LoopHubTest, EndOfThePublisherBeforeDoesNotEndTheNext) {
  auto watching = watch(2, "live/a");
  auto first = std::make_unique<Publisher>(*workers_[0], "live/a");
  first->push(5);
  await(2, watching, 4);
  // The mirroring loop stands still while one publisher ends and the next begins: it sees both in
  // one turn.
  Halted halted(*workers_[2]);
  first->push(3);
  first.reset();
  Publisher second(*workers_[1], "live/a", 10);
  second.push(5);
  halted.go_on();
  await(2, watching, 14);
  settle();
  second.push(5);
  await(2, watching, 19);
  on(2, [&] {
    EXPECT_EQ(watching->witness.ends, 1);
    EXPECT_EQ(watching->witness.unannounced, 0);
    EXPECT_EQ(watching->stream->video(), second.video);
  });
  leave(2, watching);
}

// The same when the next publisher comes on the loop that mirrored the one before.
TEST_F(LoopHubTest, EndFromAnotherLoopDoesNotEndAPublisherHere) {
  auto here = watch(2, "live/a");
  auto there = watch(1, "live/a");
  auto first = std::make_unique<Publisher>(*workers_[0], "live/a");
  first->push(5);
  await(2, here, 4);
  std::unique_ptr<Publication> publication;
  const auto video = testing::h264_track();
  Halted halted(*workers_[2], [&] {
    // Before the queue is looked at again.
    auto made = workers_[2]->hub->publish("live/a", {});
    ASSERT_TRUE(made.ok());
    publication = std::move(*made);
    publication->set_track(video);
  });
  first.reset();
  halted.go_on();
  settle();
  on(2, [&] {
    publication->push(
        testing::make_frame(workers_[2]->thread.loop().pool(), video, 10, MediaTime(0), true, 50),
        MediaTime(0), MediaTime(0));
  });
  await(2, here, 10);
  await(1, there, 10);
  on(2, [&] {
    EXPECT_EQ(here->witness.ends, 1);
    EXPECT_EQ(here->witness.unannounced, 0);
    EXPECT_EQ(here->stream->video(), video);
    publication.reset();
  });
  leave(2, here);
  leave(1, there);
}

TEST_F(LoopHubTest, LoopThatDoesNotKeepUpGoesOnAtARandomAccessPointWithNewTracks) {
  auto watching = watch(1, "live/a");
  Publisher publisher(*workers_[0], "live/a");
  publisher.push(2);
  await(1, watching, 1);
  Halted halted(*workers_[1]);
  publisher.push(20'000);  // more than its queue holds
  publisher.video = testing::h264_track();
  on(0, [&] {
    publisher.publication->set_track(publisher.video);
    publisher.publication->push(
        testing::make_frame(workers_[0]->thread.loop().pool(), testing::metadata_track(), 1,
                            MediaTime(0), false, 20),
        MediaTime(0), MediaTime(0));
  });
  publisher.push(10);
  halted.go_on();
  settle();
  publisher.push(40);
  await(1, watching, publisher.next - 1);
  EXPECT_GT(workers_[0]->hub->dropped_for_loop(), 3000U);
  on(1, [&] {
    const Witness& witness = watching->witness;
    EXPECT_LT(witness.numbers.size(), 20'000U);
    expect_in_order(witness);
    EXPECT_EQ(watching->stream->video(), publisher.video)
        << "the track that it was told while it was full";
    EXPECT_EQ(witness.metadata, 1);
  });
  leave(1, watching);
}

TEST_F(LoopHubTest, EndIsNotLostWhenTheQueueIsFull) {
  auto watching = watch(1, "live/a");
  auto publisher = std::make_unique<Publisher>(*workers_[0], "live/a");
  publisher->push(2);
  await(1, watching, 1);
  Halted halted(*workers_[1]);
  publisher->push(20'000);
  publisher.reset();
  halted.go_on();
  settle();
  on(1, [&] {
    EXPECT_EQ(watching->witness.ends, 1);
    EXPECT_EQ(watching->witness.unannounced, 0) << "frames after the end";
    EXPECT_FALSE(watching->stream->video());
  });
  leave(1, watching);
}

TEST_F(LoopHubTest, OutputsFollowTheirPublisherAndEndWithIt) {
  struct Output final : FrameSink {
    explicit Output(std::vector<std::string>& to) : log(to) {}
    ~Output() override { log.emplace_back("gone"); }
    void on_track(const TrackRef&) override { log.emplace_back("track"); }
    void on_frame(const FrameRef&) override { log.emplace_back("frame"); }
    void on_end() override { log.emplace_back("end"); }
    std::vector<std::string>& log;
  };
  std::vector<std::string> log;
  {
    Publisher publisher(*workers_[0], "live/a");
    on(0, [&] { publisher.publication->add_output(std::make_unique<Output>(log)); });
    publisher.push(1);
  }
  EXPECT_EQ(log, (std::vector<std::string>{"track", "track", "frame", "end", "gone"}));
}

TEST_F(LoopHubTest, StreamsGoWithTheLastWhoWantsThem) {
  {
    auto watching = watch(0, "live/a");
    Publisher publisher(*workers_[1], "live/a");
    publisher.push(3);
    settle();
    EXPECT_TRUE(directory_.is_published("live/a"));
    EXPECT_EQ(on(1, [&] { return workers_[1]->hub->stream_count(); }), 1U);
    leave(0, watching);
    settle();
    EXPECT_EQ(on(0, [&] { return workers_[0]->hub->stream_count(); }), 0U);
  }
  settle();
  EXPECT_FALSE(directory_.is_published("live/a"));
  EXPECT_EQ(on(1, [&] { return workers_[1]->hub->stream_count(); }), 0U);
}

TEST_F(LoopHubTest, RequestOfAViewerWhoHasLeftIsNotServedByTheNextPublication) {
  auto publisher = std::make_unique<Publisher>(*workers_[0], "live/a");
  auto stays = watch(0, "live/a");
  on(0, [&] {
    // The request waits behind this very task, while the first publisher goes, then the viewer.
    auto leaves = watch(1, "live/a");
    publisher->publication.reset();
    leave(1, leaves);
    auto next = workers_[0]->hub->publish("live/a", {});
    publisher->publication = std::move(*next);
  });
  settle();
  EXPECT_EQ(on(0, [&] { return stays->stream->link_count(); }), 0U);
  leave(0, stays);
}

TEST_F(LoopHubTest, AThousandStreamsOverAllLoops) {
  std::vector<std::unique_ptr<Publisher>> publishers;
  std::vector<std::unique_ptr<Watching>> watching;
  for (uint32_t i = 0; i < 1000; ++i) {
    publishers.push_back(
        std::make_unique<Publisher>(*workers_[i % 3], "live/" + std::to_string(i), i));
    watching.push_back(watch((i + 1) % 3, "live/" + std::to_string(i)));
  }
  settle();
  for (auto& publisher : publishers) {
    publisher->push(12);
  }
  for (uint32_t i = 0; i < 1000; ++i) {
    await((i + 1) % 3, watching[i], i + 11);
    on((i + 1) % 3, [&] { EXPECT_EQ(watching[i]->witness.unannounced, 0); });
    leave((i + 1) % 3, watching[i]);
  }
}

TEST_F(LoopHubTest, PublishersAndViewersComeAndGoOnAllLoopsAtOnce) {
  // Each thread acts on its own loop; what they do to each other is up to the loops.
  std::vector<std::thread> actors;
  for (size_t loop = 0; loop < 3; ++loop) {
    actors.emplace_back([this, loop] {
      std::mt19937 random(static_cast<unsigned>(loop) + 1);
      std::map<std::string, std::unique_ptr<Publisher>> publishers;
      std::vector<std::unique_ptr<Watching>> watching;
      for (int step = 0; step < 400; ++step) {
        const std::string key = "live/" + std::to_string(random() % 4);
        switch (random() % 5) {
          case 0: {
            auto publisher = std::make_unique<Publisher>(*workers_[loop], key);
            if (publisher->ok) {
              publishers[key] = std::move(publisher);
            }
            break;
          }
          case 1:
            publishers.erase(key);
            break;
          case 2:
            watching.push_back(watch(loop, key));
            break;
          case 3:
            if (!watching.empty()) {
              const size_t at = random() % watching.size();
              on(loop, [&] {
                EXPECT_EQ(watching[at]->witness.unannounced, 0);
                watching[at].reset();
              });
              watching.erase(watching.begin() + static_cast<std::ptrdiff_t>(at));
            }
            break;
          default:
            for (auto& [name, publisher] : publishers) {
              publisher->push(static_cast<uint32_t>(random() % 30));
            }
        }
      }
      publishers.clear();
      for (auto& each : watching) {
        leave(loop, each);
      }
    });
  }
  for (std::thread& actor : actors) {
    actor.join();
  }
  settle();
  for (size_t loop = 0; loop < 3; ++loop) {
    EXPECT_EQ(on(loop, [&] { return workers_[loop]->hub->stream_count(); }), 0U);
  }
}

TEST_F(LoopHubTest, RenditionsAreSharedByFormAndGoWhenIdle) {
  struct NoMuxer final : Muxer {
    void write_track(const Track&, MediaTime, ByteLog&) override {}
    void write_frame(const Frame&, ByteLog&) override {}
    void write_prime(const JoinPoint&, ReaderClock&, std::vector<uint8_t>&) override {}
  };
  on(0, [&] {
    const auto make = [] { return std::make_unique<NoMuxer>(); };
    StreamUse stream = workers_[0]->hub->use("live/a");
    Rendition* first = &stream->rendition("a", {}, make);
    EXPECT_EQ(&stream->rendition("a", {}, make), first);
    EXPECT_NE(&stream->rendition("b", {}, make), first);
    stream->drop_idle_renditions(workers_[0]->thread.loop().now() - seconds(1));
    EXPECT_EQ(&stream->rendition("a", {}, make), first);
    stream->drop_idle_renditions(workers_[0]->thread.loop().now());
  });
}

// Frames of one loop's memory may lie in another's queue when all have stopped.
TEST(LoopHub, StopsWithFramesUnderWay) {
  Directory directory;
  std::vector<std::unique_ptr<testing::LoopThread>> threads;
  std::vector<std::unique_ptr<LoopHub>> hubs;
  for (unsigned i = 0; i < 2; ++i) {
    threads.push_back(std::make_unique<testing::LoopThread>(i));
    hubs.push_back(
        threads[i]->call([&] { return std::make_unique<LoopHub>(threads[i]->loop(), directory); }));
  }
  StreamUse viewer = threads[1]->call([&] { return hubs[1]->use("live/a"); });
  threads[0]->call([&] {
    auto publication = hubs[0]->publish("live/a", {});
    const auto video = testing::h264_track();
    (*publication)->set_track(video);
    threads[1]->stop();
    for (uint32_t i = 0; i < 10; ++i) {
      (*publication)
          ->push(
              testing::make_frame(threads[0]->loop().pool(), video, i, MediaTime(0), i == 0, 100),
              MediaTime(0), MediaTime(0));
    }
  });
  threads[0]->stop();
  viewer.reset();
  for (unsigned i = 0; i < 2; ++i) {
    threads[i]->loop().discard();
    hubs[i]->discard();
  }
  for (unsigned i = 0; i < 2; ++i) {
    hubs[i].reset();
    threads[i].reset();
  }
}

}  // namespace
}  // namespace millrace
