#include "rtp/payload/h265.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

class H265Payload : public ::testing::Test {
 protected:
  H265Payload() { pool_.bind_to_this_thread(); }

  Status push(const std::string& payload, bool marker = false) {
    const auto packet = testing::packet(pool_, index_++, timestamp_, marker, hex(payload));
    timestamp_ += marker ? 3600 : 0;
    return depacketizer_.push(*packet);
  }
  Status push_sets() {
    for (const char* set : {testing::kH265Vps, testing::kH265Sps, testing::kH265Pps}) {
      if (const Status status = push(set); !status) {
        return status;
      }
    }
    return {};
  }

  BlockPool pool_;
  H265Depacketizer depacketizer_{pool_, {}};
  int64_t index_ = 0;
  int64_t timestamp_ = 0;
};

TEST_F(H265Payload, Rfc7798AggregationPacketTakesTheLowestLayerAndTid) {
  const auto frame = testing::nal_frame(pool_, testing::make_track(CodecId::kH265),
                                        {hex("4e01aa"), hex("0203d0"), hex("0202d1")});
  H265Packetizer packetizer(pool_, 1180);
  MediaPackets packets;
  ASSERT_TRUE(packetizer.packetize(*frame, Time(), packets).ok());
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(to_hex(packets[0]->payload()),
            "60010003"
            "4e01aa"
            "00030203d0"
            "00030202d1");
}

TEST_F(H265Payload, Rfc7798FragmentationUnits) {
  const auto frame = testing::nal_frame(pool_, testing::make_track(CodecId::kH265),
                                        {testing::body({0x02, 0x01, 0xd0}, 1, 150)});
  H265Packetizer packetizer(pool_, 64);
  MediaPackets packets;
  ASSERT_TRUE(packetizer.packetize(*frame, Time(), packets).ok());
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(to_hex(packets[0]->payload().first(4)), "620181d0");
  EXPECT_EQ(to_hex(packets[1]->payload().first(3)), "620101");
  EXPECT_EQ(to_hex(packets[2]->payload().first(3)), "620141");
}

TEST_F(H265Payload, ParameterSetsMakeTheTrackAndStayOutOfTheFrame) {
  ASSERT_TRUE(push_sets().ok());
  ASSERT_TRUE(push("2601af01", true).ok());
  const auto out = depacketizer_.poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->new_track->video.width, 64U);
  EXPECT_EQ(out->new_track->parameter_sets.size(), 3U);
  EXPECT_EQ(out->new_track->flv_signalling, FlvSignalling::kEnhanced);
  ASSERT_EQ(out->frame->nal_units().size(), 1U);
  EXPECT_TRUE(out->frame->random_access);
}

TEST_F(H265Payload, Rfc7798FragmentsBecomeTheUnitAgain) {
  ASSERT_TRUE(push_sets().ok());
  ASSERT_TRUE(push("6201 93 af01").ok());
  ASSERT_TRUE(push("6201 13 02").ok());
  ASSERT_TRUE(push("6201 53 03", true).ok());
  const auto out = depacketizer_.poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(to_hex(out->frame->nal(out->frame->nal_units()[0])), "2601af010203");
}

TEST_F(H265Payload, PayloadsThatLieCostTheirFrame) {
  ASSERT_TRUE(push_sets().ok());
  ASSERT_TRUE(push("2601af01", true).ok());
  EXPECT_TRUE(depacketizer_.poll().has_value());
  for (const char* payload : {"60", "6001",        // AP of nothing
                              "6001 0009 2601af",  // unit beyond the end
                              "6001 0001 26",      // unit shorter than its header
                              "6001 0003 6001aa",  // AP within AP
                              "6201", "6201 93",   // FU of nothing
                              "6201 13 01",        // a middle without a start
                              "6201 b0 01",        // FU of an AP
                              "6401 0000 01",      // PACI
                              "26"}) {
    EXPECT_EQ(push(payload, true).error().code, ErrorCode::kRtpPayloadMalformed) << payload;
    EXPECT_FALSE(depacketizer_.poll().has_value());
    ASSERT_TRUE(push_sets().ok());
    ASSERT_TRUE(push("2601af01", true).ok());
    EXPECT_TRUE(depacketizer_.poll().has_value()) << payload;
  }
}

TEST_F(H265Payload, ForwardersSeeRandomAccessPointsAndTemporalIds) {
  EXPECT_TRUE(inspect_h265_payload(hex(testing::kH265Vps)).starts_random_access);
  EXPECT_TRUE(inspect_h265_payload(hex("2601af")).starts_random_access);
  EXPECT_FALSE(inspect_h265_payload(hex("26012f")).starts_random_access) << "second slice";
  EXPECT_TRUE(inspect_h265_payload(hex("6201 93 af")).starts_random_access);
  EXPECT_FALSE(inspect_h265_payload(hex("0203d0")).starts_random_access);
  EXPECT_EQ(inspect_h265_payload(hex("0203d0")).temporal_id, 2);
}

}  // namespace
}  // namespace millrace::rtp
