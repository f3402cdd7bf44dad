#include "protocols/hls/cut_rules.hpp"

#include <gtest/gtest.h>

namespace millrace::hls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kVideo = TrackKind::kVideo;
constexpr auto kAudio = TrackKind::kAudio;

CutRules late_rules(const Options& options, bool has_video = true) {
  return CutRules::of_segment(options, 100, has_video, MediaTime{0});
}

TEST(HlsCutRules, Table) {
  Options options;  // 10 s, ratio 1, audio 2.1, wait for key frames
  Options any_frame;
  any_frame.wait_keyframe = false;
  Options ratio;
  ratio.target_duration_ratio = 1.5;
  Options tiny;
  tiny.fragment = milliseconds(50);
  const struct {
    const char* name;
    const Options& options;
    TrackKind kind;
    bool random_access;
    MediaTime duration;
    size_t bytes;
    bool cut;
  } cases[] = {
      {"key frame at the target", options, kVideo, true, seconds(10), 0, true},
      {"key frame just before", options, kVideo, true, milliseconds(9999), 0, false},
      {"no key frame", options, kVideo, false, seconds(50), 0, false},
      {"no key frame needed", any_frame, kVideo, false, seconds(10), 0, true},
      {"ratio not reached", ratio, kVideo, true, milliseconds(14999), 0, false},
      {"ratio reached", ratio, kVideo, true, seconds(15), 0, true},
      {"audio before its overflow", options, kAudio, true, milliseconds(20999), 0, false},
      {"audio overflow", options, kAudio, true, seconds(21), 0, true},
      {"never under 200 ms, video", tiny, kVideo, true, milliseconds(199), 0, false},
      {"from 200 ms on, video", tiny, kVideo, true, milliseconds(200), 0, true},
      {"never under 200 ms, audio", tiny, kAudio, true, milliseconds(199), 0, false},
      {"no endless segment without key frames", options, kVideo, false, seconds(100), 0, true},
      {"no segment without end in bytes", options, kVideo, false, seconds(1), kLargestSegmentBytes,
       true},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(
        late_rules(one.options).cut_before(one.kind, one.random_access, one.duration, one.bytes),
        one.cut)
        << one.name;
  }
}

TEST(HlsCutRules, FirstSegmentsDoubleUpToTheFragment) {
  const Options options;
  const MediaTime expected[] = {seconds(2), seconds(4), seconds(8), seconds(10), seconds(10)};
  for (uint64_t i = 0; i < std::size(expected); ++i) {
    const auto rules = CutRules::of_segment(options, i, true, MediaTime{0});
    EXPECT_EQ(rules.target, expected[i]);
    EXPECT_EQ(rules.audio_overflow, seconds(21));
  }
  EXPECT_EQ(CutRules::of_segment(options, 0, false, MediaTime{0}).audio_overflow,
            milliseconds(4200));

  Options short_fragments;
  short_fragments.fragment = seconds(2);
  EXPECT_EQ(CutRules::of_segment(short_fragments, 0, true, MediaTime{0}).target, seconds(2));
  Options off;
  off.first_fragment = seconds(0);
  EXPECT_EQ(CutRules::of_segment(off, 0, true, MediaTime{0}).target, seconds(10));
}

TEST(HlsCutRules, PlausibleLengths) {
  Options options;
  options.fragment = seconds(2);
  EXPECT_FALSE(is_length_plausible(options, milliseconds(99)));
  EXPECT_TRUE(is_length_plausible(options, milliseconds(100)));
  EXPECT_TRUE(is_length_plausible(options, seconds(6000)));
  EXPECT_FALSE(is_length_plausible(options, seconds(6001)));
}

TEST(HlsFloorClock, NumbersFollowOneAnotherAndTheClock) {
  FloorClock floor;
  const auto at = [](int64_t s) { return std::chrono::system_clock::time_point(seconds(s)); };
  const auto fragment = seconds(10);
  EXPECT_EQ(floor.begin_segment(at(1000), fragment), 99);
  EXPECT_EQ(floor.deviation(fragment), -seconds(3));  // one behind: shorter
  EXPECT_EQ(floor.begin_segment(at(1007), fragment), 100);
  EXPECT_EQ(floor.deviation(fragment), seconds(0));
  EXPECT_EQ(floor.begin_segment(at(1009), fragment), 101);
  EXPECT_EQ(floor.deviation(fragment), seconds(3));  // one ahead: longer
  // The clock was set: no run of hundreds of short segments to catch up.
  EXPECT_EQ(floor.begin_segment(at(100000), fragment), 9999);
}

}  // namespace
}  // namespace millrace::hls
