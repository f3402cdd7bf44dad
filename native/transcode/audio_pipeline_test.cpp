#include "transcode/audio_pipeline.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "transcode/testing/tone.hpp"

namespace millrace::transcode {
namespace {

using testing::coded_tone;
using testing::decoded;
using testing::share_of;
using testing::Source;

struct Case {
  const char* name;
  Source source;
  AudioTarget target;
};

/// Feeds frames with times rounded to milliseconds, as RTMP has them, or exact.
struct Transcoding {
  explicit Transcoding(const AudioTarget& target) : output(target_track(target)) {
    std::string why;
    auto opened = AudioPipeline::open(testing::library(), target, why);
    EXPECT_TRUE(opened.ok()) << why;
    pipeline = std::move(opened).value();
  }

  void set_track(const Source& source) {
    std::string why;
    EXPECT_TRUE(pipeline->set_track(*testing::track_of(source), why).ok()) << why;
  }
  void feed(const testing::CodedFrame& frame, MediaTime at) {
    EXPECT_TRUE(pipeline->feed(frame.data, at, packets).ok());
  }
  /// Whether each packet begins where the one before ended, to the sample.
  void expect_gapless() const {
    const int64_t rate = output->audio.sample_rate;
    const int64_t frame = output->codec == CodecId::kAac    ? 1024
                          : output->codec == CodecId::kOpus ? 960
                                                            : 160;
    for (size_t i = 1; i < packets.size(); ++i) {
      ASSERT_EQ(to_ticks(packets[i].time, rate) - to_ticks(packets[i - 1].time, rate), frame) << i;
    }
  }

  TrackRef output;
  std::unique_ptr<AudioPipeline> pipeline;
  std::vector<EncodedAudio> packets;
};

class Pairs : public ::testing::TestWithParam<Case> {};

TEST_P(Pairs, KeepTheToneAndTheTime) {
  const Case& pair = GetParam();
  const auto frames = coded_tone(pair.source, 1000, 2.0);
  Transcoding run(pair.target);
  run.set_track(pair.source);
  constexpr auto kStart = std::chrono::seconds(100);
  for (const auto& frame : frames) {
    const MediaTime exact = from_ticks(frame.position, pair.source.rate);
    run.feed(frame, kStart + from_ms(to_ms(exact)));
  }
  run.expect_gapless();
  const uint32_t rate = run.output->audio.sample_rate;
  const uint32_t channels = run.output->audio.channels;
  ASSERT_GT(run.packets.size(), 60U);

  // The first packet is where the first frame was, less the encoder's own delay.
  const auto begins =
      run.packets.front().time - kStart - from_ticks(frames.front().position, pair.source.rate);
  EXPECT_LE(begins, MediaTime(1000));
  EXPECT_GE(begins, -from_ticks(1024, rate) - MediaTime(1000));

  const auto samples = decoded(run.output, run.packets);
  const size_t second = static_cast<size_t>(rate) * channels;
  const std::span<const float> middle = std::span<const float>(samples).subspan(second / 2, second);
  for (uint32_t channel = 0; channel < channels; ++channel) {
    EXPECT_GT(share_of(middle, channels, 1000, rate, channel), 0.95) << channel;
    EXPECT_LT(share_of(middle, channels, 1100, rate, channel), 0.02) << channel;
  }
  EXPECT_GT(testing::loudness(middle), 0.1);
}

constexpr Source kAac48{MILLRACE_AUDIO_AAC, 48'000, 2};
constexpr Source kAac44{MILLRACE_AUDIO_AAC, 44'100, 2};
constexpr Source kAac44Mono{MILLRACE_AUDIO_AAC, 44'100, 1};
constexpr Source kAac48Surround{MILLRACE_AUDIO_AAC, 48'000, 6};
constexpr Source kAac16Mono{MILLRACE_AUDIO_AAC, 16'000, 1};
constexpr Source kOpus{MILLRACE_AUDIO_OPUS, 48'000, 2};
constexpr Source kOpusMono{MILLRACE_AUDIO_OPUS, 48'000, 1};
constexpr Source kPcma{MILLRACE_AUDIO_PCMA, 8000, 1};
constexpr Source kPcmu{MILLRACE_AUDIO_PCMU, 8000, 1};

INSTANTIATE_TEST_SUITE_P(
    Transcode, Pairs,
    ::testing::Values(Case{"Aac48ToOpus", kAac48, {CodecId::kOpus, 64'000}},
                      Case{"Aac44ToOpus", kAac44, {CodecId::kOpus, 64'000}},
                      Case{"Aac44MonoToOpus", kAac44Mono, {CodecId::kOpus, 48'000}},
                      Case{"Aac16MonoToOpus", kAac16Mono, {CodecId::kOpus, 48'000}},
                      Case{"AacSurroundToOpus", kAac48Surround, {CodecId::kOpus, 96'000}},
                      Case{"OpusToAac", kOpus, {CodecId::kAac, 128'000}},
                      Case{"OpusMonoToAac", kOpusMono, {CodecId::kAac, 48'000}},
                      Case{"PcmaToOpus", kPcma, {CodecId::kOpus, 32'000}},
                      Case{"PcmuToAac", kPcmu, {CodecId::kAac, 48'000}},
                      Case{"OpusToPcma", kOpus, {CodecId::kG711A, 64'000}},
                      Case{"Aac44ToPcmu", kAac44, {CodecId::kG711U, 64'000}}),
    [](const auto& info) { return info.param.name; });

/// Opus as browsers send voice: our own encoder makes CELT alone.
class OpusModes : public ::testing::TestWithParam<const char*> {};

TEST_P(OpusModes, KeepTheToneAndTheTime) {
  std::ifstream file(std::string("test/vectors/opus/") + GetParam() + ".bin", std::ios::binary);
  ASSERT_TRUE(file.is_open());
  const Source source{MILLRACE_AUDIO_OPUS, 48'000, 2};
  Transcoding run({CodecId::kAac, 96'000});
  run.set_track(source);
  int64_t position = 48'000;
  for (int size = file.get(); size != EOF; size = file.get(), position += 960) {
    testing::CodedFrame frame{std::vector<uint8_t>(static_cast<size_t>(size)), position};
    file.read(reinterpret_cast<char*>(frame.data.data()), size);
    run.feed(frame, from_ticks(position, 48'000));
  }
  run.expect_gapless();
  EXPECT_EQ(run.pipeline->repairs().gaps + run.pipeline->repairs().overlaps, 0U);
  const auto samples = decoded(run.output, run.packets);
  ASSERT_GT(samples.size(), size_t{2} * 48'000 * 18 / 10);
  const std::span<const float> middle = std::span<const float>(samples).subspan(48'000, 96'000);
  for (uint32_t channel = 0; channel < 2; ++channel) {
    EXPECT_GT(share_of(middle, 2, 500, 48'000, channel), 0.95) << channel;
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, OpusModes,
                         ::testing::Values("silk", "hybrid", "hybrid_then_celt"));

TEST(AudioPipeline, GoesOnWhenTheCodecChanges) {
  Transcoding run({CodecId::kOpus, 64'000});
  MediaTime at{0};
  for (const Source& source : {kAac44, kPcma, kAac48Surround, kAac44Mono}) {
    run.set_track(source);
    MediaTime last{0};
    for (const auto& frame : coded_tone(source, 440, 1.0)) {
      last = from_ticks(frame.position, source.rate);
      run.feed(frame, at + std::max(last, MediaTime(0)));
    }
    at += last + std::chrono::milliseconds(21);
  }
  run.expect_gapless();
  const auto samples = decoded(run.output, run.packets);
  // The middle of each second: the phase of the tone begins anew with each codec.
  for (size_t second = 0; second < 4; ++second) {
    const auto middle = std::span<const float>(samples).subspan(second * 98'000 + 40'000, 28'800);
    EXPECT_GT(share_of(middle, 2, 440, 48'000), 0.9) << second;
  }
}

TEST(AudioPipeline, ConcealsLostPackets) {
  Transcoding run({CodecId::kAac, 128'000});
  run.set_track(kOpus);
  const auto frames = coded_tone(kOpus, 500, 3.0);
  for (size_t i = 0; i < frames.size(); ++i) {
    if (i % 20 != 10) {  // one packet of twenty is lost
      run.feed(frames[i], from_ticks(frames[i].position + 48'000, 48'000));
    }
  }
  run.expect_gapless();
  EXPECT_GE(run.pipeline->repairs().gaps, 6U);
  EXPECT_EQ(run.pipeline->repairs().jumps, 0U);
  const auto samples = decoded(run.output, run.packets);
  const auto middle = std::span<const float>(samples).subspan(48'000, 2 * 96'000);
  EXPECT_GT(share_of(middle, 2, 500, 48'000), 0.9);
  // No click: a tone of 500 Hz and amplitude 0.5 never steps by more than 0.033.
  EXPECT_LT(testing::largest_step(middle, 2), 0.15F);
}

TEST(AudioPipeline, PassesOverFramesThatCannotBeDecoded) {
  Transcoding run({CodecId::kOpus, 64'000});
  run.set_track(kAac48);
  const auto frames = coded_tone(kAac48, 1000, 1.0);
  const std::vector<uint8_t> garbage(200, 0xff);
  for (size_t i = 0; i < frames.size(); ++i) {
    const MediaTime at = from_ticks(frames[i].position + 4800, 48'000);
    EXPECT_TRUE(run.pipeline->feed(i % 10 == 5 ? garbage : frames[i].data, at, run.packets).ok());
  }
  run.expect_gapless();
  EXPECT_GT(run.packets.size(), 40U);
}

TEST(AudioPipeline, SaysOnceThatATrackIsHopeless) {
  Transcoding run({CodecId::kOpus, 64'000});
  run.set_track(kAac48);
  const std::vector<uint8_t> garbage(200, 0xff);
  int failures = 0;
  for (int i = 0; i < 200; ++i) {
    failures += run.pipeline->feed(garbage, from_ms(i * 21), run.packets).ok() ? 0 : 1;
  }
  EXPECT_EQ(failures, 1);
  EXPECT_TRUE(run.packets.empty());
}

TEST(AudioPipeline, RefusesWhatItCannotDecode) {
  Transcoding run({CodecId::kOpus, 64'000});
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kAc3;
  std::string why;
  EXPECT_EQ(run.pipeline->set_track(*track, why).error().code, ErrorCode::kTranscodeFailed);
  EXPECT_FALSE(can_decode(CodecId::kAc3));
  EXPECT_TRUE(run.pipeline->feed(std::vector<uint8_t>(10), from_ms(0), run.packets).ok());
}

/// A publisher whose sample clock is 200 ppm off its time stamps.
TEST(AudioPipeline, FollowsAClockThatDrifts) {
  Transcoding run({CodecId::kOpus, 64'000});
  run.set_track(kAac48);
  const auto frames = coded_tone(kAac48, 1000, 2.0);
  constexpr int64_t kFrames = 60 * 48'000 / 1024;
  for (int64_t i = 0; i < kFrames; ++i) {
    const double seconds = 1.0 + static_cast<double>(i) * 1024 / 48'000 * 1.0002;
    run.feed(frames[static_cast<size_t>(i) % frames.size()],
             from_ms(static_cast<int64_t>(seconds * 1000)));
  }
  run.expect_gapless();
  EXPECT_EQ(run.pipeline->repairs().gaps, 0U);
  // After 60 s the input is 12 ms ahead of its samples; the output has followed.
  const double end = std::chrono::duration<double>(run.packets.back().time).count() + 0.02;
  EXPECT_NEAR(end, 1.0 + 60.0 * 1.0002, 0.045);
  EXPECT_GT(end, 61.0 - 0.040);
}

}  // namespace
}  // namespace millrace::transcode
