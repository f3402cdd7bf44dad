#include "formats/mpegts/join.hpp"

#include <gtest/gtest.h>

#include "formats/mpegts/muxer.hpp"
#include "formats/mpegts/test_frames.hpp"
#include "formats/mpegts/testing/stream_checker.hpp"

namespace millrace::mpegts {
namespace {

using std::chrono::milliseconds;

class MpegtsJoin : public testing::Test {
 protected:
  void write(int frames) {
    for (int i = 0; i < frames; ++i, ++number_) {
      const bool key = number_ % 5 == 0;
      if (key) {
        muxer_.write_tables(out_);
      }
      ASSERT_TRUE(
          muxer_.write_frame(*make_.h264_frame(video_, milliseconds(40 * number_), key), out_)
              .ok());
      ASSERT_TRUE(
          muxer_.write_frame(*make_.audio_frame(audio_, milliseconds(40 * number_)), out_).ok());
    }
  }

  test::FrameMaker make_;
  TrackRef video_ = test::h264_track();
  TrackRef audio_ = test::aac_track();
  Muxer muxer_;
  VectorSink out_;
  int number_ = 0;
};

TEST_F(MpegtsJoin, CountersArePackedAndUnpacked) {
  Counters counters{.pmt_version = 31, .pat = 15, .pmt = 7, .streams = {1, 15, 0, 9}};
  EXPECT_EQ(Counters::unpack(counters.packed()), counters);
  EXPECT_EQ(Counters::unpack(Counters{}.packed()), Counters{});
}

TEST_F(MpegtsJoin, TablesOfAJoinGoOnInTheStream) {
  ASSERT_TRUE(muxer_.set_tracks(video_, audio_).ok());
  write(7);
  out_.clear();
  const Counters counters = muxer_.counters();
  VectorSink joined;
  write_join(counters, video_, audio_, Join::kFirst, joined);
  write(5);
  joined.append(out_.bytes());
  StreamChecker checker;  // checks that counters go on
  checker.read(joined.bytes());
  EXPECT_EQ(checker.tables, 2);
  EXPECT_EQ(checker.streams.size(), 2U);
  EXPECT_EQ(checker.pmt_version, counters.pmt_version);
  EXPECT_EQ(checker.pcr_pid, kVideoPid);
  EXPECT_EQ(checker.of(kVideoPid).size(), 5U);
}

TEST_F(MpegtsJoin, AGapIsSaidOnEachPid) {
  ASSERT_TRUE(muxer_.set_tracks(video_, audio_).ok());
  write(3);
  VectorSink joined;
  write_join(muxer_.counters(), video_, audio_, Join::kAfterGap, joined);
  const Bytes bytes = joined.bytes();
  ASSERT_EQ(bytes.size(), 6 * 188U);
  std::vector<int> pids;
  for (size_t at = 0; at < 4 * 188U; at += 188) {
    EXPECT_EQ(bytes[at], 0x47);
    EXPECT_EQ(bytes[at + 3] & 0x30, 0x20) << "no payload";
    EXPECT_EQ(bytes[at + 4], 183);
    EXPECT_EQ(bytes[at + 5], 0x80);
    pids.push_back((bytes[at + 1] & 0x1f) << 8 | bytes[at + 2]);
  }
  EXPECT_EQ(pids, (std::vector<int>{0, kPmtPid, kVideoPid, kAacPid}));
  // ISO/IEC 13818-1 §2.4.3.3: a packet without payload repeats the counter of the one before.
  const Counters counters = muxer_.counters();
  EXPECT_EQ(bytes[2 * 188 + 3] & 0x0f, (counters.streams[0] + 15) & 0x0f);
}

TEST_F(MpegtsJoin, NothingIsSaidOfNoTracks) {
  VectorSink joined;
  write_join(Counters{}, nullptr, nullptr, Join::kAfterGap, joined);
  EXPECT_TRUE(joined.bytes().empty());
}

}  // namespace
}  // namespace millrace::mpegts
