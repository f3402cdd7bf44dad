#include "media/media_time.hpp"

#include <gtest/gtest.h>

#include "media/frame.hpp"

namespace millrace {
namespace {

TEST(MediaTime, TicksOfUsualClocksComeBackExactly) {
  for (const int64_t rate : {1'000, 8'000, 44'100, 48'000, 90'000}) {
    for (const int64_t ticks :
         {int64_t{0}, int64_t{1}, int64_t{7}, int64_t{3'003}, int64_t{1} << 33, -int64_t{12'345},
          (int64_t{1} << 33) + 1, int64_t{48'000} * 86'400 * 365}) {
      EXPECT_EQ(to_ticks(from_ticks(ticks, rate), rate), ticks) << rate;
    }
  }
}

TEST(MediaTime, MillisecondsAreRoundedDown) {
  EXPECT_EQ(to_ms(MediaTime(1999)), 1);
  EXPECT_EQ(to_ms(MediaTime(-1)), -1);
  EXPECT_EQ(to_ms(from_ms(-5)), -5);
}

TEST(Frame, HoldsUnitsAndPayloadInOneBlock) {
  BlockPool pool;
  {
    auto track = Track::make();
    track->kind = TrackKind::kVideo;
    auto frame = Frame::make(pool, track, 9, 1);
    frame->mutable_nal_units()[0] = {4, 5};
    for (uint8_t i = 0; i < 9; ++i) {
      frame->mutable_payload()[i] = i;
    }
    const FrameRef sealed = std::move(frame);
    EXPECT_EQ(sealed->nal(sealed->nal_units()[0])[0], 4);
    EXPECT_TRUE(sealed->is_video());
    EXPECT_EQ(pool.outstanding(), 1);
  }
  EXPECT_EQ(pool.outstanding(), 0);
}

}  // namespace
}  // namespace millrace
