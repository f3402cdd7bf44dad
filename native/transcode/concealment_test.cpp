#include "transcode/concealment.hpp"

#include <gtest/gtest.h>

#include "transcode/testing/tone.hpp"

namespace millrace::transcode {
namespace {

TEST(Concealment, GoesOnWithTheTone) {
  for (const double hertz : {100.0, 440.0, 1000.0, 3000.0}) {
    Concealment concealment(48'000, 2);
    const auto before = testing::tone(hertz, 48'000, 2, 4800);
    concealment.remember(before);
    std::vector<float> made;
    concealment.conceal(960, made);
    ASSERT_EQ(made.size(), 1920U);
    EXPECT_GT(testing::share_of(made, 2, hertz, 48'000), 0.8) << hertz;
    // It follows on from what was there.
    EXPECT_LT(std::abs(made[0] - before[before.size() - 2]), 0.25F) << hertz;
  }
}

TEST(Concealment, IsSilentWithoutAPast) {
  Concealment concealment(8000, 1);
  std::vector<float> made;
  concealment.conceal(160, made);
  EXPECT_EQ(made, std::vector<float>(160, 0.0F));
  concealment.remember(testing::tone(440, 8000, 1, 800));
  concealment.forget();
  made.clear();
  concealment.conceal(160, made);
  EXPECT_EQ(made, std::vector<float>(160, 0.0F));
}

TEST(Concealment, EndsInSilence) {
  Concealment concealment(48'000, 1);
  concealment.remember(testing::tone(440, 48'000, 1, 4800));
  std::vector<float> made;
  concealment.conceal(48'000, made);
  EXPECT_EQ(testing::loudness(std::span<const float>(made).subspan(2880)), 0);
}

}  // namespace
}  // namespace millrace::transcode
