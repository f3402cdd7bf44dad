// What holds for every payload format.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"
#include "rtp/payload/payload_info.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using testing::depacketize;
using testing::make_frame;
using testing::make_track;
using testing::options_for;

class EveryPayloadFormat : public ::testing::TestWithParam<CodecId> {
 protected:
  EveryPayloadFormat() { pool_.bind_to_this_thread(); }

  [[nodiscard]] bool is_video() const { return kind_of(GetParam()) == TrackKind::kVideo; }
  [[nodiscard]] size_t frame_size(uint32_t number) const {
    return is_video() ? 20 + number * 997 % 5000 : 80 + number * 13 % 100;
  }
  [[nodiscard]] bool is_key(uint32_t number) const { return is_video() && number % 5 == 0; }

  /// Frames of three GOPs, their packets, and of each packet the frame it belongs to.
  void make_stream(size_t max_payload_size) {
    track_ = make_track(GetParam());
    const auto packetizer = make_packetizer(*track_, pool_, max_payload_size);
    for (uint32_t number = 0; number < 15; ++number) {
      frames_.push_back(make_frame(pool_, track_, number, is_key(number), frame_size(number)));
      ASSERT_TRUE(packetizer->packetize(*frames_.back(), Time(), packets_).ok());
      frame_of_.resize(packets_.size(), number);
    }
  }
  static std::vector<uint8_t> bytes(const Frame& frame) {
    return {frame.payload().begin(), frame.payload().end()};
  }

  BlockPool pool_;
  TrackRef track_;
  std::vector<FrameRef> frames_;
  MediaPackets packets_;
  std::vector<uint32_t> frame_of_;
};

TEST_P(EveryPayloadFormat, FramesComeOutAsTheyWentIn) {
  for (const size_t max_payload_size : {64U, 333U, 1180U, 9000U}) {
    frames_.clear();
    packets_.clear();
    frame_of_.clear();
    make_stream(max_payload_size);
    const auto depacketizer = make_depacketizer(options_for(GetParam()), pool_);
    const auto out = depacketize(*depacketizer, packets_);
    ASSERT_EQ(out.size(), frames_.size());
    for (size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(bytes(*out[i].frame), bytes(*frames_[i])) << i;
      EXPECT_EQ(out[i].frame->random_access, frames_[i]->random_access) << i;
      EXPECT_EQ(out[i].frame->nal_units().size(), frames_[i]->nal_units().size());
      EXPECT_EQ(out[i].timestamp, to_ticks(frames_[i]->pts, rtp_clock_rate(GetParam(), 48000)));
      EXPECT_EQ(static_cast<bool>(out[i].new_track), i == 0);
    }
    EXPECT_EQ(out[0].new_track->codec, GetParam());
    EXPECT_EQ(depacketizer->counters().frames, frames_.size());
    EXPECT_EQ(depacketizer->counters().damaged_frames, 0U);
    EXPECT_FALSE(depacketizer->wants_random_access());
  }
}

TEST_P(EveryPayloadFormat, PacketsKeepTheRules) {
  make_stream(kDefaultMaxPayloadSize);
  for (size_t i = 0; i < packets_.size(); ++i) {
    EXPECT_EQ(packets_[i]->index, static_cast<int64_t>(i));
    EXPECT_LE(packets_[i]->payload().size(), kDefaultMaxPayloadSize);
    const bool first = i == 0 || frame_of_[i] != frame_of_[i - 1];
    const bool last = i + 1 == packets_.size() || frame_of_[i] != frame_of_[i + 1];
    if (is_video()) {
      EXPECT_EQ(packets_[i]->marker, last);
    }
    EXPECT_EQ(packets_[i]->info.starts_frame, first);
    EXPECT_EQ(packets_[i]->info.starts_random_access,
              first && frames_[frame_of_[i]]->random_access);
    // What a forwarder reads from the payload is what the packetizer said.
    const PayloadInfo info = inspect_payload(GetParam(), packets_[i]->payload());
    EXPECT_EQ(info.picture_id_offset, packets_[i]->info.picture_id_offset);
    if (packets_[i]->info.starts_random_access) {
      EXPECT_TRUE(info.starts_random_access) << i;
      EXPECT_TRUE(info.starts_frame) << i;
    }
    if (!frames_[frame_of_[i]]->random_access) {
      EXPECT_FALSE(info.starts_random_access) << i;
    }
  }
}

TEST_P(EveryPayloadFormat, LongFramesAreCutIntoEqualPackets) {
  if (!is_video()) {
    return;
  }
  track_ = make_track(GetParam());
  const auto packetizer = make_packetizer(*track_, pool_, 1000);
  const auto frame =
      GetParam() == CodecId::kH264
          ? testing::nal_frame(pool_, track_, {testing::body({0x41, 0x9a}, 1, 9999)})
      : GetParam() == CodecId::kH265
          ? testing::nal_frame(pool_, track_, {testing::body({0x02, 0x01, 0xd0}, 1, 9999)})
          : make_frame(pool_, track_, 1, false, 9999);
  ASSERT_TRUE(packetizer->packetize(*frame, Time(), packets_).ok());
  ASSERT_GE(packets_.size(), 10U);
  for (size_t i = 0; i + 1 < packets_.size(); ++i) {
    EXPECT_EQ(packets_[i]->payload().size(), 1000U);
  }
}

TEST_P(EveryPayloadFormat, EveryLossPositionCostsNoMoreThanItsGop) {
  make_stream(500);
  for (size_t lost = 0; lost < packets_.size(); ++lost) {
    const auto depacketizer = make_depacketizer(options_for(GetParam()), pool_);
    const auto out = depacketize(*depacketizer, packets_, [lost](size_t i) { return i == lost; });
    const uint32_t damaged = frame_of_[lost];
    std::vector<uint32_t> expected;
    for (uint32_t number = 0; number < frames_.size(); ++number) {
      const bool same_gop = number >= damaged && number / 5 == damaged / 5;
      if (is_video() ? !same_gop : number != damaged) {
        expected.push_back(number);
      }
    }
    // A random access point whose first packet is lost is whole without it only for nobody.
    ASSERT_EQ(out.size(), expected.size()) << lost;
    for (size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(bytes(*out[i].frame), bytes(*frames_[expected[i]])) << lost << " " << i;
    }
  }
}

TEST_P(EveryPayloadFormat, JoiningInTheMiddleBeginsAtARandomAccessPoint) {
  make_stream(500);
  for (size_t first = 0; first < packets_.size(); ++first) {
    const auto depacketizer = make_depacketizer(options_for(GetParam()), pool_);
    const auto out = depacketize(*depacketizer, packets_, [first](size_t i) { return i < first; });
    for (const Depacketized& unit : out) {
      EXPECT_TRUE(std::ranges::any_of(frames_, [&](const FrameRef& frame) {
        return bytes(*frame) == bytes(*unit.frame);
      })) << first;
    }
    if (!out.empty()) {
      EXPECT_TRUE(out[0].frame->random_access);
    }
  }
}

TEST_P(EveryPayloadFormat, DuplicatesAndPaddingChangeNothing) {
  make_stream(500);
  MediaPackets packets;
  int64_t index = 0;
  for (const MediaPacketRef& packet : packets_) {
    auto moved =
        testing::packet(pool_, index++, packet->timestamp, packet->marker, packet->payload());
    packets.push_back(moved);
    packets.push_back(moved);
    packets.push_back(testing::packet(pool_, index++, packet->timestamp, false, {}));
  }
  const auto depacketizer = make_depacketizer(options_for(GetParam()), pool_);
  EXPECT_EQ(depacketize(*depacketizer, packets).size(), frames_.size());
}

TEST_P(EveryPayloadFormat, SteadyStateTakesNoMemory) {
  track_ = make_track(GetParam());
  const auto packetizer = make_packetizer(*track_, pool_);
  const auto depacketizer = make_depacketizer(options_for(GetParam()), pool_);
  size_t frames_out = 0;
  const auto pass = [&] {
    for (const FrameRef& frame : frames_) {
      packets_.clear();
      (void)packetizer->packetize(*frame, Time(), packets_);
      for (const MediaPacketRef& packet : packets_) {
        (void)depacketizer->push(*packet);
        while (depacketizer->poll()) {
          ++frames_out;
        }
      }
    }
  };
  for (uint32_t number = 0; number < 50; ++number) {
    frames_.push_back(make_frame(pool_, track_, number, is_key(number), frame_size(number)));
  }
  pass();
  millrace::testing::AllocationCounter::start();
  pass();
  EXPECT_EQ(millrace::testing::AllocationCounter::stop(), 0U);
  EXPECT_EQ(frames_out, 100U);
}

INSTANTIATE_TEST_SUITE_P(Payload, EveryPayloadFormat,
                         ::testing::Values(CodecId::kH264, CodecId::kH265, CodecId::kAv1,
                                           CodecId::kVp8, CodecId::kVp9, CodecId::kOpus,
                                           CodecId::kG711A, CodecId::kAac),
                         [](const auto& info) {
                           std::string name(codec_name(info.param));
                           std::erase_if(name, [](char c) { return c == '-' || c == ' '; });
                           return name;
                         });

TEST(Payload, OtherCodecsHaveNone) {
  BlockPool pool;
  pool.bind_to_this_thread();
  EXPECT_EQ(make_packetizer(*make_track(CodecId::kMp3), pool), nullptr);
  DepacketizerOptions options;
  options.codec = CodecId::kFlac;
  EXPECT_EQ(make_depacketizer(options, pool), nullptr);
  options.codec = CodecId::kAac;  // without its configuration
  EXPECT_EQ(make_depacketizer(options, pool), nullptr);
}

TEST(Payload, FrameOfAnotherCodecIsRefused) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const auto packetizer = make_packetizer(*make_track(CodecId::kVp8), pool);
  MediaPackets packets;
  const auto frame = make_frame(pool, make_track(CodecId::kVp9), 0, true, 100);
  EXPECT_FALSE(packetizer->packetize(*frame, Time(), packets).ok());
  EXPECT_TRUE(packets.empty());
}

}  // namespace
}  // namespace millrace::rtp
