#include "protocols/play_options.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

PlayOptions from(const Fields& fields, const Limits& limits = {}) {
  return PlayOptions::from(fields, limits);
}

TEST(PlayOptions, Defaults) {
  const PlayOptions options = from({});
  EXPECT_EQ(options.rendition.merge, (MergePolicy{.latency = milliseconds(350), .messages = 0}));
  EXPECT_TRUE(options.rendition.gop_cache);
  EXPECT_EQ(options.rendition.max_lag, seconds(10))
      << "the limit of the ring, below the queue's 30 s";
  EXPECT_EQ(options.jitter, TimeJitter::kFull);
  EXPECT_EQ(options.duration, Duration::zero());
}

TEST(PlayOptions, MergingFollowsLatencyMessagesAndInterval) {
  EXPECT_EQ(from({{"min_latency", true}}).rendition.merge.kind, MergePolicy::Kind::kByCount);
  EXPECT_EQ(from({{"min_latency", true}, {"mw_msgs", 4}}).rendition.merge.messages, 4U);
  EXPECT_EQ(from({{"min_latency", true}, {"mw_msgs", 0}}).rendition.merge, MergePolicy{})
      << "each frame at once";
  EXPECT_EQ(from({{"min_latency", true}, {"mw_msgs", 1e9}}).rendition.merge.messages, 128U);
  EXPECT_EQ(from({{"mw_latency_ms", 0}}).rendition.merge, MergePolicy{});
  EXPECT_EQ(from({{"send_min_interval_ms", 10.5}, {"min_latency", true}}).rendition.merge.latency,
            microseconds(10'500));
}

TEST(PlayOptions, LagIsWithinTheRing) {
  EXPECT_EQ(from({{"queue_length_ms", 5000}}).rendition.max_lag, seconds(5));
  EXPECT_EQ(from({{"queue_length_ms", 0}}).rendition.max_lag, milliseconds(100));
  Limits limits;
  limits.ring_max = milliseconds(10);
  EXPECT_EQ(from({}, limits).rendition.max_lag, milliseconds(100)) << "whatever the limits are";
}

TEST(PlayOptions, ClockOfTheReader) {
  EXPECT_EQ(from({{"time_jitter", "zero"}}).jitter, TimeJitter::kZero);
  EXPECT_EQ(from({{"time_jitter", "off"}}).jitter, TimeJitter::kSource);
  EXPECT_EQ(from({{"atc", true}}).jitter, TimeJitter::kSource);
}

TEST(PlayOptions, RenditionsAreNamedByAllThatShapesThem) {
  const std::vector<Fields> different{
      {},
      {{"mw_latency_ms", 100}},
      {{"send_min_interval_ms", 0.5}},
      {{"mw_latency_ms", 0}},
      {{"min_latency", true}},
      {{"min_latency", true}, {"mw_msgs", 3}},
      {{"gop_cache", false}},
      {{"gop_cache_max_frames", 10}},
      {{"queue_length_ms", 1000}},
  };
  for (size_t a = 0; a < different.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      EXPECT_NE(from(different[a]).rendition_suffix(), from(different[b]).rendition_suffix())
          << a << " " << b;
    }
  }
  EXPECT_EQ(from({{"time_jitter", "zero"}}).rendition_suffix(), from({}).rendition_suffix())
      << "a clock is a reader's own";
}

}  // namespace
}  // namespace millrace
