#include "hub/frame_queue.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace millrace {
namespace {

FrameQueue::Item item(uint64_t mirror, uint64_t number) {
  return {FrameQueue::Item::Kind::kFrame, mirror, number, nullptr, nullptr};
}

TEST(FrameQueue, FullRefusesAndLeavesTheItem) {
  FrameQueue queue(4);
  const auto track = Track::make();
  for (uint64_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(queue.push(item(1, i)));
  }
  FrameQueue::Item refused{FrameQueue::Item::Kind::kTrack, 1, 9, track, nullptr};
  EXPECT_FALSE(queue.push(std::move(refused)));
  EXPECT_EQ(refused.track, TrackRef(track));  // NOLINT(bugprone-use-after-move): what is tested
  FrameQueue::Item out;
  for (uint64_t round = 0; round < 20; ++round) {
    ASSERT_TRUE(queue.pop(out));
    EXPECT_EQ(out.publication, round);
    EXPECT_TRUE(queue.push(item(1, round + 4)));
    EXPECT_FALSE(queue.push(item(1, 99)));
  }
  while (queue.pop(out)) {
  }
  EXPECT_FALSE(queue.pop(out));
}

TEST(FrameQueue, PoppedSlotsHoldNothing) {
  BlockPool pool;
  FrameQueue queue(8);
  {
    FrameQueue::Item in{FrameQueue::Item::Kind::kFrame, 1, 1, nullptr,
                        Frame::make(pool, Track::make(), 10)};
    EXPECT_TRUE(queue.push(std::move(in)));
    FrameQueue::Item out;
    EXPECT_TRUE(queue.pop(out));
  }
  EXPECT_EQ(pool.outstanding(), 0);
}

TEST(FrameQueue, ManyWritersKeepTheirOwnOrder) {
  constexpr size_t kWriters = 4;
  constexpr uint64_t kItems = 30'000;
  FrameQueue queue(64);
  std::vector<std::thread> writers;
  for (uint64_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&queue, writer] {
      const auto track = Track::make();
      for (uint64_t i = 1; i <= kItems; ++i) {
        for (;;) {
          FrameQueue::Item next{FrameQueue::Item::Kind::kTrack, writer, i, track, nullptr};
          if (queue.push(std::move(next))) {
            break;
          }
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<uint64_t> last(kWriters, 0);
  FrameQueue::Item out;
  for (uint64_t taken = 0; taken < kWriters * kItems;) {
    if (!queue.pop(out)) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    ASSERT_EQ(out.publication, last[out.mirror] + 1) << "writer " << out.mirror;
    ASSERT_TRUE(out.track);
    last[out.mirror] = out.publication;
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_FALSE(queue.pop(out));
}

}  // namespace
}  // namespace millrace
