#include "rtp/payload/av1.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

// Sequence header without size field, as RTP has it.
constexpr const char* kSequenceElement = "08 00000002aff79b5f2008";

class Av1Payload : public ::testing::Test {
 protected:
  Av1Payload() { pool_.bind_to_this_thread(); }

  std::vector<std::string> packetized(const std::string& unit, bool random_access,
                                      size_t max_payload_size = 1180) {
    const auto frame = testing::plain_frame(pool_, testing::make_track(CodecId::kAv1), hex(unit));
    frame->random_access = random_access;
    Av1Packetizer packetizer(pool_, max_payload_size);
    MediaPackets packets;
    EXPECT_TRUE(packetizer.packetize(*frame, Time(), packets).ok());
    std::vector<std::string> out;
    for (const MediaPacketRef& packet : packets) {
      out.push_back(to_hex(packet->payload()));
    }
    return out;
  }
  Status push(const std::string& payload, bool marker = false) {
    const auto packet = testing::packet(pool_, index_++, timestamp_, marker, hex(payload));
    timestamp_ += marker ? 3600 : 0;
    return depacketizer_.push(*packet);
  }
  std::string next() {
    const auto out = depacketizer_.poll();
    return out ? to_hex(out->frame->payload()) : "-";
  }

  BlockPool pool_;
  Av1Depacketizer depacketizer_{pool_};
  int64_t index_ = 0;
  int64_t timestamp_ = 0;
};

TEST_F(Av1Payload, ElementsLoseTheirSizesAndTheLastHasNoLength) {
  // Temporal delimiter, sequence header, frame: N is set, W is 2.
  EXPECT_EQ(packetized("1200 0a0a00000002aff79b5f2008 3203 100402", true),
            (std::vector<std::string>{
                to_hex(hex(std::string("28 0b") + kSequenceElement + "30 100402"))}));
}

TEST_F(Av1Payload, RandomAccessPointGetsTheSequenceHeaderOfTheTrack) {
  EXPECT_EQ(packetized("3203 100402", true),
            (std::vector<std::string>{
                to_hex(hex(std::string("28 0b") + kSequenceElement + "30 100402"))}));
  EXPECT_EQ(packetized("3203 300402", false), (std::vector<std::string>{"1030300402"}));
}

TEST_F(Av1Payload, LongObuGoesOverPackets) {
  std::string unit = "32 7f 30";
  for (int i = 0; i < 126; ++i) {
    unit += "aa";
  }
  const auto out = packetized(unit, false, 64);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].substr(0, 6), "503030");  // Y, W 1
  EXPECT_EQ(out[0].size(), 128U);
  EXPECT_EQ(out[1].substr(0, 2), "d0");  // Z, Y
  EXPECT_EQ(out[2].substr(0, 2), "90");  // Z
}

TEST_F(Av1Payload, ExtensionHeadersAreKept) {
  EXPECT_EQ(packetized("36 20 03 300402", false), (std::vector<std::string>{"103420300402"}));
}

TEST_F(Av1Payload, ObusWithLyingSizesAreRefused) {
  const auto frame =
      testing::plain_frame(pool_, testing::make_track(CodecId::kAv1), hex("3209 30"));
  Av1Packetizer packetizer(pool_, 1180);
  MediaPackets packets;
  EXPECT_EQ(packetizer.packetize(*frame, Time(), packets).error().code,
            ErrorCode::kAv1ObuMalformed);
  EXPECT_TRUE(packets.empty());
}

TEST_F(Av1Payload, ElementsGetTheirSizesBack) {
  EXPECT_TRUE(push(std::string("28 0b") + kSequenceElement + "30 100402", true).ok());
  EXPECT_EQ(next(), to_hex(hex("0a0a00000002aff79b5f2008 3203 100402")));
  // W 0: every element has a length; one has kept its size field, and a delimiter is dropped.
  EXPECT_TRUE(push("00 01 10 05 3203 300402", true).ok());
  EXPECT_EQ(next(), to_hex(hex("3203 300402")));
}

TEST_F(Av1Payload, FragmentsComeTogether) {
  EXPECT_TRUE(push(std::string("68 0b") + kSequenceElement + "30 10").ok());
  EXPECT_TRUE(push("d0 04").ok());
  EXPECT_TRUE(push("90 02", true).ok());
  EXPECT_EQ(next(), to_hex(hex("0a0a00000002aff79b5f2008 3203 100402")));
}

TEST_F(Av1Payload, PayloadsThatLieCostTheirFrame) {
  EXPECT_TRUE(push(std::string("28 0b") + kSequenceElement + "30 100402", true).ok());
  EXPECT_NE(next(), "-");
  for (const char* payload : {"00",                   // no element
                              "00 05 30",             // element beyond the end
                              "00 ffffffffffffffff",  // length without an end
                              "20 05 30",             // first of two beyond the end
                              "90 30 10",             // continues nothing
                              "98 30 10",             // a new sequence that continues
                              "10 b0 10",             // forbidden bit
                              "10 3209 10",           // OBU size beyond its element
                              "50 30 10"}) {          // goes on, but the frame ends
    EXPECT_FALSE(push(payload, true).ok()) << payload;
    EXPECT_EQ(next(), "-");
    EXPECT_TRUE(push(std::string("28 0b") + kSequenceElement + "30 100402", true).ok());
    EXPECT_NE(next(), "-") << payload;
  }
}

TEST_F(Av1Payload, ForwardersSeeRandomAccessPointsAndLayers) {
  EXPECT_TRUE(inspect_av1_payload(hex("28 0b 08")).starts_random_access);
  EXPECT_FALSE(inspect_av1_payload(hex("10 30 30")).starts_random_access);
  EXPECT_EQ(inspect_av1_payload(hex("10 34 48 30")).temporal_id, 2);
  EXPECT_EQ(inspect_av1_payload(hex("10 34 48 30")).spatial_id, 1);
  EXPECT_EQ(inspect_av1_payload(hex("00 04 34 48 30")).spatial_id, 1);
}

}  // namespace
}  // namespace millrace::rtp
