#include "rtp/payload/h264.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;
using testing::kH264Pps;
using testing::kH264Sps;
using testing::nal_frame;

class H264Payload : public ::testing::Test {
 protected:
  H264Payload() { pool_.bind_to_this_thread(); }

  /// Payloads of a frame of these units.
  std::vector<std::string> packetized(const std::vector<std::string>& nals, bool random_access,
                                      size_t max_payload_size = 1180, Sei sei = Sei::kKeep) {
    std::vector<std::vector<uint8_t>> units;
    for (const std::string& nal : nals) {
      units.push_back(hex(nal));
    }
    const auto frame = nal_frame(pool_, testing::make_track(CodecId::kH264), units);
    frame->random_access = random_access;
    H264Packetizer packetizer(pool_, max_payload_size, sei);
    MediaPackets packets;
    EXPECT_TRUE(packetizer.packetize(*frame, Time(), packets).ok());
    std::vector<std::string> out;
    for (const MediaPacketRef& packet : packets) {
      out.push_back(to_hex(packet->payload()));
    }
    return out;
  }

  /// Pushes one packet; the marker bit is set for the last one of a frame.
  Status push(const std::string& payload, bool marker = false) {
    const auto packet = testing::packet(pool_, index_++, timestamp_, marker, hex(payload));
    timestamp_ += marker ? 3600 : 0;
    return depacketizer_.push(*packet);
  }
  void lose() { ++index_; }
  /// The units of the next frame, or "-".
  std::string units() {
    const auto out = depacketizer_.poll();
    if (!out) {
      return "-";
    }
    std::string text;
    for (const NalUnit& unit : out->frame->nal_units()) {
      text += (text.empty() ? "" : " ") + to_hex(out->frame->nal(unit));
    }
    return text + (out->frame->random_access ? " key" : "") + (out->new_track ? " track" : "");
  }

  static std::string sets_packet() { return std::string("78 0018") + kH264Sps + "0006" + kH264Pps; }

  BlockPool pool_;
  H264Depacketizer depacketizer_{pool_, {}};
  int64_t index_ = 0;
  int64_t timestamp_ = 0;
};

TEST_F(H264Payload, SeiIsLeftOutWhenAskedFor) {
  const std::vector<std::string> nals{"0605ff80", "419a01"};
  EXPECT_EQ(packetized(nals, false, 1180, Sei::kLeaveOut), (std::vector<std::string>{"419a01"}));
  EXPECT_NE(packetized(nals, false), (std::vector<std::string>{"419a01"}));
}

TEST_F(H264Payload, Rfc6184SingleNalUnitPacketIsTheUnitItself) {
  EXPECT_EQ(packetized({"419a0102"}, false), (std::vector<std::string>{"419a0102"}));
}

TEST_F(H264Payload, Rfc6184StapATakesTheHighestNri) {
  EXPECT_EQ(packetized({"0605ff", "419a01", "219a02"}, false),
            (std::vector<std::string>{"580003"
                                      "0605ff"
                                      "0003419a01"
                                      "0003219a02"}));
}

TEST_F(H264Payload, Rfc6184FuAKeepsHeaderAndMarksStartAndEnd) {
  std::string nal = "65";
  for (int i = 0; i < 130; ++i) {
    nal += "aa";
  }
  const auto out = packetized({std::string("67640000"), nal}, true, 64);
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out[1].substr(0, 6), "7c85aa");  // FU indicator, start, IDR
  EXPECT_EQ(out[1].size(), 128U);
  EXPECT_EQ(out[2].substr(0, 4), "7c05");
  EXPECT_EQ(out[3].substr(0, 4), "7c45");  // end
  EXPECT_EQ(out[3].size(), 2 * (2 + 130U - 2 * 62));
}

TEST_F(H264Payload, Rfc6184ParameterSetsBeforeARandomAccessPoint) {
  const auto out = packetized({"658801"}, true);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0], to_hex(hex(sets_packet() + "0003658801")));
}

TEST_F(H264Payload, Rfc6184ParameterSetsOverMtu) {
  // Sets that do not fit are cut like any other unit: without them nobody gets a picture.
  std::string sps = kH264Sps;
  for (int i = 0; i < 100; ++i) {
    sps += "aa";
  }
  const auto out = packetized({sps, kH264Pps, "658801"}, true, 64);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].substr(0, 4), "7c87");
  EXPECT_EQ(out[1].substr(0, 4), "7c47");
  EXPECT_EQ(out[2], to_hex(hex(std::string("78 0006") + kH264Pps + "0003 658801")));
}

TEST_F(H264Payload, DelimitersFillerAndRtpsOwnTypesAreLeftOut) {
  EXPECT_EQ(packetized({"0910", "419a01", "0cffff80", "7801"}, false),
            (std::vector<std::string>{"419a01"}));
}

TEST_F(H264Payload, Rfc6184StapAIntoUnitsAndTrack) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658801", true).ok());
  EXPECT_EQ(units(), "658801 key track");
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658802", true).ok());
  EXPECT_EQ(units(), "658802 key");  // the same sets are no new track
}

TEST_F(H264Payload, Rfc6184FuAIntoOneUnit) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("7c85 8801").ok());
  EXPECT_TRUE(push("7c05 02").ok());
  EXPECT_TRUE(push("7c45 03", true).ok());
  EXPECT_EQ(units(), "6588010203 key track");
}

TEST_F(H264Payload, NewParameterSetsAreANewTrack) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658801", true).ok());
  EXPECT_EQ(units(), "658801 key track");
  EXPECT_TRUE(push("677a0015bce4153c44460220000003002000000783e28549").ok());
  EXPECT_TRUE(push(kH264Pps).ok());
  EXPECT_TRUE(push("658802", true).ok());
  EXPECT_EQ(units(), "658802 key track");
  EXPECT_EQ(depacketizer_.track()->video.width, 66U);
}

TEST_F(H264Payload, ParameterSetsOfTheSignalingCountFromTheStart) {
  const std::vector<BufferRef> sets{Buffer::copy_of(hex(kH264Sps)), Buffer::copy_of(hex(kH264Pps))};
  H264Depacketizer depacketizer(pool_, sets);
  EXPECT_TRUE(depacketizer.push(*testing::packet(pool_, 0, 0, true, hex("658801"))).ok());
  const auto out = depacketizer.poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->new_track->video.width, 64U);
}

TEST_F(H264Payload, FrameWithoutMarkerEndsWithTheTimestamp) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658801").ok());
  EXPECT_EQ(units(), "-");
  timestamp_ += 3600;
  EXPECT_TRUE(push("419a01").ok());
  EXPECT_EQ(units(), "658801 key track");
}

TEST_F(H264Payload, Rfc6184FuAStartLostThenResync) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658801", true).ok());
  EXPECT_EQ(units(), "658801 key track");
  lose();  // the start of a fragmented slice
  EXPECT_TRUE(push("5c41 02", true).ok());
  EXPECT_EQ(units(), "-");
  EXPECT_TRUE(depacketizer_.wants_random_access());
  EXPECT_TRUE(push("419a03", true).ok());
  EXPECT_EQ(units(), "-") << "it may refer to what is lost";
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658804", true).ok());
  EXPECT_EQ(units(), "658804 key");
  EXPECT_EQ(depacketizer_.counters().damaged_frames, 1U);
  EXPECT_EQ(depacketizer_.counters().unusable_frames, 1U);
}

TEST_F(H264Payload, PayloadsThatLieCostTheirFrame) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("658801", true).ok());
  EXPECT_NE(units(), "-");
  for (const char* payload : {"78",                          // STAP-A of nothing
                              "78 0003 6588",                // unit beyond the end
                              "78 0000",                     // empty unit
                              "78 0001 65 00",               // length cut
                              "78 0002 7801",                // STAP-A within STAP-A
                              "78 0002 7c85",                // FU-A within STAP-A
                              "7c",                          // FU-A without header
                              "7c85",                        // FU-A of nothing
                              "7c05 01",                     // a middle without a start
                              "7c9c 01",                     // FU-A of an FU-A
                              "79 0000 0003 658801",         // STAP-B: interleaved mode
                              "7d 8501 0001 02",             // FU-B
                              "60 01", "7e 01", "7f 01"}) {  // reserved types
    EXPECT_EQ(push(payload, true).error().code, ErrorCode::kRtpPayloadMalformed) << payload;
    EXPECT_EQ(units(), "-");
    EXPECT_TRUE(push(sets_packet()).ok());
    EXPECT_TRUE(push("658804", true).ok());
    EXPECT_NE(units(), "-") << "the next frame is good: " << payload;
  }
}

TEST_F(H264Payload, FragmentThatNeverEndsCostsItsFrame) {
  EXPECT_TRUE(push(sets_packet()).ok());
  EXPECT_TRUE(push("7c85 8801").ok());
  EXPECT_FALSE(push("419a01", true).ok()) << "a unit within a fragment";
  EXPECT_TRUE(push("7c85 8801").ok());
  EXPECT_FALSE(push("7c85 8801", true).ok()) << "a second start";
  EXPECT_FALSE(push("7c85 8801", true).ok()) << "the frame ends before the unit";
  EXPECT_EQ(units(), "-");
}

TEST_F(H264Payload, FrameOverTheLimitIsRefused) {
  EXPECT_TRUE(push("7c85 88").ok());
  std::vector<uint8_t> piece(60'000, 0xaa);
  piece[0] = 0x7c;
  piece[1] = 0x05;
  Status status;
  for (size_t sent = 0; sent <= kMaxFrameBytes && status.ok(); sent += piece.size() - 2) {
    status = depacketizer_.push(*testing::packet(pool_, index_++, 0, false, piece));
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kRtpFrameTooLarge);
}

TEST_F(H264Payload, JoiningInTheMiddleIsNoError) {
  EXPECT_TRUE(push("7c05 01").ok()) << "the middle of a fragmented slice";
  EXPECT_TRUE(push("7c45 02", true).ok());
  EXPECT_TRUE(push("419a03", true).ok());
  EXPECT_EQ(units(), "-");
  EXPECT_TRUE(depacketizer_.wants_random_access());
}

TEST_F(H264Payload, BrokenParameterSetsCostTheirFrame) {
  EXPECT_FALSE(push("67").ok());
  EXPECT_TRUE(push("68", true).ok()) << "the rest of the frame is passed over";
  EXPECT_TRUE(push("658801", true).ok());
  EXPECT_EQ(units(), "-") << "no track without sets";
}

TEST_F(H264Payload, ForwardersSeeRandomAccessPoints) {
  EXPECT_TRUE(inspect_h264_payload(hex(sets_packet())).starts_random_access);
  EXPECT_TRUE(inspect_h264_payload(hex("6588")).starts_random_access);
  EXPECT_FALSE(inspect_h264_payload(hex("6508")).starts_random_access) << "second slice";
  EXPECT_TRUE(inspect_h264_payload(hex("7c85 88")).starts_random_access);
  EXPECT_TRUE(inspect_h264_payload(hex("7c87 64")).starts_random_access);
  EXPECT_FALSE(inspect_h264_payload(hex("7c05 88")).starts_random_access);
  EXPECT_FALSE(inspect_h264_payload(hex("419a")).starts_random_access);
  EXPECT_TRUE(inspect_h264_payload(hex("419a")).starts_frame);
  EXPECT_FALSE(inspect_h264_payload(hex("78 0009 65")).starts_random_access);
  EXPECT_FALSE(inspect_h264_payload({}).starts_random_access);
}

}  // namespace
}  // namespace millrace::rtp
