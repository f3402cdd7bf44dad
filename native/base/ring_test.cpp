#include "base/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace millrace {
namespace {

TEST(Ring, BehavesAsADequeUnderRandomSteps) {
  Ring<int> ring;
  std::deque<int> model;
  std::mt19937 random(7);
  for (int step = 0; step < 100'000; ++step) {
    // Long runs of either kind, so that it grows and wraps at many places.
    const bool push = random() % 100 < (step / 500 % 2 == 0 ? 60U : 40U);
    if (push) {
      ring.push_back(step);
      model.push_back(step);
    } else if (!model.empty()) {
      ring.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(ring.size(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(ring.front(), model.front());
      ASSERT_EQ(ring.back(), model.back());
      const size_t at = random() % model.size();
      ASSERT_EQ(ring[at], model[at]);
    }
  }
}

TEST(Ring, LetsGoOfWhatIsPopped) {
  Ring<std::shared_ptr<int>> ring;
  const auto held = std::make_shared<int>(1);
  for (int i = 0; i < 40; ++i) {
    ring.push_back(held);
  }
  EXPECT_EQ(held.use_count(), 41);
  ring.pop_front();
  EXPECT_EQ(held.use_count(), 40);
  ring.clear();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(ring.empty());
}

TEST(Ring, GrowsFromAnElementOfItsOwn) {
  Ring<std::shared_ptr<int>> ring;
  ring.push_back(std::make_shared<int>(5));
  for (int i = 0; i < 100; ++i) {
    ring.push_back(ring.front());
  }
  EXPECT_EQ(*ring.back(), 5);
}

}  // namespace
}  // namespace millrace
