#include "protocols/hls/segmenter.hpp"

#include <gtest/gtest.h>

#include "formats/mpegts/test_frames.hpp"
#include "formats/mpegts/testing/stream_checker.hpp"

namespace millrace::hls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<uint8_t> flatten(const BufferChain& chain) {
  std::vector<uint8_t> out;
  for (const auto& part : chain.parts) {
    out.insert(out.end(), part->data(), part->data() + part->size());
  }
  EXPECT_EQ(out.size(), chain.size);
  return out;
}

class HlsSegmenter : public testing::Test {
 protected:
  void start(const Options& options) {
    segmenter_.emplace(options, [this] { return wall_; });
  }
  Options two_seconds() {
    Options options;
    options.fragment = seconds(2);
    return options;
  }
  void tracks(const TrackRef& video, const TrackRef& audio) {
    video_ = video;
    audio_ = audio;
    if (video) {
      ASSERT_TRUE(segmenter_->on_track(video).ok());
    }
    if (audio) {
      ASSERT_TRUE(segmenter_->on_track(audio).ok());
    }
  }
  /// Frames of 25 fps with a key frame each second, and an audio frame with each.
  void feed(milliseconds from, milliseconds to) {
    for (auto at = from; at < to; at += milliseconds(40)) {
      if (video_) {
        EXPECT_TRUE(
            segmenter_->on_frame(make_.h264_frame(video_, at, at.count() % 1000 == 0)).ok());
      }
      if (audio_) {
        EXPECT_TRUE(segmenter_->on_frame(make_.audio_frame(audio_, at)).ok());
      }
    }
  }
  std::vector<Segment> segments() {
    std::vector<Segment> all;
    while (auto segment = segmenter_->poll()) {
      all.push_back(std::move(*segment));
    }
    return all;
  }

  test::FrameMaker make_;
  WallTime wall_{};
  std::optional<Segmenter> segmenter_;
  TrackRef video_;
  TrackRef audio_;
};

TEST_F(HlsSegmenter, CutsAtKeyFramesAndNumbersFromZero) {
  start(two_seconds());
  tracks(test::h264_track(), test::aac_track());
  feed(seconds(0), milliseconds(7000));
  ASSERT_TRUE(segmenter_->on_end().ok());
  const auto all = segments();
  ASSERT_EQ(all.size(), 4U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all[i].sequence, i);
    EXPECT_EQ(all[i].duration, seconds(2));
    EXPECT_EQ(all[i].discontinuity, i == 0);
  }
  EXPECT_EQ(all[3].duration, seconds(1));  // with the length of its last frame
}

TEST_F(HlsSegmenter, SegmentsAreOneTransportStream) {
  start(two_seconds());
  tracks(test::h264_track(), test::aac_track());
  feed(seconds(0), seconds(6));
  ASSERT_TRUE(segmenter_->on_end().ok());
  mpegts::StreamChecker checker;  // checks that continuity counters run on
  int tables = 0;
  size_t frames = 0;
  for (const auto& segment : segments()) {
    checker.pes.clear();
    checker.read(flatten(segment.body));
    EXPECT_EQ(checker.tables, ++tables);
    ASSERT_EQ(checker.pes.size(), 100U);
    EXPECT_TRUE(checker.pes[0].random_access);
    EXPECT_TRUE(checker.pes[0].pcr.has_value());
    EXPECT_EQ(checker.pes[0].pts, frames * 1800);
    frames += checker.pes.size();
  }
  EXPECT_EQ(frames, 300U);
}

TEST_F(HlsSegmenter, AudioOverflowCutsWithoutKeyFrame) {
  start(two_seconds());
  tracks(test::h264_track(), test::aac_track());
  feed(seconds(0), milliseconds(1000));
  for (auto at = milliseconds(1000); at < milliseconds(5000); at += milliseconds(40)) {
    ASSERT_TRUE(segmenter_->on_frame(make_.h264_frame(video_, at, false)).ok());
    ASSERT_TRUE(segmenter_->on_frame(make_.audio_frame(audio_, at)).ok());
  }
  const auto all = segments();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].duration, milliseconds(4200));
}

TEST_F(HlsSegmenter, PureAudioIsJoinedAndCutByOverflow) {
  start(two_seconds());
  tracks(nullptr, test::aac_track());
  feed(seconds(0), seconds(9));
  const auto all = segments();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].duration, milliseconds(4200));
  mpegts::StreamChecker checker;
  checker.read(flatten(all[0].body));
  EXPECT_EQ(checker.streams.size(), 1U);
  EXPECT_EQ(checker.pes.size(), 6U);  // 4200 ms in pieces of 720 ms
  checker.pes.clear();
  checker.read(flatten(all[1].body));
  EXPECT_EQ(checker.pes[0].pts, 4200U * 90);
}

TEST_F(HlsSegmenter, ShortSegmentsAreDroppedAndTheirNumberUsedAgain) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  feed(seconds(0), milliseconds(80));  // two frames: 80 ms
  ASSERT_TRUE(segmenter_->on_end().ok());
  EXPECT_TRUE(segments().empty());
  EXPECT_EQ(segmenter_->dropped_segments(), 1U);
  tracks(test::h264_track(), nullptr);
  feed(seconds(1), milliseconds(1200));
  ASSERT_TRUE(segmenter_->on_end().ok());
  const auto all = segments();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].sequence, 0U);
}

TEST_F(HlsSegmenter, RepublishGoesOnWithADiscontinuity) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  feed(seconds(0), seconds(5));
  ASSERT_TRUE(segmenter_->on_end().ok());
  tracks(test::h264_track(), nullptr);
  feed(seconds(20), seconds(25));
  const auto all = segments();
  ASSERT_EQ(all.size(), 5U);
  const bool expected[] = {true, false, false, true, false};
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].sequence, i);
    EXPECT_EQ(all[i].discontinuity, expected[i]) << i;
  }
}

TEST_F(HlsSegmenter, AChangedConfigurationBeginsASegment) {
  start(two_seconds());
  tracks(test::h264_track(), test::aac_track());
  feed(seconds(0), milliseconds(1000));
  ASSERT_TRUE(segmenter_->on_track(test::h264_track()).ok());  // the same again: nothing
  const auto hevc = test::video_track(CodecId::kH265, {{0x40, 0x01}, {0x42, 0x01}, {0x44, 0x01}});
  ASSERT_TRUE(segmenter_->on_track(hevc).ok());
  for (auto at = milliseconds(1000); at < milliseconds(4000); at += milliseconds(40)) {
    ASSERT_TRUE(
        segmenter_->on_frame(make_.nal_frame(hevc, at, at, at.count() % 1000 == 0, {{0x26, 0x01}}))
            .ok());
  }
  const auto all = segments();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].duration, seconds(1));
  EXPECT_TRUE(all[0].discontinuity);
  EXPECT_EQ(all[1].duration, seconds(2));
  EXPECT_TRUE(all[1].discontinuity);
  mpegts::StreamChecker checker;
  checker.read(flatten(all[0].body));
  EXPECT_EQ(checker.streams[0].stream_type, 0x1b);
  checker.read(flatten(all[1].body));
  EXPECT_EQ(checker.streams[0].stream_type, 0x24);
}

TEST_F(HlsSegmenter, ALateTrackRenewsTheTables) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  feed(seconds(0), milliseconds(500));
  audio_ = test::aac_track();
  ASSERT_TRUE(segmenter_->on_track(audio_).ok());
  feed(milliseconds(520), milliseconds(1800));
  ASSERT_TRUE(segmenter_->on_end().ok());
  const auto all = segments();
  ASSERT_EQ(all.size(), 1U);
  mpegts::StreamChecker checker;
  checker.read(flatten(all[0].body));
  EXPECT_EQ(checker.tables, 2);
  EXPECT_EQ(checker.streams.size(), 2U);
}

TEST_F(HlsSegmenter, UnsupportedTracksAreLeftOut) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  const auto pcma = test::audio_track(CodecId::kG711A);
  EXPECT_EQ(segmenter_->on_track(pcma).error().code, ErrorCode::kCodecUnsupported);
  auto broken = Track::make();
  broken->kind = TrackKind::kAudio;
  broken->codec = CodecId::kAac;
  EXPECT_EQ(segmenter_->on_track(broken).error().code, ErrorCode::kAacConfigInvalid);
  ASSERT_TRUE(segmenter_->on_frame(make_.audio_frame(pcma, seconds(0))).ok());
  EXPECT_EQ(segmenter_->dropped_frames(), 1U);
  feed(seconds(0), milliseconds(2040));
  EXPECT_EQ(segments().size(), 1U);
}

TEST_F(HlsSegmenter, AClockSetBackEndsTheSegment) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  feed(seconds(100), seconds(101));
  feed(seconds(0), seconds(3));
  const auto all = segments();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].duration, seconds(1));
  EXPECT_EQ(all[1].duration, seconds(2));
}

TEST_F(HlsSegmenter, AbsurdLengthsAreDropped) {
  start(two_seconds());
  tracks(test::h264_track(), nullptr);
  feed(seconds(0), seconds(1));
  feed(seconds(10000), seconds(10003));
  const auto all = segments();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].sequence, 0U);
  EXPECT_EQ(all[0].duration, seconds(2));
  EXPECT_TRUE(all[0].discontinuity);
}

TEST_F(HlsSegmenter, AudioTimesFromSamplesWhenNotDirect) {
  auto options = two_seconds();
  options.dts_directly = false;
  start(options);
  tracks(test::h264_track(), test::aac_track());
  ASSERT_TRUE(segmenter_->on_frame(make_.h264_frame(video_, seconds(0), true)).ok());
  // Milliseconds as RTMP rounds them: 23.2 ms are 23, 46, 69 ...
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        segmenter_->on_frame(make_.audio_frame(audio_, milliseconds(i * 1024 * 1000 / 44100)))
            .ok());
  }
  ASSERT_TRUE(segmenter_->on_end().ok());
  mpegts::StreamChecker checker;
  checker.read(flatten(segments().at(0).body));
  const auto audio = checker.of(mpegts::kAacPid);
  ASSERT_EQ(audio.size(), 20U);
  for (size_t i = 0; i < audio.size(); ++i) {
    EXPECT_EQ(audio[i].pts, static_cast<uint64_t>(to_ticks(
                                from_ticks(static_cast<int64_t>(i) * 1024, 44100), 90000)));
  }
}

TEST_F(HlsSegmenter, KeysChangeEveryFewSegments) {
  auto options = two_seconds();
  options.keys = true;
  options.fragments_per_key = 2;
  start(options);
  segmenter_->continue_from(3);
  tracks(test::h264_track(), nullptr);
  feed(seconds(0), seconds(9));
  const auto all = segments();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].sequence, 3U);
  EXPECT_EQ(all[0].key->sequence, 3U);  // the first one, wherever it begins
  EXPECT_EQ(all[1].key->sequence, 4U);
  EXPECT_EQ(all[2].key->sequence, 4U);
  EXPECT_EQ(all[3].key->sequence, 6U);
  EXPECT_NE(all[0].key->key, all[1].key->key);
  for (const auto& segment : all) {
    EXPECT_EQ(segment.body.size % 16, 0U);
    // Sync bytes at one place may come by chance, at four they do not.
    const uint8_t* bytes = segment.body.parts[0]->data();
    EXPECT_FALSE(bytes[0] == 0x47 && bytes[188] == 0x47 && bytes[376] == 0x47 &&
                 bytes[564] == 0x47);
  }
}

}  // namespace
}  // namespace millrace::hls
