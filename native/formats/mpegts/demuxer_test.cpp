#include "formats/mpegts/demuxer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/testing/hex.hpp"
#include "formats/mpegts/crc32.hpp"
#include "formats/mpegts/muxer.hpp"
#include "formats/mpegts/test_frames.hpp"

namespace millrace::mpegts {
namespace {

using millrace::testing::hex;
using std::chrono::milliseconds;

/// What a stream gave, in a form that can be compared.
struct Seen {
  bool track = false;
  CodecId codec = CodecId::kUnknown;
  MediaTime dts{0};
  MediaTime pts{0};
  bool random_access = false;
  std::vector<uint8_t> payload;
  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Outcome {
  std::vector<Seen> seen;
  std::vector<Error> errors;

  [[nodiscard]] std::vector<Seen> frames(TrackKind kind) const {
    std::vector<Seen> found;
    for (const Seen& one : seen) {
      if (!one.track && kind_of(one.codec) == kind) {
        found.push_back(one);
      }
    }
    return found;
  }
  [[nodiscard]] size_t count(ErrorCode code) const {
    return static_cast<size_t>(
        std::count_if(errors.begin(), errors.end(), [code](Error e) { return e.code == code; }));
  }
};

void drain(Demuxer& demuxer, Outcome& run) {
  for (;;) {
    auto next = demuxer.poll();
    if (!next) {
      run.errors.push_back(next.error());
      continue;
    }
    if (!*next) {
      return;
    }
    Seen seen;
    if ((*next)->new_track) {
      seen.track = true;
      seen.codec = (*next)->new_track->codec;
    } else {
      const Frame& frame = *(*next)->frame;
      const Bytes payload = frame.payload();
      seen = {false,        frame.track->codec,  (*next)->dts,
              (*next)->pts, frame.random_access, {payload.begin(), payload.end()}};
    }
    run.seen.push_back(std::move(seen));
  }
}

Outcome demux(BlockPool& pool, Bytes bytes, size_t step = SIZE_MAX, DemuxerOptions options = {}) {
  Demuxer demuxer(pool, options);
  Outcome run;
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    demuxer.feed(bytes.subspan(at, std::min(step, bytes.size() - at)));
    drain(demuxer, run);
  }
  demuxer.finish();
  drain(demuxer, run);
  return run;
}

std::vector<uint8_t> vector_file(const std::string& name) {
  std::ifstream file("test/vectors/mpegts/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

class MpegtsDemuxer : public ::testing::Test {
 protected:
  MpegtsDemuxer() {
    const auto sps = hex("67640015acd94141fb011000000300100000030320f162d960");
    const auto pps = hex("68ebe3cb22c0");
    const std::array<Bytes, 1> sps_list{Bytes(sps)};
    const std::array<Bytes, 1> pps_list{Bytes(pps)};
    auto made = h264::make_track(sps_list, pps_list);
    EXPECT_TRUE(made);
    h264_ = std::move(*made);
  }

  /// Video of 25 pictures a second with a random access point every fifth, and AAC.
  std::vector<uint8_t> program(int pictures, MediaTime start = MediaTime(0)) {
    VectorSink sink;
    Muxer muxer;
    EXPECT_TRUE(muxer.set_tracks(h264_, aac_));
    for (int i = 0; i < pictures; ++i) {
      if (i % 5 == 0) {
        muxer.write_tables(sink);
      }
      const MediaTime at = start + milliseconds(40) * i;
      EXPECT_TRUE(muxer.write_frame(*maker_.h264_frame(h264_, at, i % 5 == 0, 700), sink));
      EXPECT_TRUE(muxer.write_frame(*maker_.audio_frame(aac_, at + milliseconds(3)), sink));
    }
    return {sink.bytes().begin(), sink.bytes().end()};
  }

  test::FrameMaker maker_;
  TrackRef h264_;
  TrackRef aac_ = test::aac_track();
};

TEST_F(MpegtsDemuxer, RoundTripOfOurMuxer) {
  const auto bytes = program(12);
  const Outcome run = demux(maker_.pool(), bytes);
  EXPECT_TRUE(run.errors.empty());
  const auto video = run.frames(TrackKind::kVideo);
  const auto audio = run.frames(TrackKind::kAudio);
  ASSERT_EQ(video.size(), 12U);
  ASSERT_EQ(audio.size(), 12U);
  for (size_t i = 0; i < video.size(); ++i) {
    EXPECT_EQ(video[i].dts, milliseconds(40 * i));
    EXPECT_EQ(video[i].random_access, i % 5 == 0);
    EXPECT_EQ(audio[i].dts - video[i].dts, milliseconds(3));
    EXPECT_EQ(audio[i].payload, std::vector<uint8_t>(200, 0x5a));
    // The muxer put a delimiter before the slice, which stays.
    EXPECT_EQ(video[i].payload.size(), 4U + 2 + 4 + 700);
  }
  EXPECT_EQ(std::count_if(run.seen.begin(), run.seen.end(), [](const Seen& s) { return s.track; }),
            2)
      << "repeated parameter sets and headers make no new track";
}

TEST_F(MpegtsDemuxer, EveryCutGivesTheSame) {
  const auto media = program(6);
  const Bytes bytes(media);
  const Outcome whole = demux(maker_.pool(), bytes);
  for (size_t cut = 1; cut < bytes.size(); cut += 7) {
    Demuxer demuxer(maker_.pool());
    Outcome run;
    demuxer.feed(bytes.first(cut));
    drain(demuxer, run);
    demuxer.feed(bytes.subspan(cut));
    drain(demuxer, run);
    demuxer.finish();
    drain(demuxer, run);
    ASSERT_EQ(run.seen, whole.seen) << "cut at " << cut;
  }
  for (const size_t step : {1, 2, 3, 187, 188, 189, 1316}) {
    ASSERT_EQ(demux(maker_.pool(), bytes, step).seen, whole.seen) << "step " << step;
  }
}

TEST_F(MpegtsDemuxer, CodecsThatRoundTrip) {
  struct Case {
    TrackRef track;
    std::vector<uint8_t> payload;
  };
  auto mp3 = hex("fffb9064");  // 128 kb/s, 44.1 kHz: 417 bytes
  mp3.resize(417, 0x11);
  auto ac3 = hex("0b77480d0c402f842bc1c77a");  // 96 kb/s, 48 kHz: 384 bytes
  ac3.resize(384, 0x11);
  auto opus = hex("fc");  // CELT, 20 ms
  opus.resize(300, 0x11);
  for (const Case& one :
       {Case{test::audio_track(CodecId::kMp3), mp3}, Case{test::audio_track(CodecId::kAc3), ac3},
        Case{test::audio_track(CodecId::kOpus), opus}}) {
    VectorSink sink;
    Muxer muxer;
    ASSERT_TRUE(muxer.set_tracks(nullptr, one.track));
    muxer.write_tables(sink);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(
          muxer.write_frame(*maker_.frame(one.track, milliseconds(20 * i), one.payload), sink));
    }
    const Outcome run = demux(maker_.pool(), sink.bytes());
    EXPECT_TRUE(run.errors.empty()) << codec_name(one.track->codec);
    const auto frames = run.frames(TrackKind::kAudio);
    ASSERT_EQ(frames.size(), 3U) << codec_name(one.track->codec);
    EXPECT_EQ(frames[2].dts, milliseconds(40));
    EXPECT_EQ(frames[2].payload, one.payload);
  }
}

TEST_F(MpegtsDemuxer, FilesOfFfmpeg) {
  struct Case {
    const char* file;
    CodecId video_codec;
    CodecId audio_codec;
    size_t video;
    size_t audio;
    int64_t first_audio_ticks;
    int64_t last_audio_ticks;
  };
  // Counts and times are ffprobe's.
  for (const Case& one : {
           Case{"h264_bframes_latm.mpegts", CodecId::kH264, CodecId::kAac, 10, 20, 131280, 167760},
           Case{"hevc_mp3.mpegts", CodecId::kH265, CodecId::kMp3, 10, 18, 131128, 167848},
           Case{"h264_opus.mpegts", CodecId::kH264, CodecId::kOpus, 10, 21, 132615, 168615},
           Case{"h264_ac3.mpegts", CodecId::kH264, CodecId::kAc3, 10, 13, 132720, 167280},
       }) {
    const auto bytes = vector_file(one.file);
    const Outcome run = demux(maker_.pool(), bytes);
    EXPECT_TRUE(run.errors.empty()) << one.file;
    const auto video = run.frames(TrackKind::kVideo);
    const auto audio = run.frames(TrackKind::kAudio);
    ASSERT_EQ(video.size(), one.video) << one.file;
    EXPECT_EQ(video[0].codec, one.video_codec);
    EXPECT_TRUE(video[0].random_access);
    ASSERT_EQ(audio.size(), one.audio) << one.file;
    EXPECT_EQ(audio[0].codec, one.audio_codec);
    EXPECT_NEAR(static_cast<double>(to_ticks(audio.front().pts, 90000)),
                static_cast<double>(one.first_audio_ticks), 1)
        << one.file;
    EXPECT_NEAR(static_cast<double>(to_ticks(audio.back().pts, 90000)),
                static_cast<double>(one.last_audio_ticks), 1)
        << one.file;
    EXPECT_EQ(demux(maker_.pool(), bytes, 100).seen, run.seen) << one.file;
  }
}

TEST_F(MpegtsDemuxer, TimesWrapAfter26Hours) {
  const MediaTime wrap = from_ticks(int64_t{1} << 33, kTimescale);
  const auto bytes = program(10, wrap - milliseconds(200));
  const auto video = demux(maker_.pool(), bytes).frames(TrackKind::kVideo);
  ASSERT_EQ(video.size(), 10U);
  EXPECT_GT(video[4].dts, wrap - milliseconds(50));
  EXPECT_LT(video[5].dts, milliseconds(1));
  EXPECT_LT(video[9].dts, milliseconds(161));
}

TEST_F(MpegtsDemuxer, MissingPacketCostsOnePicture) {
  auto bytes = program(10);
  // The second packet of the third picture.
  size_t pictures = 0;
  for (size_t at = 0; at < bytes.size(); at += 188) {
    const unsigned pid = (bytes[at + 1] & 0x1fU) << 8 | bytes[at + 2];
    pictures += pid == 0x100 && (bytes[at + 1] & 0x40) != 0 ? 1 : 0;
    if (pictures == 3) {
      bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at) + 188,
                  bytes.begin() + static_cast<ptrdiff_t>(at) + 376);
      break;
    }
  }
  const Outcome run = demux(maker_.pool(), bytes);
  EXPECT_EQ(run.count(ErrorCode::kTsContinuityGap), 1U);
  EXPECT_EQ(run.frames(TrackKind::kVideo).size(), 9U);
  EXPECT_EQ(run.frames(TrackKind::kAudio).size(), 10U);
}

TEST_F(MpegtsDemuxer, DuplicatePacketsAreOne) {
  const auto media = program(5);
  const Bytes bytes(media);
  std::vector<uint8_t> twice;
  for (size_t at = 0; at < bytes.size(); at += 188) {
    const Bytes packet = bytes.subspan(at, 188);
    const unsigned pid = (packet[1] & 0x1fU) << 8 | packet[2];
    twice.insert(twice.end(), packet.begin(), packet.end());
    if (pid == 0x100 || pid == 0x101) {
      twice.insert(twice.end(), packet.begin(), packet.end());
    }
  }
  const Outcome run = demux(maker_.pool(), twice);
  EXPECT_TRUE(run.errors.empty());
  EXPECT_EQ(run.seen, demux(maker_.pool(), bytes).seen);
}

TEST_F(MpegtsDemuxer, FindsTheStepAgainInGarbage) {
  const auto media = program(10);
  std::vector<uint8_t> bytes(1000, 0x47);
  for (size_t i = 0; i < bytes.size(); i += 5) {
    bytes[i] = static_cast<uint8_t>(i);
  }
  const auto half = static_cast<ptrdiff_t>(media.size() / 376 * 188);
  bytes.insert(bytes.end(), media.begin(), media.begin() + half);
  bytes.insert(bytes.end(), 500, 0x00);
  bytes.insert(bytes.end(), media.begin() + half, media.end());
  const Outcome run = demux(maker_.pool(), bytes);
  EXPECT_GE(run.count(ErrorCode::kTsSyncLost), 1U);
  // What looks like a step may swallow the first tables; they come again with the sixth picture.
  EXPECT_GE(run.frames(TrackKind::kVideo).size(), 5U);
}

TEST_F(MpegtsDemuxer, CodecChangesWithTheMap) {
  VectorSink sink;
  Muxer muxer;
  ASSERT_TRUE(muxer.set_tracks(h264_, aac_));
  muxer.write_tables(sink);
  ASSERT_TRUE(muxer.write_frame(*maker_.h264_frame(h264_, milliseconds(0), true), sink));
  ASSERT_TRUE(muxer.write_frame(*maker_.audio_frame(aac_, milliseconds(0)), sink));
  const TrackRef opus = test::audio_track(CodecId::kOpus);
  ASSERT_TRUE(muxer.set_tracks(h264_, opus));
  muxer.write_tables(sink);
  ASSERT_TRUE(muxer.write_frame(*maker_.h264_frame(h264_, milliseconds(40), false), sink));
  ASSERT_TRUE(muxer.write_frame(*maker_.frame(opus, milliseconds(40), {0xfc, 1, 2, 3}), sink));
  const Outcome run = demux(maker_.pool(), sink.bytes());
  EXPECT_TRUE(run.errors.empty());
  const auto audio = run.frames(TrackKind::kAudio);
  ASSERT_EQ(audio.size(), 2U);
  EXPECT_EQ(audio[0].codec, CodecId::kAac);
  EXPECT_EQ(audio[1].codec, CodecId::kOpus);
  EXPECT_EQ(run.frames(TrackKind::kVideo).size(), 2U);
}

/// A packet with one section.
std::vector<uint8_t> section_packet(uint16_t pid, uint8_t continuity, std::vector<uint8_t> body) {
  const uint32_t crc = crc32(body);
  for (int shift = 24; shift >= 0; shift -= 8) {
    body.push_back(static_cast<uint8_t>(crc >> shift));
  }
  std::vector<uint8_t> packet{0x47, static_cast<uint8_t>(0x40 | pid >> 8),
                              static_cast<uint8_t>(pid),
                              static_cast<uint8_t>(0x10 | (continuity & 15)), 0};
  packet.insert(packet.end(), body.begin(), body.end());
  packet.resize(188, 0xff);
  return packet;
}

std::vector<uint8_t> pat(const std::vector<std::pair<uint16_t, uint16_t>>& programs,
                         uint8_t version = 0, uint8_t continuity = 0) {
  std::vector<uint8_t> body{0x00, 0xb0, static_cast<uint8_t>(9 + programs.size() * 4),
                            0,    1,    static_cast<uint8_t>(0xc1 | version << 1),
                            0,    0};
  for (const auto& [number, pid] : programs) {
    body.insert(body.end(), {static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number),
                             static_cast<uint8_t>(0xe0 | pid >> 8), static_cast<uint8_t>(pid)});
  }
  return section_packet(0, continuity, body);
}

std::vector<uint8_t> pmt(uint16_t map_pid, uint16_t number,
                         const std::vector<std::pair<uint8_t, uint16_t>>& streams,
                         uint8_t version = 0, uint8_t continuity = 0) {
  std::vector<uint8_t> body{0x02,
                            0xb0,
                            static_cast<uint8_t>(13 + streams.size() * 5),
                            static_cast<uint8_t>(number >> 8),
                            static_cast<uint8_t>(number),
                            static_cast<uint8_t>(0xc1 | version << 1),
                            0,
                            0,
                            0xe1,
                            0x00,
                            0xf0,
                            0x00};
  for (const auto& [type, pid] : streams) {
    body.insert(body.end(), {type, static_cast<uint8_t>(0xe0 | pid >> 8), static_cast<uint8_t>(pid),
                             0xf0, 0x00});
  }
  return section_packet(map_pid, continuity, body);
}

void append(std::vector<uint8_t>& to, const std::vector<uint8_t>& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

TEST_F(MpegtsDemuxer, TakesTheFirstProgramWithMediaOrTheOneChosen) {
  std::vector<uint8_t> tables;
  append(tables, pat({{1, 0x30}, {2, 0x1001}, {3, 0x31}}));
  append(tables, pmt(0x30, 1, {{0x05, 0x200}}));
  append(tables, pmt(0x31, 3, {{0x1b, 0x300}}));
  append(tables, pmt(0x1001, 2, {{0x1b, 0x100}, {0x0f, 0x101}}));
  const auto media = program(4);
  std::vector<uint8_t> stream = tables;
  for (size_t at = 0; at < Bytes(media).size(); at += 188) {
    const Bytes packet = Bytes(media).subspan(at, 188);
    if ((packet[1] & 0x1f) == 0x01) {  // without the muxer's own tables
      stream.insert(stream.end(), packet.begin(), packet.end());
    }
  }
  EXPECT_TRUE(demux(maker_.pool(), stream).frames(TrackKind::kVideo).empty()) << "program 3";
  const Outcome chosen = demux(maker_.pool(), stream, SIZE_MAX, {.program = 2});
  EXPECT_EQ(chosen.frames(TrackKind::kVideo).size(), 4U);
  EXPECT_EQ(chosen.frames(TrackKind::kAudio).size(), 4U);
}

TEST_F(MpegtsDemuxer, ProgramThatGoesIsLeft) {
  std::vector<uint8_t> stream;
  append(stream, pat({{1, 0x30}}));
  append(stream, pmt(0x30, 1, {{0x1b, 0x300}}));
  append(stream, pat({{1, 0x1001}}, 1, 1));
  const auto media = program(3);
  append(stream, {media.begin() + 188, media.end()});
  EXPECT_EQ(demux(maker_.pool(), stream).frames(TrackKind::kVideo).size(), 3U);
}

TEST_F(MpegtsDemuxer, RefusesWhatItCannotCarryOnce) {
  std::vector<uint8_t> stream;
  for (uint8_t i = 0; i < 5; ++i) {
    append(stream, pat({{1, 0x30}}, 0, i));
    append(stream, pmt(0x30, 1, {{0x02, 0x300}}, 0, i));
  }
  const Outcome run = demux(maker_.pool(), stream);
  ASSERT_EQ(run.errors.size(), 1U);
  EXPECT_EQ(run.errors[0], (Error{ErrorCode::kTsStreamTypeUnsupported, 2}));
}

TEST_F(MpegtsDemuxer, TableChurnIsBounded) {
  std::vector<uint8_t> stream;
  for (unsigned i = 0; i < 5000; ++i) {
    std::vector<std::pair<uint16_t, uint16_t>> programs;
    for (uint16_t p = 0; p < 40; ++p) {
      programs.emplace_back(static_cast<uint16_t>(1 + p + i * 40),
                            static_cast<uint16_t>(0x20 + (i * 40 + p) % 0x1f00));
    }
    append(stream, pat(programs, static_cast<uint8_t>(i % 32), static_cast<uint8_t>(i)));
    append(stream, pmt(static_cast<uint16_t>(0x20 + i * 40 % 0x1f00),
                       static_cast<uint16_t>(1 + i * 40), {{0x1b, 0x1000}, {0x0f, 0x1001}},
                       static_cast<uint8_t>(i % 32), static_cast<uint8_t>(i)));
  }
  EXPECT_TRUE(demux(maker_.pool(), stream).seen.empty());
}

TEST_F(MpegtsDemuxer, TooManyProgramsAreAnError) {
  std::vector<uint8_t> stream;
  for (uint16_t i = 0; i < 4; ++i) {
    std::vector<std::pair<uint16_t, uint16_t>> programs;
    for (uint16_t p = 0; p < 30; ++p) {
      programs.emplace_back(static_cast<uint16_t>(1 + i * 30 + p),
                            static_cast<uint16_t>(0x100 + i * 30 + p));
    }
    append(stream, pat(programs, 0, static_cast<uint8_t>(i)));
  }
  EXPECT_GE(demux(maker_.pool(), stream).count(ErrorCode::kTsPidsTooMany), 1U);
}

TEST_F(MpegtsDemuxer, PesWithoutEndIsDropped) {
  std::vector<uint8_t> stream;
  append(stream, pat({{1, 0x30}}));
  append(stream, pmt(0x30, 1, {{0x1b, 0x100}}));
  std::vector<uint8_t> packet(188, 0x22);
  const auto head = hex("47410010 000001e0 0000 80 80 05 2100010001");
  std::copy(head.begin(), head.end(), packet.begin());
  append(stream, packet);
  for (unsigned i = 1; i < (6U << 20) / 184; ++i) {
    packet[1] = 0x01;
    packet[3] = static_cast<uint8_t>(0x10 | (i & 15));
    append(stream, packet);
  }
  const Outcome run = demux(maker_.pool(), stream);
  EXPECT_EQ(run.count(ErrorCode::kTsPesTooLarge), 1U);
}

TEST_F(MpegtsDemuxer, AdaptationFieldPastThePacketIsAnError) {
  std::vector<uint8_t> packet(188, 0xff);
  packet[0] = 0x47;
  packet[1] = 0x01;
  packet[2] = 0x00;
  packet[3] = 0x30;
  packet[4] = 184;
  EXPECT_EQ(PacketHeader::parse(packet).error().code, ErrorCode::kTsAdaptationFieldInvalid);
  packet[4] = 3;
  packet[5] = 0x10;  // a PCR does not fit
  EXPECT_EQ(PacketHeader::parse(packet).error().code, ErrorCode::kTsAdaptationFieldInvalid);
  packet[4] = 183;
  const auto parsed = PacketHeader::parse(packet);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->payload.empty());
}

TEST_F(MpegtsDemuxer, PidsThatNobodyNamedCostNothing) {
  std::vector<uint8_t> stream;
  for (unsigned i = 0; i < 3 * 8191; ++i) {
    std::vector<uint8_t> packet(188, 0x22);
    const unsigned pid = i % 8191;
    packet[0] = 0x47;
    packet[1] = static_cast<uint8_t>(0x40 | pid >> 8);
    packet[2] = static_cast<uint8_t>(pid);
    packet[3] = 0x10;
    append(stream, packet);
    if (pid == 4000) {
      append(stream, program(6));
    }
  }
  // Between them a stream is read as ever; what PID 0 said was no table.
  const Outcome run = demux(maker_.pool(), stream);
  EXPECT_FALSE(run.frames(TrackKind::kVideo).empty());
  EXPECT_LE(run.errors.size(), 64U);
}

TEST_F(MpegtsDemuxer, AdtsOfLengthZeroEndsNothing) {
  std::vector<uint8_t> stream;
  append(stream, pat({{1, 0x30}}));
  append(stream, pmt(0x30, 1, {{0x0f, 0x101}}));
  for (uint8_t i = 0; i < 3; ++i) {
    // aac_frame_length 0: less than the header itself.
    std::vector<uint8_t> packet(188, 0x00);
    const auto head = hex("47410110 000001c0 00b2 80 80 05 2100010001 fff14c80001ffc");
    std::copy(head.begin(), head.end(), packet.begin());
    packet[3] = static_cast<uint8_t>(0x10 | i);
    append(stream, packet);
  }
  const Outcome run = demux(maker_.pool(), stream);
  EXPECT_FALSE(run.errors.empty());
  EXPECT_TRUE(run.frames(TrackKind::kAudio).empty());
  append(stream, program(6));
  EXPECT_FALSE(demux(maker_.pool(), stream).frames(TrackKind::kAudio).empty());
}

TEST(MpegtsPsiTables, DamageIsFound) {
  auto bytes = pat({{1, 0x30}});
  const auto section = [&bytes] { return Bytes(bytes).subspan(5, 16); };
  ASSERT_TRUE(PatSection::parse(section()));
  EXPECT_EQ(PatSection::parse(section())->programs, (std::vector<PatSection::Program>{{1, 0x30}}));
  for (size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(PatSection::parse(section().first(size))) << size;
  }
  bytes[14] ^= 1;
  EXPECT_EQ(PatSection::parse(section()).error().code, ErrorCode::kTsSectionCrcMismatch);
  EXPECT_TRUE(find_descriptor(hex("05 10 41432d33"), 0x05).empty()) << "longer than it is";
  EXPECT_TRUE(has_registration(hex("0a 01 00 05 04 41432d33"), "AC-3"));
}

TEST(MpegtsSectionAssembler, SectionsOverPacketsAndBehindEachOther) {
  std::vector<uint8_t> section{0x42, 0xf0, 200};
  section.resize(203, 0x33);
  std::vector<uint8_t> two = section;
  append(two, section);
  for (size_t cut = 1; cut < two.size(); ++cut) {
    SectionAssembler assembler;
    std::vector<uint8_t> first{0};
    first.insert(first.end(), two.begin(), two.begin() + static_cast<ptrdiff_t>(cut));
    int found = 0;
    const auto count = [&] {
      for (auto next = assembler.next(); next && *next; next = assembler.next()) {
        EXPECT_EQ((*next)->size(), 203U);
        ++found;
      }
    };
    assembler.push(first, true);
    count();
    assembler.push(Bytes(two).subspan(cut), false);
    count();
    EXPECT_EQ(found, 2) << cut;
  }
  SectionAssembler assembler;
  assembler.push(hex("00 42 f7 ff 00"), true);
  EXPECT_EQ(assembler.next().error().code, ErrorCode::kTsSectionMalformed);
  assembler.push(hex("ff 42"), true);  // pointer past the packet
  EXPECT_FALSE(*assembler.next());
}

}  // namespace
}  // namespace millrace::mpegts
