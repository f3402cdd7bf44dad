#include "protocols/http_flv/flv_muxer.hpp"

#include <gtest/gtest.h>

#include "formats/flv/tag_parser.hpp"
#include "hub/testing/muxed_stream.hpp"
#include "protocols/http/chunked_decoder.hpp"

namespace millrace::http_flv {
namespace {

using http::Framing;
using testing::Viewer;

/// Takes the framing off, and cuts the FLV into tags. Each tag must be wrapped by itself.
class Player {
 public:
  struct Received {
    flv::TagType type;
    uint32_t time_ms;
    bool sequence_header;
    uint32_t number;
  };

  explicit Player(Framing framing) : framing_(framing) {}

  void feed(Bytes bytes) {
    switch (framing_) {
      case Framing::kNone:
        return take(bytes);
      case Framing::kChunked:
        return unchunk(bytes);
      case Framing::kWebSocket:
        return unmask(bytes);
    }
  }
  [[nodiscard]] std::vector<uint32_t> times(flv::TagType type) const {
    std::vector<uint32_t> out;
    for (const Received& tag : tags) {
      if (tag.type == type && !tag.sequence_header) {
        out.push_back(tag.time_ms);
      }
    }
    return out;
  }
  [[nodiscard]] uint32_t last() const { return tags.empty() ? UINT32_MAX : tags.back().number; }
  [[nodiscard]] const std::optional<flv::FileHeader>& file_header() const {
    return parser_.file_header();
  }

  std::vector<Received> tags;
  std::string problem;

 private:
  void unchunk(Bytes bytes) {
    while (!bytes.empty() && problem.empty()) {
      const auto step = chunks_.step(bytes, UINT64_MAX);
      if (!step.ok()) {
        problem = "chunk malformed";
        return;
      }
      take(step->data);
      bytes = bytes.subspan(step->consumed);
    }
  }
  /// RFC 6455 §5.2: one whole, unmasked binary message.
  void unmask(Bytes bytes) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    for (;;) {
      ByteReader reader{Bytes(pending_)};
      const uint8_t first = reader.u8();
      uint64_t size = reader.u8();
      size = size == 126 ? reader.u16() : size == 127 ? reader.u64() : size;
      if (!reader.ok() || reader.remaining() < size) {
        return;
      }
      if (first != 0x82) {
        problem = "no binary message";
        return;
      }
      const size_t before = tags.size();
      const bool header = !file_header();
      take(reader.bytes(size));
      if (tags.size() != before + (header ? 0 : 1)) {
        problem = "not one tag in a message";
      }
      pending_.erase(pending_.begin(),
                     pending_.begin() + static_cast<std::ptrdiff_t>(reader.position()));
    }
  }
  void take(Bytes bytes) {
    parser_.feed(bytes);
    while (problem.empty()) {
      const auto tag = parser_.poll();
      if (!tag.ok()) {
        problem = error_info(tag.error().code).name;
        return;
      }
      if (!tag->has_value()) {
        return;
      }
      Received got{(*tag)->type, (*tag)->timestamp_ms, false, UINT32_MAX};
      if (got.type != flv::TagType::kScript) {
        got.sequence_header = (*tag)->body[1] == 0;
        got.number =
            testing::frame_number((*tag)->body.subspan(got.type == flv::TagType::kVideo ? 5 : 2));
      }
      tags.push_back(got);
    }
  }

  const Framing framing_;
  flv::TagParser parser_{0xffffff};
  http::ChunkedDecoder chunks_;
  std::vector<uint8_t> pending_;
};

class FlvMuxerTest : public ::testing::Test, protected testing::MuxedStream {
 protected:
  void make(const FlvMuxerOptions& muxer) { MuxedStream::make(std::make_unique<FlvMuxer>(muxer)); }
  uint32_t frame(const TrackRef& track, int64_t time_ms, bool random_access, size_t size = 3000) {
    return MuxedStream::frame(track, time_ms, random_access, size);
  }
  /// Metadata, both tracks, a GOP. @return number of the last frame.
  uint32_t some_media() {
    metadata();
    track(video_);
    track(audio_);
    frame(video_, 1000, true, 70'000);
    frame(audio_, 1010, true, 200);
    frame(video_, 1040, false, 10);
    return frame(audio_, 1033, true, 200);
  }
  static void expect_up_to(Viewer& viewer, Player& player, uint32_t number, size_t piece = 10'000) {
    EXPECT_TRUE(viewer.read_until(
        player, [&] { return !player.problem.empty() || player.last() == number; }, piece));
    EXPECT_EQ(player.problem, "");
  }
};

TEST_F(FlvMuxerTest, EachFramingHoldsTheSameTags) {
  for (const Framing framing : {Framing::kNone, Framing::kChunked, Framing::kWebSocket}) {
    make({.framing = framing, .announce_audio = {}, .announce_video = {}});
    Viewer& waiting = join();
    const uint32_t last = some_media();
    Viewer& late = join();
    for (const auto& [viewer, piece] :
         {std::pair(&waiting, size_t{10'000}), std::pair(&late, size_t{7})}) {
      Player player(framing);
      expect_up_to(*viewer, player, last, piece);
      ASSERT_EQ(player.tags.size(), 7U);
      EXPECT_EQ(player.tags[0].type, flv::TagType::kScript);
      EXPECT_TRUE(player.tags[1].sequence_header);
      EXPECT_TRUE(player.tags[2].sequence_header);
      EXPECT_EQ(player.times(flv::TagType::kVideo), (std::vector<uint32_t>{1000, 1040}));
      EXPECT_EQ(player.times(flv::TagType::kAudio), (std::vector<uint32_t>{1010, 1033}));
      EXPECT_TRUE(player.file_header()->has_audio);
      EXPECT_TRUE(player.file_header()->has_video);
    }
    viewers_.clear();
  }
}

TEST_F(FlvMuxerTest, HeaderAnnouncesWhatThereIsOrWhatIsSaid) {
  make({.announce_audio = {}, .announce_video = {}});
  track(video_);
  uint32_t last = frame(video_, 0, true);
  Player guessed(Framing::kNone);
  expect_up_to(join(), guessed, last);
  EXPECT_FALSE(guessed.file_header()->has_audio);
  EXPECT_TRUE(guessed.file_header()->has_video);
  viewers_.clear();

  make({.announce_audio = true, .announce_video = false});
  last = some_media();
  Player told(Framing::kNone);
  expect_up_to(join(), told, last);
  EXPECT_TRUE(told.file_header()->has_audio);
  EXPECT_FALSE(told.file_header()->has_video);
}

TEST_F(FlvMuxerTest, UnwantedKindIsLeftOut) {
  make({.video = false, .announce_audio = {}, .announce_video = {}});
  const uint32_t last = some_media();
  Player player(Framing::kNone);
  expect_up_to(join(), player, last);
  EXPECT_TRUE(player.times(flv::TagType::kVideo).empty());
  EXPECT_FALSE(player.file_header()->has_video);
  EXPECT_EQ(player.times(flv::TagType::kAudio).size(), 2U);
}

TEST_F(FlvMuxerTest, MetadataMayChooseTheSourceClock) {
  for (const bool wants : {true, false}) {
    make({.announce_audio = {}, .announce_video = {}, .atc_auto = true});
    source_offset_ = from_ms(7'000'000);
    Viewer& waiting = join();
    auto metadata = Track::make();
    metadata->codec = CodecId::kAmfMetadata;
    metadata->wants_source_clock = wants;
    frame(std::move(metadata), 0, false, 40);
    track(video_);
    frame(video_, 1000, true);
    thread_.call([&] { rendition_->on_track_repeated(video_); });
    const uint32_t last = frame(video_, 1040, false);
    Player player(Framing::kNone);
    expect_up_to(waiting, player, last);
    const uint32_t base = wants ? 7'000'000 : 0;
    EXPECT_EQ(player.times(flv::TagType::kVideo),
              (std::vector<uint32_t>{base + 1000, base + 1040}));
    ASSERT_EQ(player.tags.size(), 5U) << "metadata, header, frame, header again, frame";
    EXPECT_TRUE(player.tags[3].sequence_header);
    EXPECT_EQ(player.tags[3].time_ms, base + 1000);
    viewers_.clear();
  }
}

TEST_F(FlvMuxerTest, SourceClockIsThatOfEveryTag) {
  make({.announce_audio = {}, .announce_video = {}, .source_clock = true});
  source_offset_ = from_ms(0x1'2345'0000);
  const uint32_t base = 0x2345'0000;
  Viewer& viewer = join();
  some_media();
  video_ = testing::h264_track();
  track(video_);
  const uint32_t last = frame(video_, 1080, true);
  Player player(Framing::kNone);
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.times(flv::TagType::kVideo),
            (std::vector<uint32_t>{base + 1000, base + 1040, base + 1080}));
  for (size_t i = 1; i < player.tags.size(); ++i) {
    EXPECT_GE(player.tags[i].time_ms, base + 1000) << "tag " << i;
    EXPECT_LE(player.tags[i].time_ms, base + 1080) << "tag " << i;
  }
}

TEST_F(FlvMuxerTest, TrackThatComesLaterIsInTheStream) {
  make({.announce_audio = {}, .announce_video = {}});
  Viewer& viewer = join();
  track(video_);
  frame(video_, 0, true);
  track(audio_);
  const uint32_t last = frame(audio_, 20, true, 100);
  Player player(Framing::kNone);
  expect_up_to(viewer, player, last);
  EXPECT_EQ(player.tags.size(), 4U);
}

}  // namespace
}  // namespace millrace::http_flv
