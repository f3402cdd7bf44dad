#include "protocols/http_ts/ts_muxer.hpp"

#include <gtest/gtest.h>

#include "formats/mpegts/test_frames.hpp"
#include "formats/mpegts/testing/stream_checker.hpp"

namespace millrace::http_ts {
namespace {

using mpegts::StreamChecker;

class TsMuxerTest : public ::testing::Test {
 protected:
  TsMuxerTest() { pool_.bind_to_this_thread(); }

  std::vector<uint8_t> since(uint64_t from) {
    std::vector<uint8_t> out;
    log_.copy(from, log_.end(), out);
    return out;
  }
  void video(TsMuxer& muxer, int64_t ms, bool key) {
    muxer.write_frame(*make_.h264_frame(video_, from_ms(ms), key), log_);
  }
  void audio(TsMuxer& muxer, int64_t ms) {
    muxer.write_frame(*make_.audio_frame(audio_, from_ms(ms)), log_);
  }
  JoinPoint join_point(const TsMuxer& muxer, TrackRef video, TrackRef audio) {
    JoinPoint point;
    point.position = log_.end();
    point.video = std::move(video);
    point.audio = std::move(audio);
    point.mark = muxer.mark();
    return point;
  }

  BlockPool pool_;
  ByteLog log_{pool_};
  test::FrameMaker make_;
  TrackRef video_ = test::h264_track();
  TrackRef audio_ = test::aac_track();
};

TEST_F(TsMuxerTest, TablesStandBeforeRandomAccessPointsAndNowAndThen) {
  TsMuxer muxer{{}};
  muxer.write_track(*video_, MediaTime(0), log_);
  muxer.write_track(*audio_, MediaTime(0), log_);
  StreamChecker checker;
  const auto tables = [&](auto&& write) {
    const uint64_t from = log_.end();
    const int before = checker.tables;
    write();
    checker.read(since(from));
    return checker.tables - before;
  };
  EXPECT_EQ(tables([&] { video(muxer, 0, true); }), 1);
  EXPECT_EQ(tables([&] { audio(muxer, 10); }), 0);
  EXPECT_EQ(tables([&] { video(muxer, 40, false); }), 0);
  EXPECT_EQ(tables([&] { video(muxer, 80, true); }), 1);
  EXPECT_EQ(tables([&] { video(muxer, 560, false); }), 0);
  EXPECT_EQ(tables([&] { video(muxer, 600, false); }), 1);
}

TEST_F(TsMuxerTest, ATrackThatComesLateChangesTheTables) {
  TsMuxer muxer{{}};
  muxer.write_track(*audio_, MediaTime(0), log_);
  audio(muxer, 0);
  muxer.write_track(*video_, MediaTime(0), log_);
  video(muxer, 20, true);
  audio(muxer, 40);
  StreamChecker checker;
  checker.read(since(0));
  EXPECT_EQ(checker.tables, 2);
  EXPECT_EQ(checker.streams.size(), 2U);
  EXPECT_EQ(checker.pcr_pid, mpegts::kVideoPid);
}

TEST_F(TsMuxerTest, TracksOfThePublisherBeforeAreForgotten) {
  TsMuxer muxer{{}};
  muxer.write_track(*video_, MediaTime(0), log_);
  muxer.write_track(*audio_, MediaTime(0), log_);
  video(muxer, 0, true);
  muxer.on_end();
  muxer.write_track(*audio_, from_ms(1000), log_);
  audio(muxer, 1000);
  StreamChecker checker;
  checker.read(since(0));
  EXPECT_EQ(checker.streams.size(), 1U);
  EXPECT_EQ(checker.pcr_pid, mpegts::kAacPid);
}

TEST_F(TsMuxerTest, WhoJoinsIsToldTheTablesAndGoesOnWithoutALoss) {
  TsMuxer muxer{{}};
  muxer.write_track(*video_, MediaTime(0), log_);
  muxer.write_track(*audio_, MediaTime(0), log_);
  for (int i = 0; i < 20; ++i) {
    video(muxer, 40 * i, i % 10 == 0);
    audio(muxer, 40 * i + 5);
  }
  const JoinPoint point = join_point(muxer, video_, audio_);
  for (int i = 20; i < 30; ++i) {
    video(muxer, 40 * i, i % 10 == 0);
    audio(muxer, 40 * i + 5);
  }
  ReaderClock clock;
  std::vector<uint8_t> out;
  muxer.write_prime(point, clock, out);
  EXPECT_TRUE(clock.started);
  log_.copy(point.position, log_.end(), out);
  StreamChecker checker;
  checker.read(out);
  EXPECT_EQ(checker.of(mpegts::kVideoPid).size(), 10U);
  EXPECT_EQ(checker.of(mpegts::kAacPid).size(), 10U);
}

TEST_F(TsMuxerTest, WhatIsNotWantedOrNotCarriedIsLeftOut) {
  TsMuxer silent{{.audio = false}};
  silent.write_track(*video_, MediaTime(0), log_);
  silent.write_track(*audio_, MediaTime(0), log_);
  audio(silent, 0);
  EXPECT_EQ(log_.end(), 0U);
  video(silent, 0, true);
  StreamChecker checker;
  checker.read(since(0));
  EXPECT_EQ(checker.streams.size(), 1U);

  TsMuxer muxer{{}};
  const uint64_t from = log_.end();
  const TrackRef vp8 = test::video_track(CodecId::kVp8, {});
  muxer.write_track(*vp8, MediaTime(0), log_);
  muxer.write_track(*audio_, MediaTime(0), log_);
  muxer.write_frame(*make_.nal_frame(vp8, MediaTime(0), MediaTime(0), true, {{1}}), log_);
  EXPECT_EQ(log_.end(), from);
  audio(muxer, 0);
  StreamChecker second;
  second.read(since(from));
  EXPECT_EQ(second.streams.size(), 1U);
  EXPECT_EQ(second.pcr_pid, mpegts::kAacPid);
}

TEST_F(TsMuxerTest, EachFrameIsOneUnitOfTheFraming) {
  TsMuxer muxer{{.framing = http::Framing::kWebSocket}};
  muxer.write_track(*audio_, MediaTime(0), log_);
  audio(muxer, 0);
  const auto bytes = since(0);
  ASSERT_GT(bytes.size(), 4U);
  EXPECT_EQ(bytes[0], 0x82);  // a whole binary message
  EXPECT_EQ(bytes[1], 126);
  EXPECT_EQ((bytes[2] << 8 | bytes[3]) % 188, 0);
  EXPECT_EQ(bytes.size(), 4U + static_cast<size_t>(bytes[2] << 8 | bytes[3]));
}

}  // namespace
}  // namespace millrace::http_ts
