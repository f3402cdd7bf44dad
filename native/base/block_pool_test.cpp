#include "base/block_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "base/buffer.hpp"

namespace millrace {
namespace {

TEST(BlockPool, RoomIsAtLeastWhatWasAskedForAndAtMostAQuarterMore) {
  BlockPool pool;
  for (size_t size = 1; size <= size_t{5} << 20; size = size + size / 7 + 1) {
    void* block = pool.take(size);
    ASSERT_GE(BlockPool::capacity(block), size);
    if (size > 256 && size <= size_t{4} << 20) {
      ASSERT_LE(BlockPool::capacity(block), size + size / 4 + 1) << size;
    }
    std::memset(block, 0xab, size);
    BlockPool::give_back(block);
  }
  EXPECT_EQ(pool.outstanding(), 0);
}

TEST(BlockPool, ClassesMeetAtPowersOfTwo) {
  BlockPool pool;
  for (size_t size = 256; size <= size_t{4} << 20; size *= 2) {
    void* exact = pool.take(size);
    void* more = pool.take(size + 1);
    EXPECT_EQ(BlockPool::capacity(exact), size);
    EXPECT_EQ(BlockPool::capacity(more), size == size_t{4} << 20 ? size + 1 : size + size / 4);
    BlockPool::give_back(exact);
    BlockPool::give_back(more);
  }
}

TEST(BlockPool, TakesAgainWhatWasGivenBack) {
  BlockPool pool;
  void* first = pool.take(1000);
  BlockPool::give_back(first);
  EXPECT_EQ(pool.take(1000), first);
  EXPECT_EQ(pool.misses(), 1U);
  BlockPool::give_back(first);
}

TEST(BlockPool, ShedsWhatABurstLeftBehindAndNoMore) {
  BlockPool pool;
  std::vector<void*> blocks;
  for (int i = 0; i < 64; ++i) {
    blocks.push_back(pool.take(65536));
  }
  pool.shed(65536);
  for (void* block : blocks) {
    BlockPool::give_back(block);
  }
  pool.shed(65536);  // until a moment ago all were in use
  EXPECT_EQ(pool.free_bytes(), 64U * 65536);
  pool.shed(65536);
  EXPECT_EQ(pool.free_bytes(), 65536U);
  pool.shed(65536);
  EXPECT_EQ(pool.free_bytes(), 65536U);
}

TEST(BlockPool, KeepsNoMoreThanItsBound) {
  BlockPool pool(4096);
  std::vector<void*> blocks;
  for (int i = 0; i < 16; ++i) {
    blocks.push_back(pool.take(1024));
  }
  for (void* block : blocks) {
    BlockPool::give_back(block);
  }
  EXPECT_EQ(pool.free_bytes(), 4096U);
  EXPECT_EQ(pool.outstanding(), 0);
}

TEST(BlockPool, LargerThanAllClassesIsNotKept) {
  BlockPool pool;
  BlockPool::give_back(pool.take((size_t{4} << 20) + 1));
  EXPECT_EQ(pool.free_bytes(), 0U);
}

TEST(BlockPool, BlocksComeBackFromOtherThreadsWithoutMalloc) {
  BlockPool pool;
  constexpr size_t kThreads = 3;
  constexpr int kRounds = 20'000;
  std::array<std::atomic<Buffer*>, kThreads> handed{};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  std::atomic<uint64_t> wrong{0};
  for (auto& hand : handed) {
    threads.emplace_back([&hand, &done, &wrong] {
      for (;;) {
        const bool last = done.load();
        if (Buffer* buffer = hand.exchange(nullptr)) {
          const auto ref = BufferRef::adopt(buffer);
          for (const uint8_t byte : ref->bytes()) {
            wrong += byte != ref->data()[0];
          }
        } else if (last) {
          return;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    auto buffer = Buffer::make(pool, 300 + static_cast<size_t>(round % 5) * 400);
    std::memset(buffer->data(), round, buffer->size());
    // What was not fetched yet is given back here, so both ways are mixed.
    Buffer* unfetched = handed[static_cast<size_t>(round) % kThreads].exchange(buffer.detach());
    if (unfetched != nullptr) {
      (void)BufferRef::adopt(unfetched);
    }
  }
  done = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0U);
  // Drains the stack of what others gave back.
  std::vector<void*> blocks;
  for (int i = 0; i < 64; ++i) {
    blocks.push_back(pool.take(100));
  }
  for (void* block : blocks) {
    BlockPool::give_back(block);
  }
  EXPECT_EQ(pool.outstanding(), 0);
  EXPECT_LT(pool.misses(), 1000U);
}

TEST(BlockPool, FollowsItsOwnerToAnotherThread) {
  BlockPool pool;
  void* block = pool.take(500);
  std::thread([&pool, block] {
    pool.bind_to_this_thread();
    BlockPool::give_back(block);
    EXPECT_GT(pool.free_bytes(), 0U);
    BlockPool::give_back(pool.take(500));
  }).join();
  EXPECT_EQ(pool.outstanding(), 0);
}

TEST(Buffer, SharesBytesAndCutsItsEnd) {
  auto buffer = Buffer::make(8);
  std::memcpy(buffer->data(), "abcdefgh", 8);
  buffer->shrink(3);
  const BufferRef shared = buffer;
  const BufferRef again = shared;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(again->size(), 3U);
  EXPECT_EQ(std::memcmp(again->data(), "abc", 3), 0);
  EXPECT_EQ(Buffer::copy_of(Bytes{})->size(), 0U);
  EXPECT_EQ(Buffer::copy_of(std::string_view("xyz"))->bytes()[2], 'z');
}

}  // namespace
}  // namespace millrace
