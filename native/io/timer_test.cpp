#include "io/timer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace millrace {
namespace {

const Time kStart{std::chrono::hours(1)};

TEST(TimerQueue, FiresInOrderOfTime) {
  TimerQueue queue;
  std::vector<int> fired;
  Timer c([&] { fired.push_back(3); });
  Timer a([&] { fired.push_back(1); });
  Timer b([&] { fired.push_back(2); });
  queue.arm(c, kStart + seconds(3));
  queue.arm(a, kStart + seconds(1));
  queue.arm(b, kStart + seconds(2));
  EXPECT_EQ(queue.next(), kStart + seconds(1));
  queue.run_due(kStart + seconds(2));
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
  queue.arm(c, kStart + seconds(9));
  queue.run_due(kStart + seconds(3));
  EXPECT_EQ(fired.size(), 2U);
  c.disarm();
  c.disarm();
  EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, TimerThatArmsItselfForThePastDoesNotHoldTheLoop) {
  TimerQueue queue;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>([&] {
    ++fired;
    queue.arm(*timer, kStart);
  });
  queue.arm(*timer, kStart);
  queue.run_due(kStart);
  EXPECT_EQ(fired, 1);
  queue.run_due(kStart);
  EXPECT_EQ(fired, 2);
}

TEST(TimerQueue, TimerMayDisarmOrDestroyOthersWhenItFires) {
  TimerQueue queue;
  int fired = 0;
  auto other = std::make_unique<Timer>([&] { ++fired; });
  Timer third([&] { ++fired; });
  Timer first([&] {
    other.reset();
    third.disarm();
  });
  queue.arm(first, kStart);
  queue.arm(*other, kStart + seconds(1));
  queue.arm(third, kStart + seconds(1));
  queue.run_due(kStart + seconds(5));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, TimersMayOutliveTheirQueue) {
  Timer timer([] {});
  {
    TimerQueue queue;
    queue.arm(timer, kStart);
    EXPECT_TRUE(timer.armed());
  }
  EXPECT_FALSE(timer.armed());
}

TEST(TimerQueue, KeepsItsOrderUnderRandomSteps) {
  TimerQueue queue;
  constexpr size_t kTimers = 200;
  struct Tracked {
    std::unique_ptr<Timer> timer;
    Time at;
    bool armed = false;
  };
  std::vector<Tracked> timers(kTimers);
  Time now = kStart;
  Time last_fired = kStart;
  for (Tracked& tracked : timers) {
    tracked.timer = std::make_unique<Timer>([&tracked, &now, &last_fired] {
      EXPECT_TRUE(tracked.armed);
      EXPECT_LE(tracked.at, now);
      EXPECT_GE(tracked.at, last_fired);
      last_fired = tracked.at;
      tracked.armed = false;
    });
  }
  std::mt19937 random(2);
  for (int step = 0; step < 20'000; ++step) {
    Tracked& tracked = timers[random() % kTimers];
    switch (random() % 4) {
      case 0:
        tracked.timer->disarm();
        tracked.armed = false;
        break;
      case 1:
        now += milliseconds(random() % 20);
        last_fired = Time::min();
        queue.run_due(now);
        break;
      default:
        tracked.at = now + milliseconds(1 + random() % 1000);
        tracked.armed = true;
        queue.arm(*tracked.timer, tracked.at);
    }
    Time earliest = Time::max();
    for (const Tracked& each : timers) {
      ASSERT_EQ(each.armed, each.timer->armed());
      earliest = each.armed ? std::min(earliest, each.at) : earliest;
    }
    if (earliest == Time::max()) {
      ASSERT_TRUE(queue.empty());
    } else {
      ASSERT_EQ(queue.next(), earliest);
    }
  }
}

}  // namespace
}  // namespace millrace
