#include "hub/time_normaliser.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace millrace {
namespace {

using std::chrono::hours;

constexpr MediaTime kRtmpWrap = from_ms(int64_t{1} << 32);
const MediaTime kTsWrap = from_ticks(int64_t{1} << 33, 90'000);
constexpr auto kVideo = TrackKind::kVideo;
constexpr auto kAudio = TrackKind::kAudio;

/// A clock under test, with arrival times that are moved by hand.
struct Clocked {
  TimeNormaliser clock;
  Time now{hours(1)};

  explicit Clocked(MediaTime wrap = kRtmpWrap, std::optional<MediaTime> after = std::nullopt)
      : clock(wrap, after) {}

  /// Milliseconds out for milliseconds in, `passed_ms` after the frame before.
  int64_t at(TrackKind kind, int64_t raw_ms, int64_t passed_ms = 0) {
    now += milliseconds(passed_ms);
    return to_ms(clock.normalise(kind, from_ms(raw_ms), from_ms(raw_ms), now).dts);
  }
};

TEST(TimeNormaliser, SmallStartIsKeptAndLargeStartMovesNearZero) {
  EXPECT_EQ(Clocked().at(kVideo, 0), 0);
  EXPECT_EQ(Clocked().at(kVideo, 80), 80);
  EXPECT_EQ(Clocked().at(kVideo, 5'000), 5'000);
  EXPECT_EQ(Clocked().at(kVideo, 5'001), 500);
  EXPECT_EQ(Clocked().at(kVideo, 4'000'000'000), 500);
}

TEST(TimeNormaliser, LargeStartLeavesRoomForTheOtherTracksEarlierFrame) {
  Clocked in;
  EXPECT_EQ(in.at(kVideo, 1'000'000), 500);
  EXPECT_EQ(in.at(kAudio, 999'900), 400);
  EXPECT_EQ(in.at(kVideo, 1'000'040, 40), 540);
  EXPECT_EQ(in.at(kAudio, 999'923), 423);
  EXPECT_EQ(in.clock.repairs().jumps, 0U);
}

TEST(TimeNormaliser, TrackWhoseClockIsAnotherIsPutWhereTheStreamIs) {
  Clocked in;
  EXPECT_EQ(in.at(kAudio, 0), 0);
  EXPECT_EQ(in.at(kVideo, 3'600'000, 5), 0);
  EXPECT_EQ(in.at(kVideo, 3'600'040, 40), 40);
  EXPECT_EQ(in.at(kAudio, 46), 46);
}

TEST(TimeNormaliser, TrackThatAppearsLateKeepsItsPlace) {
  Clocked in;
  for (int64_t ms = 0; ms <= 60'000; ms += 40) {
    EXPECT_EQ(in.at(kVideo, ms, 40), ms);
  }
  EXPECT_EQ(in.at(kAudio, 59'990), 59'990);
  EXPECT_EQ(in.clock.repairs().jumps, 0U);
}

TEST(TimeNormaliser, CounterWraps) {
  Clocked in;
  const int64_t wrap = int64_t{1} << 32;
  EXPECT_EQ(in.at(kVideo, wrap - 20), 500);
  EXPECT_EQ(in.at(kVideo, 20, 40), 540);
  EXPECT_EQ(in.at(kAudio, wrap - 10), 510) << "a late frame of before the wrap";
  EXPECT_EQ(in.at(kVideo, 60, 40), 580);
  EXPECT_EQ(in.at(kAudio, 13), 533);
  EXPECT_EQ(in.clock.repairs().wraps, 1U);
  EXPECT_EQ(in.clock.repairs().jumps + in.clock.repairs().steps_back, 0U);
}

TEST(TimeNormaliser, CounterWrapsManyTimes) {
  Clocked in;
  int64_t sent = 0;
  int64_t expected = in.at(kVideo, 0);
  for (int i = 0; i < 200'000; ++i) {
    sent += 2'500'000;  // with time passing in proportion, 116 times around
    expected += 2'500'000;
    ASSERT_EQ(in.at(kVideo, sent % (int64_t{1} << 32), 2'500'000), expected);
  }
  EXPECT_EQ(in.clock.repairs().wraps, 116U);
}

TEST(TimeNormaliser, WrapOf33BitsAt90kHz) {
  TimeNormaliser clock(kTsWrap);
  Time now{hours(1)};
  const int64_t wrap = int64_t{1} << 33;
  const auto start = clock.normalise(kVideo, from_ticks(wrap - 1800, 90'000),
                                     from_ticks(wrap - 1800, 90'000), now);
  const auto next = clock.normalise(kVideo, from_ticks(1800, 90'000), from_ticks(5400, 90'000),
                                    now + milliseconds(40));
  EXPECT_EQ(next.dts - start.dts, MediaTime(40'000));
  EXPECT_EQ(next.pts - next.dts, MediaTime(40'000));
  EXPECT_EQ(clock.repairs().wraps, 1U);
}

TEST(TimeNormaliser, PtsMayWrapBeforeDts) {
  TimeNormaliser clock(kRtmpWrap);
  const auto times = clock.normalise(kVideo, kRtmpWrap - from_ms(20), from_ms(60), Time(hours(1)));
  EXPECT_EQ(times.pts - times.dts, from_ms(80));
  EXPECT_EQ(clock.repairs().composition, 0U);
}

TEST(TimeNormaliser, JumpForwardWithoutTimePassingIsMended) {
  Clocked in;
  in.at(kVideo, 0);
  in.at(kVideo, 40, 40);
  EXPECT_EQ(in.at(kVideo, 1'000'000, 40), 80);
  EXPECT_EQ(in.at(kVideo, 1'000'040, 40), 120);
  EXPECT_EQ(in.clock.repairs().jumps, 1U);
}

TEST(TimeNormaliser, JumpForwardThatTimeExplainsIsAPause) {
  Clocked in;
  in.at(kVideo, 0);
  EXPECT_EQ(in.at(kVideo, 20'000, 20'000), 20'000);
  EXPECT_EQ(in.at(kVideo, 23'000, 1), 23'000) << "three seconds are within what networks do";
  EXPECT_EQ(in.clock.repairs().jumps, 0U);
}

TEST(TimeNormaliser, SmallStepBackIsHeldAndLargeStepBackIsMended) {
  Clocked in;
  in.at(kVideo, 10'000'000);
  in.at(kVideo, 10'000'100, 100);
  EXPECT_EQ(in.at(kVideo, 10'000'060, 40), 600);
  EXPECT_EQ(in.at(kVideo, 10'000'140, 40), 640);
  EXPECT_EQ(in.clock.repairs().reordered, 1U);
  EXPECT_EQ(in.at(kVideo, 0, 40), 680) << "the encoder began anew";
  EXPECT_EQ(in.at(kVideo, 40, 40), 720);
  EXPECT_EQ(in.clock.repairs().steps_back, 1U);
}

TEST(TimeNormaliser, SmallStepsBackInARowDoNotFreezeTheClock) {
  Clocked in;
  int64_t raw = 1'000'000;
  int64_t last = in.at(kVideo, raw);
  for (int round = 0; round < 100; ++round) {
    in.at(kVideo, raw += 100, 100);
    last = in.at(kVideo, raw -= 900, 10);
  }
  EXPECT_GT(last, 3'000);
}

TEST(TimeNormaliser, TracksThatJumpOneAfterTheOtherKeepTheirOffset) {
  for (const int64_t new_start : {int64_t{0}, int64_t{77'000'000}}) {
    Clocked in;
    in.at(kVideo, 1'000'000);
    in.at(kAudio, 1'000'005);
    in.at(kVideo, 1'000'040, 40);
    in.at(kAudio, 1'000'028);
    // Video 30 ms before audio on the new clock, as they are sent.
    const int64_t video = in.at(kVideo, new_start + 100, 40);
    const int64_t audio = in.at(kAudio, new_start + 130, 10);
    EXPECT_EQ(audio - video, 30);
    EXPECT_EQ(in.at(kVideo, new_start + 140, 30) - video, 40);
    EXPECT_EQ(in.at(kAudio, new_start + 153) - audio, 23);
    EXPECT_EQ(in.clock.repairs().jumps + in.clock.repairs().steps_back, 2U);
  }
}

TEST(TimeNormaliser, NewPublisherGoesOnAfterTheOldOne) {
  Clocked in(kRtmpWrap, from_ms(90'000));
  EXPECT_EQ(in.at(kVideo, 12'345'678), 90'010);
  EXPECT_EQ(in.at(kAudio, 12'345'600), 90'000) << "never before the end of the old one";
  EXPECT_EQ(in.at(kAudio, 12'345'700), 90'032);
  EXPECT_EQ(in.at(kVideo, 12'345'718, 40), 90'050);
}

TEST(TimeNormaliser, AbsurdCompositionTimesAreDropped) {
  for (const int64_t composition_ms : {-8'388'608, -10'001, 10'001, 8'388'607}) {
    TimeNormaliser clock(kRtmpWrap);
    const auto times =
        clock.normalise(kVideo, from_ms(20'000), from_ms(20'000 + composition_ms), Time(hours(1)));
    EXPECT_EQ(times.pts, times.dts) << composition_ms;
    EXPECT_EQ(clock.repairs().composition, 1U);
  }
  for (const int64_t composition_ms : {-300, 0, 80, 10'000}) {
    TimeNormaliser clock(kRtmpWrap);
    const auto times =
        clock.normalise(kVideo, from_ms(3'000), from_ms(3'000 + composition_ms), Time(hours(1)));
    EXPECT_EQ(times.pts - times.dts, from_ms(composition_ms));
    EXPECT_EQ(clock.repairs().composition, 0U);
  }
}

TEST(TimeNormaliser, PtsIsNeverNegative) {
  TimeNormaliser clock(kRtmpWrap);
  EXPECT_EQ(clock.normalise(kVideo, from_ms(0), from_ms(0) - from_ms(40), Time(hours(1))).pts,
            MediaTime(0));
}

/// What the rest of the server relies on, whatever comes: DTS never steps back within a track, is
/// never negative, and the composition time stays within its bound.
TEST(TimeNormaliser, DtsNeverStepsBackWhateverComes) {
  struct Case {
    const char* name;
    MediaTime wrap;
    std::optional<MediaTime> after;
  };
  const std::array<Case, 4> cases{Case{"rtmp", kRtmpWrap, {}}, Case{"ts", kTsWrap, {}},
                                  Case{"none", MediaTime(0), {}},
                                  Case{"follows", kRtmpWrap, from_ms(123'456)}};
  for (const Case& tested : cases) {
    std::mt19937_64 random(42);
    TimeNormaliser clock(tested.wrap, tested.after);
    Time now{hours(1)};
    const int64_t period = tested.wrap == MediaTime(0) ? int64_t{1} << 42 : tested.wrap.count();
    int64_t sender = static_cast<int64_t>(random() % static_cast<uint64_t>(period));
    std::array<MediaTime, 3> last{};
    last.fill(tested.after.value_or(MediaTime(0)));
    for (int i = 0; i < 250'000; ++i) {
      const uint64_t dice = random() % 1000;
      if (dice < 900) {
        sender += static_cast<int64_t>(random() % 40'000);
      } else if (dice < 980) {
        sender += static_cast<int64_t>(random() % 8'000'000) - 4'000'000;
      } else if (dice < 990) {
        sender = static_cast<int64_t>(random() % static_cast<uint64_t>(period));
      }
      sender = (sender % period + period) % period;
      now += microseconds(random() % (dice < 995 ? 40'000 : 30'000'000));
      const auto kind = static_cast<TrackKind>(random() % 2);
      const int64_t composition =
          dice % 7 == 0 ? static_cast<int64_t>(random() % 40'000'000) - 20'000'000 : 0;
      const auto raw_pts = MediaTime(((sender + composition) % period + period) % period);
      const auto times = clock.normalise(kind, MediaTime(sender), raw_pts, now);
      MediaTime& before = last[static_cast<size_t>(kind)];
      ASSERT_GE(times.dts, before) << tested.name << " at " << i;
      ASSERT_GE(times.pts, MediaTime(0));
      ASSERT_LE(std::chrono::abs(times.pts - times.dts), seconds(10));
      ASSERT_LE(times.dts, clock.latest());
      before = times.dts;
    }
    // Random jumps of half the period in both directions must not add up: at most time passed, the
    // steps allowed, and the gaps of mended jumps.
    EXPECT_LT(clock.latest(), hours(24)) << tested.name;
  }
}

}  // namespace
}  // namespace millrace
