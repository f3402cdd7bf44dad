#include "protocols/http_audio/audio_muxer.hpp"

#include <gtest/gtest.h>

#include "codecs/aac/adts.hpp"
#include "formats/mpegts/test_frames.hpp"
#include "hub/testing/media.hpp"
#include "hub/testing/viewer.hpp"

namespace millrace::http_audio {
namespace {

class AudioMuxerTest : public ::testing::Test {
 protected:
  AudioMuxerTest() { pool_.bind_to_this_thread(); }
  std::vector<uint8_t> logged() {
    std::vector<uint8_t> out;
    log_.copy(0, log_.end(), out);
    return out;
  }

  BlockPool pool_;
  ByteLog log_{pool_};
  test::FrameMaker make_;
};

TEST_F(AudioMuxerTest, AacGetsAnAdtsHeader) {
  AdtsMuxer muxer(http::Framing::kNone);
  const TrackRef track = test::aac_track();
  muxer.write_track(*track, MediaTime(0), log_);
  const auto frame = make_.audio_frame(track, MediaTime(0));
  muxer.write_frame(*frame, log_);
  const auto bytes = logged();
  const auto header = aac::AdtsHeader::parse(bytes);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->frame_size, bytes.size());
  EXPECT_EQ(header->audio_specific_config().sampling_frequency, 44100U);
  EXPECT_EQ(bytes.size(), frame->payload().size() + aac::AdtsHeader::kSize);
}

TEST_F(AudioMuxerTest, OtherCodecsGiveNothing) {
  AdtsMuxer adts(http::Framing::kNone);
  Mp3Muxer mp3(http::Framing::kNone);
  const TrackRef opus = test::audio_track(CodecId::kOpus);
  const TrackRef aac = test::aac_track();
  adts.write_track(*opus, MediaTime(0), log_);
  adts.write_frame(*make_.audio_frame(opus, MediaTime(0)), log_);
  adts.write_track(*test::h264_track(), MediaTime(0), log_);
  mp3.write_track(*aac, MediaTime(0), log_);
  mp3.write_frame(*make_.audio_frame(aac, MediaTime(0)), log_);
  EXPECT_EQ(log_.end(), 0U);
  // AAC that becomes something else is AAC no more.
  adts.write_track(*aac, MediaTime(0), log_);
  adts.write_track(*opus, MediaTime(0), log_);
  adts.write_frame(*make_.audio_frame(aac, MediaTime(0)), log_);
  EXPECT_EQ(log_.end(), 0U);
}

TEST_F(AudioMuxerTest, Mp3BeginsWithAnId3TagOncePerPlayer) {
  Mp3Muxer muxer(http::Framing::kNone);
  ReaderClock clock;
  std::vector<uint8_t> out;
  muxer.write_prime({}, clock, out);
  ASSERT_EQ(out.size(), 29U);
  EXPECT_EQ(std::string(out.begin(), out.begin() + 3), "ID3");
  EXPECT_EQ(out[9], out.size() - 10);  // ID3v2.3 §3.1: without the header
  muxer.write_prime({}, clock, out);
  EXPECT_EQ(out.size(), 29U);
}

/// Cuts a stream of ADTS frames; `last` is the number of the last one.
struct AdtsParser {
  void feed(Bytes bytes) {
    pending.insert(pending.end(), bytes.begin(), bytes.end());
    for (;;) {
      const auto header = aac::AdtsHeader::parse(pending);
      if (!header.ok() || pending.size() < header->frame_size) {
        return;
      }
      const Bytes payload =
          Bytes(pending).subspan(header->header_size, header->frame_size - header->header_size);
      numbers.push_back(testing::frame_number(payload));
      pending.erase(pending.begin(),
                    pending.begin() + static_cast<std::ptrdiff_t>(header->frame_size));
    }
  }
  std::vector<uint8_t> pending;
  std::vector<uint32_t> numbers;
};

/// A rendition of audio alone, of a stream that has video too.
class AudioRenditionTest : public ::testing::Test {
 protected:
  void make(MediaTime backlog) {
    RenditionOptions options;
    options.audio_only = true;
    options.backlog = backlog;
    thread_.call([&] {
      rendition_ = std::make_unique<Rendition>(
          thread_.loop(), std::make_unique<AdtsMuxer>(http::Framing::kNone), options);
      rendition_->on_track(testing::h264_track());
      rendition_->on_track(audio_);
    });
  }
  void TearDown() override {
    viewer_.reset();
    thread_.call([&] { rendition_.reset(); });
    thread_.finish_turn();
  }
  /// Audio each 20 ms, and video in between.
  void push(uint32_t count) {
    thread_.call([&] {
      for (uint32_t i = 0; i < count; ++i, ++next_) {
        const MediaTime at = from_ms(20 * next_);
        rendition_->on_frame(
            testing::make_frame(thread_.loop().pool(), video_, 1000 + next_, at, next_ == 0, 50));
        rendition_->on_frame(
            testing::make_frame(thread_.loop().pool(), audio_, next_, at, true, 50));
      }
    });
    thread_.finish_turn();
  }
  std::vector<uint32_t> numbers_up_to(uint32_t last) {
    AdtsParser parser;
    EXPECT_TRUE(viewer_->read_until(
        parser, [&] { return !parser.numbers.empty() && parser.numbers.back() >= last; }));
    return parser.numbers;
  }
  void join() {
    viewer_ = std::make_unique<testing::Viewer>(thread_);
    thread_.call([&] { rendition_->add(viewer_->reader()); });
  }

  testing::LoopThread thread_;
  std::unique_ptr<Rendition> rendition_;
  std::unique_ptr<testing::Viewer> viewer_;
  TrackRef video_ = testing::h264_track();
  TrackRef audio_ = testing::aac_track();
  uint32_t next_ = 0;
};

TEST_F(AudioRenditionTest, BeginsWithTheNextFrameWhateverTheVideoDoes) {
  make(MediaTime(0));
  push(100);
  join();
  push(10);
  const auto numbers = numbers_up_to(109);
  EXPECT_EQ(numbers.front(), 100U);
  EXPECT_EQ(numbers.size(), 10U);
}

TEST_F(AudioRenditionTest, BeginsWithTheBacklogThatWasAskedFor) {
  make(from_ms(400));
  push(100);
  join();
  push(10);
  const auto numbers = numbers_up_to(109);
  EXPECT_EQ(numbers.front(), 79U);  // 400 ms before frame 99
  EXPECT_EQ(numbers.size(), 31U);
}

TEST_F(AudioRenditionTest, DoesNotWaitToSeeWhetherThereIsVideo) {
  make(MediaTime(0));
  join();
  push(1);
  EXPECT_EQ(numbers_up_to(0), std::vector<uint32_t>{0});
}

}  // namespace
}  // namespace millrace::http_audio
