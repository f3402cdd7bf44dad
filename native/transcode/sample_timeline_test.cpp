#include "transcode/sample_timeline.hpp"

#include <gtest/gtest.h>

#include "transcode/testing/tone.hpp"

namespace millrace::transcode {
namespace {

constexpr SampleTimeline::Options kMono{.rate = 48'000, .channels = 1, .frame_samples = 960};

struct Cut {
  explicit Cut(const SampleTimeline::Options& options = kMono) : timeline(options) {}
  void add(std::span<const float> samples, MediaTime at, uint32_t pending = 0) {
    timeline.add(samples, at, pending);
    while (const auto block = timeline.poll()) {
      positions.push_back(block->position);
      out.insert(out.end(), block->samples.begin(), block->samples.end());
    }
  }
  SampleTimeline timeline;
  std::vector<int64_t> positions;
  std::vector<float> out;
};

TEST(SampleTimeline, CutsInputOfAnySizeIntoFrames) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 48'000);
  size_t at = 0;
  for (size_t step = 1; at < input.size(); step = step * 5 % 1999 + 1) {
    const size_t count = std::min(step, input.size() - at);
    cut.add(std::span<const float>(input).subspan(at, count),
            from_ticks(48'000 + static_cast<int64_t>(at), 48'000));
    at += count;
  }
  ASSERT_EQ(cut.positions.size(), 50U);
  for (size_t i = 0; i < cut.positions.size(); ++i) {
    EXPECT_EQ(cut.positions[i], 48'000 + static_cast<int64_t>(i) * 960);
  }
  // After the fade at the start the samples are what went in.
  for (size_t i = 480; i < cut.out.size(); ++i) {
    ASSERT_EQ(cut.out[i], input[i]) << i;
  }
  EXPECT_EQ(cut.out[0], 0.0F);
  EXPECT_EQ(cut.timeline.repairs().gaps, 0U);
}

TEST(SampleTimeline, CountsWhatTheResamplerHoldsBack) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 9600);
  const std::span<const float> all(input);
  // Sixteen samples of each frame come with the next one.
  cut.add(all.first(944), from_ticks(0, 48'000), 16);
  for (int64_t at = 960; at + 960 <= 9600; at += 960) {
    cut.add(all.subspan(static_cast<size_t>(at) - 16, 960), from_ticks(at, 48'000), 16);
  }
  EXPECT_EQ(cut.timeline.repairs().gaps + cut.timeline.repairs().overlaps, 0U);
  EXPECT_EQ(cut.timeline.take_stretch(), 0);
}

TEST(SampleTimeline, FillsAGapWithoutAClick) {
  Cut cut;
  cut.timeline.set_tolerance(std::chrono::milliseconds(10));
  const auto input = testing::tone(440, 48'000, 1, 48'000);
  for (int64_t at = 0; at + 960 <= 48'000; at += 960) {
    if (at != 9600) {
      cut.add(std::span<const float>(input).subspan(static_cast<size_t>(at), 960),
              from_ticks(at, 48'000));
    }
  }
  EXPECT_EQ(cut.timeline.repairs().gaps, 1U);
  ASSERT_EQ(cut.positions.size(), 50U);
  const std::span<const float> hole = std::span<const float>(cut.out).subspan(9600, 960);
  EXPECT_GT(testing::loudness(hole), 0.15);
  EXPECT_LT(testing::largest_step(cut.out, 1), 0.1F);
}

TEST(SampleTimeline, ALongGapEndsInSilence) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 9600);
  cut.add(input, from_ms(0));
  cut.add(input, from_ms(200 + 300));
  const std::span<const float> out(cut.out);
  EXPECT_GT(testing::loudness(out.subspan(9600, 960)), 0.1);
  EXPECT_LT(testing::loudness(out.subspan(9600 + 4800, 4800)), 0.001);
  EXPECT_LT(testing::largest_step(cut.out, 1), 0.1F);
}

TEST(SampleTimeline, LeavesOutWhatIsTooMuch) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 9600);
  cut.add(input, from_ms(0));
  cut.add(input, from_ms(100));  // half of it has been heard
  cut.add(input, from_ms(300));
  EXPECT_EQ(cut.timeline.repairs().overlaps, 1U);
  EXPECT_EQ(cut.timeline.repairs().gaps, 0U);
  EXPECT_EQ(cut.out.size(), 9600U + 4800U + 9600U);
}

TEST(SampleTimeline, JumpsOverAPause) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 1200);  // whole periods
  cut.add(input, from_ms(0));
  cut.add(input, std::chrono::seconds(10));
  cut.add(input, std::chrono::seconds(10) + from_ticks(1200, 48'000));
  EXPECT_EQ(cut.timeline.repairs().jumps, 1U);
  // The rest of the first part is filled up to a frame; the second begins where it belongs.
  ASSERT_EQ(cut.positions.size(), 4U);
  EXPECT_EQ(cut.positions[0], 0);
  EXPECT_EQ(cut.positions[1], 960);
  EXPECT_EQ(cut.positions[2], 480'000);
  EXPECT_EQ(cut.positions[3], 480'960);
  EXPECT_LT(testing::largest_step(cut.out, 1), 0.1F);
}

TEST(SampleTimeline, JumpsBackToo) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 960);
  cut.add(input, std::chrono::seconds(10));
  cut.add(input, std::chrono::seconds(2));
  // A frame to fade out in, then the other time.
  ASSERT_EQ(cut.positions.size(), 3U);
  EXPECT_EQ(cut.positions[1], 480'960);
  EXPECT_EQ(cut.positions[2], 96'000);
}

TEST(SampleTimeline, RoundedTimesAreNoGaps) {
  Cut cut;
  const auto input = testing::tone(440, 44'100, 1, 1024);
  for (int64_t i = 0; i < 2000; ++i) {
    cut.add(input, from_ms(i * 1024 * 1000 / 48'000));
    EXPECT_EQ(cut.timeline.take_stretch(), 0);
  }
  EXPECT_EQ(cut.timeline.repairs().gaps + cut.timeline.repairs().overlaps, 0U);
  for (size_t i = 1; i < cut.positions.size(); ++i) {
    ASSERT_EQ(cut.positions[i] - cut.positions[i - 1], 960);
  }
}

TEST(SampleTimeline, AsksForMoreSamplesWhenTimeRunsAhead) {
  Cut cut;
  const auto input = testing::tone(440, 48'000, 1, 960);
  int32_t asked = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    cut.add(input, MediaTime(i * 20'000 + i * 20));  // a thousandth faster
    asked += cut.timeline.take_stretch();
  }
  EXPECT_GT(asked, 0);
}

}  // namespace
}  // namespace millrace::transcode
