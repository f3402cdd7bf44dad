#include "hub/byte_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace millrace {
namespace {

constexpr size_t kBlock = ByteLog::kBlockBytes;

/// The byte at a position of the log.
uint8_t byte_at(uint64_t position) { return static_cast<uint8_t>(position * 31 + position / 251); }

class ByteLogTest : public ::testing::Test {
 protected:
  void append(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; ++i) {
      bytes[i] = byte_at(log_.end() + i);
    }
    log_.append(bytes);
  }
  std::vector<uint8_t> copied(uint64_t from, uint64_t to) {
    std::vector<uint8_t> out;
    log_.copy(from, to, out);
    return out;
  }
  void expect_bytes(uint64_t from, uint64_t to) {
    const std::vector<uint8_t> bytes = copied(from, to);
    ASSERT_EQ(bytes.size(), to - from);
    for (uint64_t at = from; at < to; ++at) {
      ASSERT_EQ(bytes[at - from], byte_at(at)) << at;
    }
  }

  BlockPool pool_;
  ByteLog log_{pool_};
};

TEST_F(ByteLogTest, BeginsEmptyAndTakesNoMemoryForNothing) {
  EXPECT_EQ(log_.begin(), 0U);
  EXPECT_EQ(log_.end(), 0U);
  log_.append({});
  EXPECT_EQ(pool_.outstanding(), 0);
  std::array<iovec, 1> pieces{};
  EXPECT_EQ(log_.gather(0, 0, pieces), 0U);
}

TEST_F(ByteLogTest, KeepsBytesAcrossTheBordersOfBlocks) {
  for (const size_t size : {size_t{1}, kBlock - 1, size_t{1}, kBlock, 3 * kBlock + 7, size_t{5}}) {
    append(size);
  }
  expect_bytes(0, log_.end());
  expect_bytes(kBlock - 1, kBlock + 1);
  expect_bytes(2 * kBlock, 2 * kBlock);
}

TEST_F(ByteLogTest, GathersWhatLiesTogetherAsOnePiece) {
  append(2 * kBlock + 100);
  std::array<iovec, 4> pieces{};
  ASSERT_EQ(log_.gather(10, kBlock, pieces), 1U);
  EXPECT_EQ(pieces[0].iov_len, kBlock - 10);
  ASSERT_EQ(log_.gather(kBlock - 1, 2 * kBlock + 50, pieces), 3U);
  EXPECT_EQ(pieces[0].iov_len, 1U);
  EXPECT_EQ(pieces[1].iov_len, kBlock);
  EXPECT_EQ(pieces[2].iov_len, 50U);
  EXPECT_EQ(log_.gather(0, log_.end(), std::span(pieces).first(2)), 2U) << "as far as they reach";
}

TEST_F(ByteLogTest, TrimGivesWholeBlocksBackAndPositionsGoOn) {
  append(3 * kBlock);
  EXPECT_EQ(pool_.outstanding(), 3);
  log_.trim(kBlock - 1);
  EXPECT_EQ(log_.begin(), kBlock - 1);
  EXPECT_EQ(pool_.outstanding(), 3) << "the block still holds a byte";
  log_.trim(kBlock);
  EXPECT_EQ(pool_.outstanding(), 2);
  log_.trim(kBlock / 2);
  EXPECT_EQ(log_.begin(), kBlock) << "what is forgotten does not come back";
  expect_bytes(kBlock, 3 * kBlock);

  log_.trim(UINT64_MAX);
  EXPECT_EQ(log_.begin(), log_.end()) << "no further than there is";
  EXPECT_EQ(pool_.outstanding(), 0);
  append(10);
  EXPECT_EQ(log_.end(), 3 * kBlock + 10);
  expect_bytes(3 * kBlock, log_.end());
}

TEST_F(ByteLogTest, HoldsWhatAModelHoldsUnderRandomSteps) {
  std::mt19937 random(11);
  for (int step = 0; step < 2000; ++step) {
    append(random() % (step % 10 == 0 ? 2 * kBlock : 3000));
    if (random() % 3 == 0) {
      log_.trim(log_.begin() + random() % (log_.end() - log_.begin() + 1));
    }
    const uint64_t from = log_.begin() + random() % (log_.end() - log_.begin() + 1);
    const uint64_t to = from + std::min<uint64_t>(log_.end() - from, random() % 5000);
    expect_bytes(from, to);
    const uint64_t held = log_.end() - log_.begin();
    ASSERT_LE(pool_.outstanding(), static_cast<int64_t>(held / kBlock + 2)) << "no block too many";
  }
}

TEST_F(ByteLogTest, TakesNoMemoryOnceItRuns) {
  for (int i = 0; i < 400; ++i) {
    append(kBlock / 3);
    log_.trim(log_.end() - std::min<uint64_t>(log_.end(), 4 * kBlock));
  }
  const uint64_t before = pool_.misses();
  for (int i = 0; i < 400; ++i) {
    append(kBlock / 3);
    log_.trim(log_.end() - 4 * kBlock);
  }
  EXPECT_EQ(pool_.misses(), before);
}

}  // namespace
}  // namespace millrace
