#include "protocols/rtmp/rtmp_muxer.hpp"

#include <gtest/gtest.h>

#include "hub/testing/muxed_stream.hpp"
#include "protocols/rtmp/chunk_parser.hpp"
#include "protocols/rtmp/chunk_writer.hpp"

namespace millrace::rtmp {
namespace {

using testing::Viewer;

constexpr uint32_t kChunkSize = 4096;

/// What a player makes of the chunks it gets.
class Player {
 public:
  struct Received {
    MessageType type;
    uint32_t chunk_stream;
    uint32_t time_ms;
    bool sequence_header;
    uint32_t number;  // of a frame
  };

  explicit Player(uint32_t chunk_size = kChunkSize) {
    std::vector<uint8_t> bytes;
    ChunkWriter(bytes).set_chunk_size(chunk_size);
    feed(bytes);
  }
  void feed(Bytes bytes) {
    parser_.feed(bytes);
    while (problem.empty()) {
      const auto message = parser_.poll();
      if (!message.ok()) {
        problem = error_info(message.error().code).name;
        return;
      }
      if (!message->has_value()) {
        return;
      }
      take(**message);
    }
  }

  [[nodiscard]] std::vector<Received> of(MessageType type) const {
    std::vector<Received> out;
    for (const Received& message : received) {
      if (message.type == type) {
        out.push_back(message);
      }
    }
    return out;
  }
  /// Times of the frames of a kind, without sequence headers.
  [[nodiscard]] std::vector<uint32_t> times(MessageType type) const {
    std::vector<uint32_t> out;
    for (const Received& message : of(type)) {
      if (!message.sequence_header) {
        out.push_back(message.time_ms);
      }
    }
    return out;
  }
  [[nodiscard]] uint32_t last() const {
    return received.empty() ? UINT32_MAX : received.back().number;
  }

  std::vector<Received> received;
  std::string problem;

 private:
  void take(const Message& message) {
    EXPECT_EQ(message.stream_id, kMediaStreamId);
    Received got{message.type, message.chunk_stream_id, message.timestamp_ms, false, UINT32_MAX};
    if (message.type == MessageType::kVideo || message.type == MessageType::kAudio) {
      const bool is_video = message.type == MessageType::kVideo;
      // FLV E.4.2.1 and E.4.3.1: H.264 with packet type and composition time, AAC with packet type,
      // MP3.
      const bool is_mp3 = !is_video && message.payload[0] >> 4 == 2;
      got.sequence_header = !is_mp3 && message.payload[1] == 0;
      if (!got.sequence_header) {
        got.number = testing::frame_number(message.payload.subspan(is_video ? 5 : is_mp3 ? 1 : 2));
        EXPECT_NE(got.number, UINT32_MAX);
      }
    }
    received.push_back(got);
  }

  ChunkParser parser_;
};

class RtmpMuxerTest : public ::testing::Test, protected testing::MuxedStream {
 protected:
  void make(const RtmpMuxerOptions& muxer = {.chunk_size = kChunkSize},
            const RenditionOptions& options = {}) {
    MuxedStream::make(std::make_unique<RtmpMuxer>(muxer), options);
  }
  uint32_t frame(const TrackRef& track, int64_t time_ms, bool random_access, size_t size = 9000) {
    return MuxedStream::frame(track, time_ms, random_access, size);
  }
  uint32_t video(int64_t time_ms, bool random_access) {
    return frame(video_, time_ms, random_access);
  }
  uint32_t audio(int64_t time_ms) { return frame(audio_, time_ms, true, 200); }
  void repeat(const TrackRef& track) {
    thread_.call([&] { rendition_->on_track_repeated(track); });
  }
  void metadata(bool wants_source_clock = false) {
    auto track = Track::make();
    track->codec = CodecId::kAmfMetadata;
    track->wants_source_clock = wants_source_clock;
    MuxedStream::metadata(std::move(track));
  }
  static void expect_up_to(Viewer& viewer, Player& player, uint32_t number) {
    EXPECT_TRUE(viewer.read_until(
        player, [&] { return !player.problem.empty() || player.last() == number; }));
    EXPECT_EQ(player.problem, "");
  }
};

TEST_F(RtmpMuxerTest, WaitingPlayerGetsHeadersThenFramesWithTheirTimes) {
  make();
  Viewer& viewer = join();
  metadata();
  track(video_);
  track(audio_);
  video(0, true);
  audio(3);
  video(40, false);
  const uint32_t last = audio(26);
  Player player;
  expect_up_to(viewer, player, last);
  ASSERT_EQ(player.received.size(), 7U);
  EXPECT_EQ(player.received[0].type, MessageType::kDataAmf0);
  EXPECT_EQ(player.received[1].type, MessageType::kAudio);
  EXPECT_TRUE(player.received[1].sequence_header);
  EXPECT_EQ(player.received[2].type, MessageType::kVideo);
  EXPECT_TRUE(player.received[2].sequence_header);
  EXPECT_EQ(player.times(MessageType::kVideo), (std::vector<uint32_t>{0, 40}));
  EXPECT_EQ(player.times(MessageType::kAudio), (std::vector<uint32_t>{3, 26}));
}

TEST_F(RtmpMuxerTest, LatePlayersClockStartsNearZeroAndKeepsTheTracksTogether) {
  make();
  track(video_);
  track(audio_);
  const int64_t hours = 3'600'000;
  // Longer ago than a chunk's 24 bits of milliseconds: 4.66 hours.
  for (const int64_t base : {int64_t{0}, 5 * hours}) {
    for (int64_t ms = 0; ms < 2000; ms += 20) {
      ms % 40 == 0 ? video(base + ms, ms % 1000 == 0) : audio(base + ms + 3);
    }
  }
  for (const TimeJitter jitter : {TimeJitter::kFull, TimeJitter::kZero}) {
    Viewer& viewer = join(jitter);
    Player player;
    expect_up_to(viewer, player, next_ - 1);
    const auto times = player.times(MessageType::kVideo);
    ASSERT_EQ(times.size(), 25U);
    EXPECT_LE(times.front(), 40U) << "a frame's time at most";
    for (size_t i = 1; i < times.size(); ++i) {
      EXPECT_EQ(times[i], times[i - 1] + 40);
    }
    EXPECT_EQ(player.times(MessageType::kAudio).front(), times.front() + 23);
  }
}

TEST_F(RtmpMuxerTest, FirstPlayerOfARunningStreamStartsNearZero) {
  make();
  const int64_t running = 8 * 3'600'000;
  track(video_);
  track(audio_);
  metadata();
  video(running, true);
  audio(running - 10);
  video(running + 40, false);
  const uint32_t last = audio(running + 13);
  Viewer& viewer = join();
  Player player;
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(MessageType::kVideo), (std::vector<uint32_t>{0, 40}));
  EXPECT_EQ(player.times(MessageType::kAudio), (std::vector<uint32_t>{0, 13}));
}

TEST_F(RtmpMuxerTest, ClockOfTheSourceIsExact) {
  make();
  source_offset_ = from_ms(123'456'789);
  track(video_);
  track(audio_);
  for (int64_t ms = 0; ms < 2000; ms += 20) {
    ms % 40 == 0 ? video(500 + ms, ms % 1000 == 0) : audio(500 + ms + 3);
  }
  Viewer& viewer = join(TimeJitter::kSource);
  Player player;
  expect_up_to(viewer, player, next_ - 1);
  EXPECT_EQ(player.times(MessageType::kVideo).front(), 123'458'289U);
  EXPECT_EQ(player.times(MessageType::kVideo).back(), 123'459'249U);
  EXPECT_EQ(player.times(MessageType::kAudio).front(), 123'458'312U);
}

TEST_F(RtmpMuxerTest, TimesAbove24BitsAreExtended) {
  make();
  track(video_);
  source_offset_ = from_ms(0xffff'ff00);
  video(100, true);
  video(200, false);
  const uint32_t last = video(300, false);
  Viewer& viewer = join(TimeJitter::kSource);
  Player player;
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(MessageType::kVideo),
            (std::vector<uint32_t>{0xffff'ff64, 0xffff'ffc8, 0x2c}));
}

TEST_F(RtmpMuxerTest, TrackThatComesLaterIsOpenedForThoseWhoPlay) {
  make();
  Viewer& viewer = join();
  track(video_);
  Player player;
  expect_up_to(viewer, player, video(0, true));
  expect_up_to(viewer, player, video(40, false));
  track(audio_);
  expect_up_to(viewer, player, audio(45));
  expect_up_to(viewer, player, video(80, false));
  const uint32_t last = audio(68);
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(MessageType::kVideo), (std::vector<uint32_t>{0, 40, 80}));
  EXPECT_EQ(player.times(MessageType::kAudio), (std::vector<uint32_t>{45, 68}));
  EXPECT_TRUE(player.of(MessageType::kAudio).front().sequence_header);
}

TEST_F(RtmpMuxerTest, ChangedTrackIsAnnouncedInTheRunningLog) {
  make();
  Viewer& viewer = join();
  track(video_);
  Player player;
  video(0, true);
  video_ = testing::h264_track();
  track(video_);
  expect_up_to(viewer, player, video(40, true));
  const auto messages = player.of(MessageType::kVideo);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_TRUE(messages[2].sequence_header);
  EXPECT_EQ(player.times(MessageType::kVideo), (std::vector<uint32_t>{0, 40}));
}

TEST_F(RtmpMuxerTest, RepeatedTrackIsAnnouncedAgainAndTimeGoesOn) {
  make();
  Viewer& viewer = join();
  track(video_);
  track(audio_);
  repeat(video_);  // in the prime anyway
  Player player;
  video(0, true);
  repeat(audio_);  // no audio was sent yet: there is no chunk stream to repeat it on
  audio(3);
  repeat(video_);
  repeat(audio_);
  video(40, true);
  const uint32_t last = audio(26);
  expect_up_to(viewer, player, last);
  const auto video_messages = player.of(MessageType::kVideo);
  ASSERT_EQ(video_messages.size(), 4U);
  EXPECT_TRUE(video_messages[2].sequence_header);
  EXPECT_EQ(player.times(MessageType::kVideo), (std::vector<uint32_t>{0, 40}));
  EXPECT_EQ(player.times(MessageType::kAudio), (std::vector<uint32_t>{3, 26}));
}

TEST_F(RtmpMuxerTest, PlayerWhoWaitsForMediaHasTheMetadataOnce) {
  make();
  Viewer& early = join();
  metadata();
  Viewer& late = join();
  for (Viewer* viewer : {&early, &late}) {
    Player player;
    EXPECT_TRUE(
        viewer->read_until(player, [&] { return player.of(MessageType::kDataAmf0).size() == 1U; }));
    if (viewer == &late) {
      track(video_);
      expect_up_to(late, player, video(0, true));
      EXPECT_EQ(player.of(MessageType::kDataAmf0).size(), 1U);
      metadata();
      expect_up_to(late, player, video(40, false));
      EXPECT_EQ(player.of(MessageType::kDataAmf0).size(), 2U);
    }
  }
}

TEST_F(RtmpMuxerTest, MetadataChoosesTheClockWhereItMay) {
  for (const bool may : {true, false}) {
    for (const bool wants : {true, false}) {
      viewers_.clear();
      make({.chunk_size = kChunkSize, .atc_auto = may});
      source_offset_ = from_ms(5'000'000);
      track(video_);
      metadata(wants);
      const uint32_t last = video(1000, true);
      Viewer& viewer = join();
      Player player;
      expect_up_to(viewer, player, last);
      EXPECT_EQ(player.times(MessageType::kVideo).front(), may && wants ? 5'001'000U : 0U);
    }
  }
}

TEST_F(RtmpMuxerTest, CodecWithoutSequenceHeaderStillHasItsClock) {
  make();
  audio_ = testing::mp3_track();
  track(video_);
  track(audio_);
  video(1000, true);
  audio(1026);
  video(1040, true);
  const uint32_t last = audio(1052);
  Viewer& viewer = join();
  Player player;
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(MessageType::kVideo).size(), 1U);
  EXPECT_EQ(player.times(MessageType::kAudio).front() - player.times(MessageType::kVideo).front(),
            12U);
}

TEST_F(RtmpMuxerTest, MasksLeaveAKindOut) {
  for (const bool audio_wanted : {true, false}) {
    make({.chunk_size = kChunkSize, .audio = audio_wanted, .video = !audio_wanted});
    track(video_);
    track(audio_);
    metadata();
    Viewer& viewer = join();
    video(0, true);
    audio(5);
    const uint32_t last_video = video(40, false);
    const uint32_t last_audio = audio(28);
    Player player;
    expect_up_to(viewer, player, audio_wanted ? last_audio : last_video);
    EXPECT_EQ(player.of(MessageType::kVideo).empty(), audio_wanted);
    EXPECT_EQ(player.of(MessageType::kAudio).empty(), !audio_wanted);
    EXPECT_EQ(player.of(MessageType::kDataAmf0).size(), 1U);
    EXPECT_EQ(player.times(audio_wanted ? MessageType::kAudio : MessageType::kVideo).size(), 2U);
    viewers_.clear();
  }
}

TEST_F(RtmpMuxerTest, PlayerWhoJoinsAPublisherWithoutAudioHearsTheAudioThatComesLater) {
  make();
  track(video_);
  track(audio_);
  video(0, true);
  audio(5);
  thread_.call([&] { rendition_->on_end(); });
  track(video_);
  video(60, true);
  Viewer& viewer = join();
  track(audio_);
  const uint32_t last = audio(100);
  Player player;
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(MessageType::kAudio).size(), 1U);
  EXPECT_EQ(player.times(MessageType::kAudio).front() - player.times(MessageType::kVideo).front(),
            40U);
}

TEST_F(RtmpMuxerTest, CompositionTimeAndSmallChunks) {
  BlockPool pool;
  RtmpMuxer muxer({.chunk_size = 128});
  ByteLog log(pool);
  EXPECT_TRUE(muxer.needs_prime_for(*video_, MediaTime(0)));
  ReaderClock clock;
  std::vector<uint8_t> bytes;
  muxer.write_prime(
      {.position = 0, .video = video_, .audio = nullptr, .metadata = nullptr, .mark = muxer.mark()},
      clock, bytes);
  auto frame = testing::make_frame(pool, video_, 7, from_ms(20), true, 1000);
  frame->pts = from_ms(100);
  muxer.write_frame(*frame, log);
  log.copy(0, log.end(), bytes);
  ChunkParser parser;
  parser.feed(bytes);
  const auto header = parser.poll();
  ASSERT_TRUE(header.ok() && header->has_value());
  const auto message = parser.poll();
  ASSERT_TRUE(message.ok() && message->has_value());
  EXPECT_EQ((*message)->timestamp_ms, 20U);
  EXPECT_EQ(ByteReader((*message)->payload.subspan(2)).s24(), 80);
  EXPECT_EQ((*message)->payload[0], 0x17);
}

}  // namespace
}  // namespace millrace::rtmp
