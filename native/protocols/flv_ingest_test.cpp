#include "protocols/flv_ingest.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "codecs/testing/hex.hpp"
#include "formats/flv/muxer.hpp"
#include "hub/loop_hub.hpp"
#include "io/testing/loop_thread.hpp"

namespace millrace {
namespace {

using testing::hex;

constexpr size_t kMaxTagBytes = 0xff'ff'ff;  // FLV E.4.1

/// Counts what a publication makes of a publisher's tags.
class Counter final : public FrameSink {
 public:
  void on_track(const TrackRef& track) override {
    (track->kind == TrackKind::kVideo ? video_tracks : audio_tracks) += 1;
  }
  void on_frame(const FrameRef& frame) override {
    (frame->is_data() ? metadata : frame->is_video() ? video : audio) += 1;
    largest = std::max(largest, frame->payload().size());
  }
  void on_end() override {}

  int video_tracks = 0;
  int audio_tracks = 0;
  int video = 0;
  int audio = 0;
  int metadata = 0;
  size_t largest = 0;
};

class FlvIngestTest : public ::testing::Test {
 protected:
  FlvIngestTest() {
    thread_.call([this] {
      hub_ = std::make_unique<LoopHub>(thread_.loop(), directory_);
      stream_ = hub_->use("live/a");
      stream_->attach(seen_, Stream::Replay::kNo);
      auto publication = hub_->publish("live/a", {});
      ingest_ = std::make_unique<FlvIngest>(thread_.loop(), options_, limits_, identity_,
                                            std::move(*publication));
    });
  }
  ~FlvIngestTest() override {
    thread_.call([this] {
      ingest_.reset();
      stream_->detach(seen_);
      stream_.reset();
    });
    thread_.finish_turn();
    thread_.stop();
    thread_.loop().discard();
    hub_.reset();
  }
  ErrorCode take(flv::TagType type, uint32_t time_ms, Bytes body) {
    return thread_.call([&] {
      const Status status = ingest_->on_tag(type, time_ms, body);
      return status.ok() ? ErrorCode::kNone : status.error().code;
    });
  }

  const std::vector<uint8_t> video_header_ =
      hex("17 00 000000 01 64000a ff e1 0018 6764000aacd9447b011000000300100000030320f1225960"
          "01 0006 68ebe3cb22c0 fdf8f800");
  const PublishOptions options_ = [] {
    PublishOptions options;
    options.stream = "live/a";
    return options;
  }();
  const Limits limits_;
  const Identity identity_;
  Directory directory_;
  testing::LoopThread thread_;
  std::unique_ptr<LoopHub> hub_;
  StreamUse stream_;
  Counter seen_;
  std::unique_ptr<FlvIngest> ingest_;
};

TEST_F(FlvIngestTest, TracksFramesAndMetadata) {
  EXPECT_EQ(take(flv::TagType::kVideo, 0, video_header_), ErrorCode::kNone);
  EXPECT_EQ(take(flv::TagType::kAudio, 0, hex("af 00 1210")), ErrorCode::kNone);
  EXPECT_EQ(take(flv::TagType::kVideo, 0, hex("17 01 000000 00000002 6588")), ErrorCode::kNone);
  EXPECT_EQ(take(flv::TagType::kAudio, 0, hex("af 01 2110")), ErrorCode::kNone);
  EXPECT_EQ(take(flv::TagType::kScript, 0, hex("02 000a 6f6e4d65746144617461 08 00000000 000009")),
            ErrorCode::kNone);
  EXPECT_EQ(seen_.video_tracks, 1);
  EXPECT_EQ(seen_.audio_tracks, 1);
  EXPECT_EQ(seen_.video, 1);
  EXPECT_EQ(seen_.audio, 1);
  EXPECT_EQ(seen_.metadata, 1);
  EXPECT_TRUE(thread_.call([this] { return ingest_->take_tracks_changed(); }));
  EXPECT_FALSE(thread_.call([this] { return ingest_->take_tracks_changed(); })) << "once";
}

// A tag of start codes grows with each of them: 3 bytes become a length of 4.
TEST_F(FlvIngestTest, HostileAnnexBThatFitsNoTagAsLengthsIsRefused) {
  ASSERT_EQ(take(flv::TagType::kVideo, 0, video_header_), ErrorCode::kNone);
  std::vector<uint8_t> body = hex("17 01 000000");
  const auto add_units = [&body](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const std::vector<uint8_t> unit = hex("000001 6588");
      body.insert(body.end(), unit.begin(), unit.end());
    }
  };
  add_units(100);
  body.resize(kMaxTagBytes - 50, 0x55);
  ASSERT_LE(body.size(), kMaxTagBytes) << "the tag itself is allowed";
  EXPECT_EQ(take(flv::TagType::kVideo, 40, body), ErrorCode::kTooLarge);
  EXPECT_EQ(seen_.video, 0);

  body.resize(5);
  add_units(100);
  body.resize(kMaxTagBytes - flv::kMaxBodyHeaderSize - 100, 0x55);
  EXPECT_EQ(take(flv::TagType::kVideo, 80, body), ErrorCode::kNone) << "the publisher goes on";
  EXPECT_EQ(seen_.video, 1);
  EXPECT_LE(seen_.largest, kMaxTagBytes - flv::kMaxBodyHeaderSize);
}

TEST_F(FlvIngestTest, BadTagsCostThemselvesOnly) {
  EXPECT_NE(take(flv::TagType::kVideo, 0, hex("17 00 000000 01")), ErrorCode::kNone);
  EXPECT_NE(take(flv::TagType::kScript, 0, hex("02 000a 6f6e4d65746144617461 05")),
            ErrorCode::kNone);
  EXPECT_EQ(take(flv::TagType::kVideo, 0, video_header_), ErrorCode::kNone);
  EXPECT_EQ(seen_.video_tracks, 1);
}

TEST_F(FlvIngestTest, FirstTagMayTakeLongerThanTheNext) {
  const auto left = [this] {
    return thread_.call([this] { return ingest_->deadline() - thread_.loop().now(); });
  };
  EXPECT_GT(left(), options_.normal_timeout);
  EXPECT_EQ(take(flv::TagType::kAudio, 0, hex("af 00 1210")), ErrorCode::kNone);
  EXPECT_LE(left(), options_.normal_timeout);
}

}  // namespace
}  // namespace millrace
