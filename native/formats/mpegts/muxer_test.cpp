#include "formats/mpegts/muxer.hpp"

#include <gtest/gtest.h>

#include "formats/mpegts/crc32.hpp"
#include "formats/mpegts/test_frames.hpp"
#include "formats/mpegts/testing/stream_checker.hpp"

namespace millrace::mpegts {
namespace {

using std::chrono::milliseconds;
using UnitList = std::vector<std::vector<uint8_t>>;

class MpegtsMuxer : public testing::Test {
 protected:
  void set_tracks(TrackRef video, TrackRef audio) {
    ASSERT_TRUE(muxer_.set_tracks(std::move(video), std::move(audio)).ok());
    muxer_.write_tables(out_);
  }
  void write(const Ref<Frame>& frame) { ASSERT_TRUE(muxer_.write_frame(*frame, out_).ok()); }
  void demux() {
    checker_.read(out_.bytes());
    out_.clear();
  }
  /// The byte stream of the only PES packet.
  std::vector<uint8_t> muxed(const Ref<Frame>& frame) {
    write(frame);
    demux();
    EXPECT_EQ(checker_.pes.size(), 1U);
    return checker_.pes.empty() ? std::vector<uint8_t>{} : checker_.pes[0].payload;
  }

  test::FrameMaker make_;
  VectorSink out_;
  Muxer muxer_;
  StreamChecker checker_;
};

TEST(MpegtsCrc32, AnnexAOfASectionWithItsCrcIsZero) {
  const std::vector<uint8_t> pat = {0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00,
                                    0x00, 0x01, 0xf0, 0x01, 0x2e, 0x70, 0x19, 0x05};
  EXPECT_EQ(crc32(pat), 0U);
}

TEST_F(MpegtsMuxer, TablesNameTypesAndPids) {
  set_tracks(test::h264_track(), test::aac_track());
  demux();
  ASSERT_EQ(checker_.streams.size(), 2U);
  EXPECT_EQ(checker_.streams[0].stream_type, 0x1b);
  EXPECT_EQ(checker_.streams[0].pid, 0x100);
  EXPECT_EQ(checker_.streams[1].stream_type, 0x0f);
  EXPECT_EQ(checker_.streams[1].pid, 0x101);
  EXPECT_EQ(checker_.pcr_pid, 0x100);

  set_tracks(test::video_track(CodecId::kH265, {}), test::audio_track(CodecId::kMp3));
  demux();
  EXPECT_EQ(checker_.streams[0].stream_type, 0x24);
  EXPECT_EQ(checker_.streams[1].stream_type, 0x03);
  EXPECT_EQ(checker_.streams[1].pid, 0x102);

  set_tracks(nullptr, test::aac_track());
  demux();
  ASSERT_EQ(checker_.streams.size(), 1U);
  EXPECT_EQ(checker_.pcr_pid, 0x101);
}

TEST_F(MpegtsMuxer, VersionChangesOnlyWithTheTable) {
  set_tracks(test::h264_track(), test::aac_track());
  demux();
  const int first = checker_.pmt_version;
  set_tracks(test::h264_track(), test::aac_track());
  demux();
  EXPECT_EQ(checker_.pmt_version, first);
  set_tracks(test::h264_track(), nullptr);
  demux();
  EXPECT_EQ(checker_.pmt_version, (first + 1) & 0x1f);
}

TEST_F(MpegtsMuxer, UnsupportedCodecsChangeNothing) {
  set_tracks(test::h264_track(), nullptr);
  EXPECT_EQ(muxer_.set_tracks(test::video_track(CodecId::kVp8, {}), nullptr).error().code,
            ErrorCode::kCodecUnsupported);
  EXPECT_EQ(
      muxer_.write_frame(*make_.audio_frame(test::aac_track(), milliseconds(0)), out_).error().code,
      ErrorCode::kCodecUnsupported);
  write(make_.h264_frame(test::h264_track(), milliseconds(0), true));
  demux();
  EXPECT_EQ(checker_.pes.size(), 1U);
}

TEST_F(MpegtsMuxer, DelimiterAndParameterSetsAreInserted) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  const std::vector<uint8_t> expected = {0,    0,    0,    1,    0x09, 0xf0, 0,    0,   0,
                                         1,    0x67, 0x42, 0x00, 0x1e, 0,    0,    0,   1,
                                         0x68, 0xce, 0x01, 0,    0,    1,    0x65, 0x88};
  EXPECT_EQ(muxed(make_.nal_frame(track, milliseconds(0), milliseconds(0), true, {{0x65, 0x88}})),
            expected);
}

TEST_F(MpegtsMuxer, PresentParameterSetsAndDelimiterStay) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  const UnitList units = {{0x09, 0x10}, {0x67, 0x01}, {0x68, 0x02}, {0x06, 0x05}, {0x65, 0x88}};
  const std::vector<uint8_t> expected = {0,    0,    0,    1, 0x09, 0x10, 0,    0,    0, 1,
                                         0x67, 0x01, 0,    0, 0,    1,    0x68, 0x02, 0, 0,
                                         1,    0x06, 0x05, 0, 0,    1,    0x65, 0x88};
  EXPECT_EQ(muxed(make_.nal_frame(track, milliseconds(0), milliseconds(0), true, units)), expected);
}

TEST_F(MpegtsMuxer, OtherPicturesGetNoParameterSetsAndLateDelimitersGo) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  const std::vector<uint8_t> expected = {0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x41, 0x9a};
  EXPECT_EQ(muxed(make_.nal_frame(track, milliseconds(0), milliseconds(0), false,
                                  {{0x41, 0x9a}, {0x09, 0x10}, {}})),
            expected);
}

TEST_F(MpegtsMuxer, HevcInsertsAllThreeParameterSets) {
  const auto track = test::video_track(CodecId::kH265, {{0x40, 0x01}, {0x42, 0x01}, {0x44, 0x01}});
  set_tracks(track, nullptr);
  const std::vector<uint8_t> expected = {0, 0,    0,    1,    0x46, 0x01, 0x50, 0,    0,    0,
                                         1, 0x40, 0x01, 0,    0,    0,    1,    0x42, 0x01, 0,
                                         0, 0,    1,    0x44, 0x01, 0,    0,    1,    0x26, 0x01};
  EXPECT_EQ(muxed(make_.nal_frame(track, milliseconds(0), milliseconds(0), true, {{0x26, 0x01}})),
            expected);
}

TEST_F(MpegtsMuxer, AacGetsAnAdtsHeader) {
  const auto track = test::aac_track();
  set_tracks(nullptr, track);
  // ISO/IEC 14496-3 §1.A.2.2: LC, 44.1 kHz, stereo, frame length 7 + 3.
  const std::vector<uint8_t> expected = {0xff, 0xf1, 0x50, 0x80, 0x01, 0x5f, 0xfc, 1, 2, 3};
  EXPECT_EQ(muxed(make_.frame(track, milliseconds(0), {1, 2, 3})), expected);
}

TEST_F(MpegtsMuxer, OpusGetsItsControlHeaderAndDescriptors) {
  const auto track = test::audio_track(CodecId::kOpus);
  set_tracks(nullptr, track);
  const std::vector<uint8_t> packet(300, 0x11);
  std::vector<uint8_t> expected = {0x7f, 0xe0, 0xff, 45};
  expected.insert(expected.end(), packet.begin(), packet.end());
  EXPECT_EQ(muxed(make_.frame(track, milliseconds(0), packet)), expected);
  EXPECT_EQ(checker_.pes[0].stream_id, 0xbd);
  EXPECT_EQ(checker_.streams[0].stream_type, 0x06);
  EXPECT_EQ(checker_.streams[0].descriptors,
            (std::vector<uint8_t>{0x05, 4, 'O', 'p', 'u', 's', 0x7f, 2, 0x80, 2}));
}

TEST_F(MpegtsMuxer, Av1ObusGetStartCodesAndEmulationPrevention) {
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = CodecId::kAv1;
  track->configuration = Buffer::copy_of(Bytes(std::vector<uint8_t>{0x81, 0x08, 0x0c, 0x00, 0x0a}));
  set_tracks(track, nullptr);
  // Two OBUs with obu_size: 4 bytes 00 00 01 05 and 1 byte.
  auto frame = make_.frame(track, milliseconds(0), {0x0a, 0x04, 0, 0, 1, 5, 0x32, 0x01, 0x77});
  const std::vector<uint8_t> expected = {0, 0, 1, 0x12, 0x00, 0, 0, 1,    0x0a, 0x04, 0,
                                         0, 3, 1, 5,    0,    0, 1, 0x32, 0x01, 0x77};
  EXPECT_EQ(muxed(frame), expected);
  EXPECT_EQ(checker_.streams[0].descriptors,
            (std::vector<uint8_t>{0x05, 4, 'A', 'V', '0', '1', 0x80, 4, 0x81, 0x08, 0x0c, 0xc0}));
}

TEST_F(MpegtsMuxer, DtsOnlyWhenItDiffersFromPts) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  write(make_.nal_frame(track, milliseconds(40), milliseconds(40), true, {{0x65}}));
  write(make_.nal_frame(track, milliseconds(80), milliseconds(160), false, {{0x41}}));
  demux();
  EXPECT_FALSE(checker_.pes[0].has_dts);
  EXPECT_EQ(checker_.pes[0].pts, 3600U);
  EXPECT_TRUE(checker_.pes[1].has_dts);
  EXPECT_EQ(checker_.pes[1].pts, 14400U);
  EXPECT_EQ(checker_.pes[1].dts, 7200U);
}

TEST_F(MpegtsMuxer, TimesWrapAfter33Bits) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  const auto wrap = from_ticks(int64_t{1} << 33, 90'000);
  write(make_.nal_frame(track, wrap - milliseconds(40), wrap + milliseconds(40), true, {{0x65}}));
  write(make_.nal_frame(track, wrap, wrap, true, {{0x65}}));
  demux();
  EXPECT_EQ(checker_.pes[0].dts, (uint64_t{1} << 33) - 3600);
  EXPECT_EQ(checker_.pes[0].pts, 3600U);
  EXPECT_EQ(checker_.pes[1].dts, 0U);
  EXPECT_EQ(checker_.pes[1].pcr, 0U);
}

TEST_F(MpegtsMuxer, PcrIsTheDtsOfKeyPicturesAndAtMost100MsApart) {
  const auto track = test::h264_track();
  set_tracks(track, test::aac_track());
  for (int i = 0; i < 50; ++i) {
    write(make_.h264_frame(track, milliseconds(40 * i), i % 25 == 0));
    write(make_.audio_frame(test::aac_track(), milliseconds(40 * i + 10)));
  }
  demux();
  uint64_t last = 0;
  for (const auto& pes : checker_.pes) {
    if (pes.pcr) {
      EXPECT_EQ(pes.pid, kVideoPid);
      EXPECT_EQ(*pes.pcr, pes.dts);
      EXPECT_LE(*pes.pcr - last, 9000U);
      last = *pes.pcr;
    }
    if (pes.pid == kVideoPid && pes.random_access) {
      EXPECT_TRUE(pes.pcr.has_value());
    }
  }
  EXPECT_GE(last, 90U * 1900);
}

// Each size around the packet borders, with and without a PCR, so that each amount of stuffing
// comes up.
TEST_F(MpegtsMuxer, EverySizeIsStuffedRight) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  for (size_t size = 1; size < 600; ++size) {
    checker_.pes.clear();
    std::vector<uint8_t> slice(size);
    for (size_t i = 0; i < size; ++i) {
      slice[i] = static_cast<uint8_t>(i == 0 ? 0x41 : i % 251 + 2);
    }
    const milliseconds time(size % 3 == 0 ? 100 * size : 100 * size - 70);
    const auto payload = muxed(make_.nal_frame(track, time, time, size % 7 == 0, {slice}));
    ASSERT_GE(payload.size(), size);
    EXPECT_TRUE(
        std::equal(slice.begin(), slice.end(), payload.end() - static_cast<ptrdiff_t>(size)));
  }
}

TEST_F(MpegtsMuxer, PesLengthIsZeroOnlyAbove65535) {
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  // 6 bytes of delimiter, 3 of start code; the length counts 8 more of the header.
  write(make_.h264_frame(track, milliseconds(0), false, 65535 - 8 - 9));
  write(make_.h264_frame(track, milliseconds(40), false, 65535 - 8 - 9 + 1));
  demux();
  EXPECT_EQ(checker_.pes[0].length, 65535);
  EXPECT_EQ(checker_.pes[1].length, 0);
}

TEST(MpegtsMuxerJoined, AudioIsJoinedUpToTheSpan) {
  Muxer muxer({.audio_pes_span = milliseconds(720)});
  test::FrameMaker make;
  VectorSink out;
  const auto track = test::aac_track();
  ASSERT_TRUE(muxer.set_tracks(nullptr, track).ok());
  muxer.write_tables(out);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(muxer.write_frame(*make.audio_frame(track, milliseconds(24 * i), 93), out).ok());
  }
  muxer.flush(out);
  muxer.flush(out);  // nothing left
  StreamChecker checker;
  checker.read(out.bytes());
  ASSERT_EQ(checker.pes.size(), 4U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(checker.pes[i].payload.size(), 3000U);
    EXPECT_EQ(checker.pes[i].pts, 720U * 90 * i);
    EXPECT_TRUE(checker.pes[i].pcr.has_value());
  }
  EXPECT_EQ(checker.pes[3].payload.size(), 1000U);
}

TEST_F(MpegtsMuxer, SteadyStateGoesStraightIntoTheSink) {
  /// Gives room from one array and never grows: allocates nothing itself.
  class FixedSink final : public ByteSink {
   public:
    std::span<uint8_t> room(size_t at_least) override {
      if (bytes_.size() - size_ < at_least) {
        size_ = 0;
      }
      return std::span(bytes_).subspan(size_);
    }
    void commit(size_t size) override { size_ += size; }

   private:
    std::array<uint8_t, 188 * 32> bytes_{};
    size_t size_ = 0;
  } sink;
  const auto track = test::h264_track();
  set_tracks(track, nullptr);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(
        muxer_
            .write_frame(*make_.h264_frame(track, milliseconds(40 * i), i % 50 == 0, 20'000), sink)
            .ok());
  }
}

}  // namespace
}  // namespace millrace::mpegts
