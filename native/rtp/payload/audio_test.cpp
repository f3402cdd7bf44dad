#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "rtp/payload/aac.hpp"
#include "rtp/payload/single_frame.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

class AacPayload : public ::testing::Test {
 protected:
  AacPayload() { pool_.bind_to_this_thread(); }

  Status push(const char* payload, int64_t timestamp) {
    return depacketizer_->push(*testing::packet(pool_, index_++, timestamp, true, hex(payload)));
  }
  std::string next() {
    const auto out = depacketizer_->poll();
    return out ? to_hex(out->frame->payload()) + "@" + std::to_string(out->timestamp) : "-";
  }

  BlockPool pool_;
  std::unique_ptr<Depacketizer> depacketizer_ =
      make_depacketizer(testing::options_for(CodecId::kAac), pool_);
  int64_t index_ = 0;
};

TEST_F(AacPayload, Rfc3640SeveralAccessUnitsInAPacket) {
  EXPECT_TRUE(push("0030 0010 0018 0008 aabb ccddee ff", 5000).ok());
  EXPECT_EQ(next(), "aabb@5000");
  EXPECT_EQ(next(), "ccddee@6024");
  EXPECT_EQ(next(), "ff@7048");
  EXPECT_EQ(next(), "-");
}

TEST_F(AacPayload, Rfc3640FragmentsCarryTheSizeOfTheWholeUnit) {
  EXPECT_TRUE(push("0010 0028 aabb", 1000).ok());
  EXPECT_TRUE(push("0010 0028 ccdd", 1000).ok());
  EXPECT_EQ(next(), "-");
  EXPECT_TRUE(push("0010 0028 ee", 1000).ok());
  EXPECT_EQ(next(), "aabbccddee@1000");
}

TEST_F(AacPayload, FragmentsWithoutAnEndDoNotHoldUpTheNextUnit) {
  EXPECT_TRUE(push("0010 0028 aabb", 1000).ok());
  EXPECT_TRUE(push("0010 0010 ccdd", 2024).ok());
  EXPECT_EQ(next(), "ccdd@2024");
  EXPECT_TRUE(push("0010 0028 aabb", 3000).ok());
  ++index_;
  EXPECT_TRUE(push("0010 0010 eeff", 3000).ok());
  EXPECT_EQ(next(), "eeff@3000");
  EXPECT_EQ(depacketizer_->counters().damaged_frames, 2U);
}

TEST_F(AacPayload, HeadersThatLieAreRefused) {
  for (const char* payload :
       {"00", "0010", "0010 00", "0000 aa", "000f 0010 aabb", "ffff 0010 aabb",
        "0020 0010 0010 aabb", "0020 0008 0009 aabb", "0010 0000 aabb", "0010 0008 aabb"}) {
    EXPECT_EQ(push(payload, 1000).error().code, ErrorCode::kRtpPayloadMalformed) << payload;
    while (next() != "-") {
    }
  }
}

TEST_F(AacPayload, Rfc3640PacketizerWritesAacHbr) {
  const auto track = testing::make_track(CodecId::kAac);
  AacPacketizer packetizer(pool_, 48000, 64);
  MediaPackets packets;
  ASSERT_TRUE(
      packetizer.packetize(*testing::make_frame(pool_, track, 1, true, 100), Time(), packets).ok());
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(to_hex(packets[0]->payload().first(4)), "00100320");
  EXPECT_FALSE(packets[0]->marker);
  EXPECT_TRUE(packets[1]->marker);
  EXPECT_EQ(packets[0]->timestamp, 960);  // frame 1 of 20 ms at 48 kHz
  EXPECT_FALSE(
      packetizer.packetize(*testing::make_frame(pool_, track, 1, true, 8192), Time(), packets)
          .ok());
}

TEST(OpusPayload, Rfc7587OnePacketIsOneFrameAndThatIsChecked) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const auto depacketizer = make_depacketizer(testing::options_for(CodecId::kOpus), pool);
  EXPECT_TRUE(depacketizer->push(*testing::packet(pool, 0, 960, false, hex("fc aabb"))).ok());
  const auto out = depacketizer->poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->timestamp, 960);
  EXPECT_EQ(out->new_track->audio.channels, 2U);
  EXPECT_TRUE(out->frame->random_access);
  // 48 frames of 20 ms are longer than a packet may be, RFC 6716 §3.2.5.
  EXPECT_FALSE(depacketizer->push(*testing::packet(pool, 1, 1920, false, hex("ff 30"))).ok());
  EXPECT_FALSE(depacketizer->wants_random_access());
}

TEST(OpusPayload, MarkerIsOnTheFirstPacketAlone) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const auto track = testing::make_track(CodecId::kOpus);
  SingleFramePacketizer packetizer(pool, CodecId::kOpus);
  MediaPackets packets;
  for (uint32_t number = 0; number < 2; ++number) {
    ASSERT_TRUE(
        packetizer.packetize(*testing::make_frame(pool, track, number, true, 80), Time(), packets)
            .ok());
  }
  EXPECT_TRUE(packets[0]->marker);
  EXPECT_FALSE(packets[1]->marker);
  EXPECT_EQ(packets[1]->timestamp, 960);
}

}  // namespace
}  // namespace millrace::rtp
