#include "io/loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/testing/loop_thread.hpp"
#include "io/testing/peer.hpp"

namespace millrace {
namespace {

using testing::LoopThread;

TEST(Loop, RunsTasksOfOneThreadInOrder) {
  LoopThread thread;
  std::vector<int> seen;
  for (int i = 0; i < 1000; ++i) {
    thread.loop().post([&seen, i] { seen.push_back(i); });
  }
  thread.finish_turn();
  ASSERT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Loop, LosesNoTaskOfManyThreads) {
  LoopThread thread;
  std::atomic<int> ran{0};
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&thread, &ran] {
      for (int i = 0; i < 5000; ++i) {
        thread.loop().post([&ran] { ++ran; });
      }
    });
  }
  for (std::thread& sender : senders) {
    sender.join();
  }
  thread.finish_turn();
  EXPECT_EQ(ran, 20'000);
}

TEST(Loop, TasksOfAStoppedLoopAreDestroyedUnrun) {
  auto held = std::make_shared<int>(0);
  {
    LoopThread thread;
    thread.stop();
    thread.loop().post([held] { *held = 1; });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

/// Says in which order things of a turn happen.
struct Ending final : TurnEnd {
  explicit Ending(std::vector<std::string>& to) : log(to) {}
  void on_turn_end() override { log.emplace_back("turn end"); }
  std::vector<std::string>& log;
};

TEST(Loop, TurnEndsComeOnceAfterTimersAndBeforeDestruction) {
  LoopThread thread;
  std::vector<std::string> log;
  Ending ending(log);
  struct Dying {
    explicit Dying(std::vector<std::string>& to) : log(to) {}
    ~Dying() { log.emplace_back("destroyed"); }
    std::vector<std::string>& log;
  };
  Timer timer([&] { log.emplace_back("timer"); });
  thread.call([&] {
    Loop& loop = thread.loop();
    loop.at_turn_end(ending);
    loop.at_turn_end(ending);
    loop.dispose(std::make_unique<Dying>(log));
    loop.arm(timer, loop.now());
    log.emplace_back("task");
  });
  thread.finish_turn();
  EXPECT_EQ(log, (std::vector<std::string>{"task", "timer", "turn end", "destroyed"}));
}

TEST(Loop, ForgottenTurnEndIsNotCalled) {
  LoopThread thread;
  std::vector<std::string> log;
  struct Forgetting final : TurnEnd {
    Forgetting(Loop& on, TurnEnd& what) : loop(on), other(what) {}
    void on_turn_end() override { loop.forget_turn_end(other); }
    Loop& loop;
    TurnEnd& other;
  };
  Ending before(log);
  Ending during(log);
  Forgetting forgetting(thread.loop(), during);
  thread.call([&] {
    Loop& loop = thread.loop();
    loop.at_turn_end(before);
    loop.forget_turn_end(before);
    loop.at_turn_end(forgetting);
    loop.at_turn_end(during);
  });
  thread.finish_turn();
  EXPECT_TRUE(log.empty());
  thread.call([&] { thread.loop().at_turn_end(during); });
  thread.finish_turn();
  EXPECT_EQ(log.size(), 1U) << "it may ask again";
}

TEST(Loop, DestructorsMayDisposeOfMore) {
  LoopThread thread;
  auto held = std::make_shared<int>(0);
  struct Chain {
    Chain(Loop& on, int left_over, std::shared_ptr<int> what)
        : loop(on), left(left_over), held(std::move(what)) {}
    ~Chain() {
      if (left > 0) {
        loop.dispose(std::make_unique<Chain>(loop, left - 1, held));
      }
    }
    Loop& loop;
    int left;
    std::shared_ptr<int> held;
  };
  thread.call([&] { thread.loop().dispose(std::make_unique<Chain>(thread.loop(), 10, held)); });
  thread.finish_turn();
  EXPECT_EQ(held.use_count(), 1);
  thread.stop();
  thread.loop().dispose(std::make_unique<Chain>(thread.loop(), 10, held));
  thread.loop().discard();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Loop, KeptObjectsGoWhenTheyAreDropped) {
  LoopThread thread;
  auto held = std::make_shared<int>(0);
  struct Kept {
    std::shared_ptr<int> held;
  };
  const Kept* kept = thread.call([&] {
    auto made = std::make_unique<Kept>(Kept{held});
    const Kept* key = made.get();
    thread.loop().keep(std::move(made));
    return key;
  });
  thread.finish_turn();
  EXPECT_EQ(held.use_count(), 2);
  thread.call([&] {
    thread.loop().drop(kept);
    thread.loop().drop(kept);
    EXPECT_EQ(held.use_count(), 2) << "not within the turn";
  });
  thread.finish_turn();
  EXPECT_EQ(held.use_count(), 1);
}

// What the hub relies on: a task posted before an item was sent has run when the item is processed.
TEST(Loop, InboxIsProcessedAfterTheTasksPostedBeforeItsItems) {
  struct Box final : Inbox {
    void collect() override { collected = sent.load(); }
    void process() override {
      for (; processed < collected; ++processed) {
        if (tasks_run < processed + 1) {
          ++early;
        }
      }
    }
    std::atomic<int> sent{0};
    int collected = 0;
    int processed = 0;
    int tasks_run = 0;
    int early = 0;
  };
  LoopThread thread;
  Box box;
  thread.call([&] { thread.loop().set_inbox(&box); });
  for (int i = 0; i < 20'000; ++i) {
    thread.loop().post([&box] { ++box.tasks_run; });
    ++box.sent;
    thread.loop().wake();
  }
  while (thread.call([&] { return box.processed; }) < 20'000) {
  }
  EXPECT_EQ(box.early, 0);
  thread.call([&] { thread.loop().set_inbox(nullptr); });
}

TEST(Loop, EventsOfWhatIsDestroyedInTheSameTurnAreVoid) {
  LoopThread thread;
  struct Watched final : Pollable {
    Watched(Loop& on, Fd descriptor, std::unique_ptr<Watched>& other_one, int& counter)
        : loop(on), fd(std::move(descriptor)), other(other_one), count(counter) {}
    ~Watched() override { loop.unwatch(fd.get(), *this); }
    void on_ready(uint32_t /*events*/) override {
      ++count;
      std::array<uint8_t, 16> room;
      while (::recv(fd.get(), room.data(), room.size(), 0) > 0) {
      }
      other.reset();
    }
    Loop& loop;
    Fd fd;
    std::unique_ptr<Watched>& other;
    int& count;
  };
  int count = 0;
  auto [first_end, first_peer] = testing::socket_pair();
  auto [second_end, second_peer] = testing::socket_pair();
  std::unique_ptr<Watched> first;
  std::unique_ptr<Watched> second;
  thread.call([&, a = std::move(first_end), b = std::move(second_end)]() mutable {
    first = std::make_unique<Watched>(thread.loop(), std::move(a), second, count);
    second = std::make_unique<Watched>(thread.loop(), std::move(b), first, count);
    EXPECT_TRUE(thread.loop().watch(first->fd.get(), EPOLLIN, *first));
    EXPECT_TRUE(thread.loop().watch(second->fd.get(), EPOLLIN, *second));
    // Both are ready in the next turn, and the first destroys the other.
    (void)::send(first_peer.get(), "x", 1, 0);
    (void)::send(second_peer.get(), "x", 1, 0);
  });
  while (thread.call([&] { return count; }) == 0) {
  }
  thread.finish_turn();
  EXPECT_EQ(count, 1);
  thread.call([&] {
    first.reset();
    second.reset();
  });
}

}  // namespace
}  // namespace millrace
