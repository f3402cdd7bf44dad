#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "codecs/testing/hex.hpp"
#include "rtp/rtcp/extended_report.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/reports.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"
#include "rtp/rtcp/source_description.hpp"
#include "rtp/rtcp/transport_feedback.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

/// The first packet of `bytes`, which must be the only one.
RtcpPacket only(Bytes bytes) {
  RtcpReader reader(bytes);
  const auto packet = reader.next();
  EXPECT_TRUE(packet.ok() && packet.value().has_value());
  const auto end = reader.next();
  EXPECT_TRUE(end.ok() && !end.value().has_value());
  return packet.ok() && packet.value() ? **packet : RtcpPacket{};
}

template <typename T>
std::string written(const T& value) {
  std::vector<uint8_t> out(1500);
  ByteWriter writer(out);
  value.write_to(writer);
  return to_hex(writer.written());
}

std::string plain(const char* text) { return to_hex(hex(text)); }

TEST(Rtcp, Rfc3550SenderReportWithTwoBlocks) {
  const char* text =
      "82 c8 0012 00000001"                                     // SR, 2 blocks, SSRC
      "e0000000 80000000 00001000 0000000a 00000b00"            // NTP, RTP time, packets, octets
      "00000002 20 ffffff 00010005 00000007 11112222 00010000"  // lost -1
      "00000003 00 000004 00000005 00000000 00000000 00000000";
  const auto bytes = hex(text);
  const auto report = SenderReport::parse(only(bytes));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->ssrc, 1U);
  EXPECT_EQ(report->ntp, 0xe000000080000000U);
  EXPECT_EQ(report->rtp_timestamp, 0x1000U);
  EXPECT_EQ(report->packet_count, 10U);
  EXPECT_EQ(report->octet_count, 0xb00U);
  ASSERT_EQ(report->reports.size(), 2U);
  EXPECT_EQ(report->reports[0], (ReportBlock{2, 0x20, -1, 0x10005, 7, 0x11112222, 0x10000}));
  EXPECT_EQ(report->reports[1].cumulative_lost, 4);
  EXPECT_EQ(written(*report), plain(text));
}

TEST(Rtcp, Rfc3550ReceiverReportsEmptyAndWithExtension) {
  const auto empty = hex("80 c9 0001 00000001");
  const auto report = ReceiverReport::parse(only(empty));
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->reports.empty());
  EXPECT_EQ(written(*report), to_hex(empty));
  const auto extended = hex("80 c9 0002 00000001 deadbeef");  // profile-specific extension
  EXPECT_TRUE(ReceiverReport::parse(only(extended)).ok());
}

TEST(Rtcp, ShortReportsAreRefused) {
  // SRS asserts on a sender report that is shorter than its header.
  for (const char* text : {"80 c8 0000", "80 c8 0001 00000001",
                           "80 c8 0005 00000001 00000000 00000000 00000000 00000000",
                           "81 c8 0006 00000001 00000000 00000000 00000000 00000000 00000000"}) {
    const auto bytes = hex(text);
    EXPECT_FALSE(SenderReport::parse(only(bytes)).ok()) << text;
  }
  const auto lying = hex("9f c9 0001 00000001");
  EXPECT_FALSE(ReceiverReport::parse(only(lying)).ok());
}

TEST(Rtcp, Rfc3611ReferenceTimeIsTold) {
  EXPECT_EQ(written(ReceiverReferenceTime{0x12345678, 0xe000000080000000}),
            plain("80 cf 0004 12345678"              // XR, SSRC
                  "04 00 0002 e0000000 80000000"));  // RRTR, NTP
}

TEST(Rtcp, Rfc3611DelayIsFoundAmongOtherBlocks) {
  const auto bytes =
      hex("80 cf 000b 00000009"
          "04 00 0002 e0000000 80000000"           // RRTR of the sender itself
          "05 00 0006 00000001 11112222 00010000"  // DLRR to two receivers
          "           00000002 33334444 00020000");
  const auto packet = only(bytes);
  const auto to = [&packet](uint32_t ssrc) { return delay_since_reference_of(ssrc, packet); };
  EXPECT_EQ(*to(1), (DelaySinceLastReference{1, 0x11112222, 0x10000}));
  EXPECT_EQ(*to(2), (DelaySinceLastReference{2, 0x33334444, 0x20000}));
  EXPECT_EQ(*to(3), std::nullopt);
}

TEST(Rtcp, Rfc3611BlocksThatLieAreRefused) {
  EXPECT_FALSE(
      delay_since_reference_of(1, only(hex("80 cf 0003 00000009 05 00 0002 00000001"))).ok());
  EXPECT_FALSE(delay_since_reference_of(1, only(hex("80 cf 0000"))).ok());
  // Part of a sub-block is none.
  const auto part =
      delay_since_reference_of(1, only(hex("80 cf 0003 00000009 05 00 0001 00000001")));
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(*part, std::nullopt);
}

TEST(Rtcp, Rfc3550CompoundIsWalkedInOrder) {
  const auto bytes =
      hex("80 c9 0001 00000001"
          "81 ca 0002 00000001 01 01 61 00"
          "a1 cb 0002 00000001 00000004");  // BYE with padding
  RtcpReader reader(bytes);
  std::vector<RtcpType> types;
  while (true) {
    const auto packet = reader.next();
    ASSERT_TRUE(packet.ok());
    if (!packet.value()) {
      break;
    }
    types.push_back((**packet).type);
  }
  EXPECT_EQ(types, (std::vector{RtcpType::kReceiverReport, RtcpType::kSourceDescription,
                                RtcpType::kGoodbye}));
}

TEST(Rtcp, LibwebrtcPadsFeedbackToTheByteAndBeforeOtherPackets) {
  // One packet received, with a small delta: 19 bytes and one of padding.
  const auto bytes =
      hex("af cd 0005 00000001 00000002 0064 0001 000000 00 2001 04 01"
          "81 ce 0002 00000001 00000002");
  RtcpReader reader(bytes);
  const auto first = reader.next();
  ASSERT_TRUE(first.ok() && first->has_value());
  const auto feedback = TransportFeedback::parse(**first);
  ASSERT_TRUE(feedback.ok());
  EXPECT_EQ(feedback->base_sequence_number, 100);
  const auto second = reader.next();
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_TRUE((*second)->is(PayloadFeedbackType::kPictureLoss));
}

TEST(Rtcp, Rfc3550A2LengthsAndPaddingThatLieAreRefused) {
  for (const char* text : {
           "80",                      // cut
           "80 c9 00",                //
           "40 c9 0001 00000001",     // version 1
           "80 c9 0002 00000001",     // beyond the end
           "a0 c9 0000",              // padding without a count
           "a0 c9 0001 00000000",     // count 0
           "a0 c9 0001 00000008",     // more than there is
           "80 c9 0001 00000001 00",  // a rest that is no packet
       }) {
    const auto bytes = hex(text);
    RtcpReader reader(bytes);
    auto packet = reader.next();
    while (packet.ok() && packet.value()) {
      packet = reader.next();
    }
    ASSERT_FALSE(packet.ok()) << text;
    EXPECT_EQ(packet.error().code, ErrorCode::kRtcpPacketMalformed);
    const auto after = reader.next();
    EXPECT_TRUE(after.ok() && !after.value()) << text;
  }
}

TEST(Rtcp, Rfc3550SourceDescriptionKeepsTheCname) {
  const char* text =
      "82 ca 0005 00000001 01 02 6162 00000000"  // SSRC 1, CNAME "ab", end and padding
      "00000002 01 01 63 00";                    // SSRC 2, CNAME "c"
  const auto bytes = hex(text);
  const auto description = SourceDescription::parse(only(bytes));
  ASSERT_TRUE(description.ok());
  ASSERT_EQ(description->chunks.size(), 2U);
  EXPECT_EQ(description->chunks[0].cname, "ab");
  EXPECT_EQ(description->chunks[1].ssrc, 2U);
  EXPECT_EQ(description->chunks[1].cname, "c");
  EXPECT_EQ(written(*description), plain(text));
}

TEST(Rtcp, Rfc3550SourceDescriptionItemsThatLieAreRefused) {
  for (const char* text : {
           "81 ca 0000",                      // a chunk is announced, none is there
           "81 ca 0001 00000001",             // no end of items
           "81 ca 0002 00000001 01 02 6162",  // an item, no end
           "81 ca 0002 00000001 01 ff 6162",  // length beyond
           "82 ca 0002 00000001 00000000",    // second chunk missing
       }) {
    const auto bytes = hex(text);
    EXPECT_FALSE(SourceDescription::parse(only(bytes)).ok()) << text;
  }
}

TEST(Rtcp, Rfc3550GoodbyeWithAndWithoutReason) {
  for (const char* text :
       {"81 cb 0001 00000001", "82 cb 0004 00000001 00000002 04 62796521 000000", "80 cb 0000"}) {
    const auto bytes = hex(text);
    const auto goodbye = Goodbye::parse(only(bytes));
    ASSERT_TRUE(goodbye.ok());
    EXPECT_EQ(written(*goodbye), to_hex(bytes));
  }
  EXPECT_FALSE(Goodbye::parse(only(hex("82 cb 0001 00000001"))).ok());
  EXPECT_FALSE(Goodbye::parse(only(hex("81 cb 0002 00000001 09616263"))).ok());
}

TEST(Rtcp, Rfc3550ApplicationDefined) {
  const char* text = "85 cc 0003 00000001 61626364 01020304";
  const auto bytes = hex(text);
  const auto app = ApplicationDefined::parse(only(bytes));
  ASSERT_TRUE(app.ok());
  EXPECT_EQ(app->subtype, 5);
  EXPECT_EQ(written(*app), plain(text));
  EXPECT_FALSE(ApplicationDefined::parse(only(hex("80 cc 0001 00000001"))).ok());
  const auto padded = hex("a5 cc 0003 00000001 61626364 01020301");
  EXPECT_FALSE(ApplicationDefined::parse(only(padded)).ok()) << "three bytes remain";
}

std::vector<uint16_t> asked(const Nack& nack) {
  std::vector<uint16_t> out;
  nack.for_each([&out](uint16_t sequence_number) { out.push_back(sequence_number); });
  return out;
}

TEST(Rtcp, Rfc4585NackPidAndBlp) {
  const auto bytes = hex("81 cd 0004 00000001 00000002 fffe 8003 0100 0000");
  const auto nack = Nack::parse(only(bytes));
  ASSERT_TRUE(nack.ok());
  EXPECT_EQ(nack->sender_ssrc, 1U);
  EXPECT_EQ(nack->media_ssrc, 2U);
  EXPECT_EQ(asked(*nack), (std::vector<uint16_t>{0xfffe, 0xffff, 0, 0x000e, 0x0100}));
}

TEST(Rtcp, Rfc4585NackWritesWhatWasAskedFor) {
  const std::vector<uint16_t> lost{65530, 65535, 10, 11, 26, 27, 300};
  std::vector<uint8_t> out(64);
  ByteWriter writer(out);
  ASSERT_EQ(Nack::write(writer, 1, 2, lost), lost.size());
  const auto nack = Nack::parse(only(writer.written()));
  ASSERT_TRUE(nack.ok());
  EXPECT_EQ(asked(*nack), lost);
  // 65530 takes 10 with it (16 on), 11 takes 26 and 27, 300 stands alone.
  EXPECT_EQ(writer.size(), 12U + 3 * 4);
}

TEST(Rtcp, Rfc4585NackFillsOnlyTheRoomThereIs) {
  const std::vector<uint16_t> lost{1, 100, 200};
  std::vector<uint8_t> out(22);
  ByteWriter writer(out);
  EXPECT_EQ(Nack::write(writer, 1, 2, lost), 2U);
  EXPECT_EQ(writer.size(), 20U);
  std::vector<uint8_t> small(15);
  ByteWriter no_room(small);
  EXPECT_EQ(Nack::write(no_room, 1, 2, lost), 0U);
  EXPECT_EQ(no_room.size(), 0U);
}

TEST(Rtcp, Rfc4585FeedbackLengthsAreStrict) {
  EXPECT_FALSE(Nack::parse(only(hex("81 cd 0002 00000001 00000002"))).ok());
  EXPECT_FALSE(Nack::parse(only(hex("81 cd 0001 00000001"))).ok());
  EXPECT_FALSE(PictureLossIndication::parse(only(hex("81 ce 0001 00000001"))).ok());
  EXPECT_FALSE(FullIntraRequest::parse(only(hex("84 ce 0002 00000001 00000000"))).ok());
  EXPECT_FALSE(FullIntraRequest::parse(only(hex("84 ce 0003 00000001 00000000 00000002"))).ok());
  EXPECT_FALSE(
      ReceiverEstimatedBitrate::parse(only(hex("8f ce 0003 00000001 00000000 52454d42"))).ok());
  EXPECT_FALSE(
      ReceiverEstimatedBitrate::parse(only(hex("8f ce 0004 00000001 00000000 52454d42 02000001")))
          .ok());
  EXPECT_FALSE(
      ReceiverEstimatedBitrate::parse(only(hex("8f ce 0004 00000001 00000000 41424344 00000001")))
          .ok());
}

TEST(Rtcp, Rfc4585PictureLossIndication) {
  const char* text = "81 ce 0002 00000001 00000002";
  const auto bytes = hex(text);
  const auto pli = PictureLossIndication::parse(only(bytes));
  ASSERT_TRUE(pli.ok());
  EXPECT_EQ(pli->media_ssrc, 2U);
  EXPECT_EQ(written(*pli), plain(text));
}

TEST(Rtcp, Rfc5104FullIntraRequest) {
  const char* text = "84 ce 0006 00000001 00000000 00000002 07000000 00000003 08000000";
  const auto bytes = hex(text);
  const auto fir = FullIntraRequest::parse(only(bytes));
  ASSERT_TRUE(fir.ok());
  ASSERT_EQ(fir->entries.size(), 2U);
  EXPECT_EQ(fir->entries[1].ssrc, 3U);
  EXPECT_EQ(fir->entries[1].command_sequence_number, 8);
  EXPECT_EQ(written(*fir), plain(text));
}

TEST(Rtcp, RembExponentAndMantissa) {
  // 1 SSRC, exponent 3, mantissa 0x3ffff: (2^18 - 1) * 8 bit/s.
  const char* text = "8f ce 0005 00000001 00000000 52454d42 01 0fffff 00000009";
  const auto bytes = hex(text);
  const auto remb = ReceiverEstimatedBitrate::parse(only(bytes));
  ASSERT_TRUE(remb.ok());
  EXPECT_EQ(remb->bitrate_bps, 0x3ffffU * 8);
  ASSERT_EQ(remb->ssrcs.size(), 1U);
  EXPECT_EQ(written(*remb), plain(text));
  const auto most =
      ReceiverEstimatedBitrate::parse(only(hex("8f ce 0004 00000001 00000000 52454d42 00 ffffff")));
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->bitrate_bps, UINT64_MAX);
}

using Arrivals = std::vector<std::optional<int64_t>>;

Arrivals reported(const TransportFeedback& feedback) {
  Arrivals out;
  uint16_t expected = feedback.base_sequence_number;
  feedback.for_each([&](uint16_t sequence_number, std::optional<int64_t> arrival) {
    EXPECT_EQ(sequence_number, expected++);
    out.push_back(arrival);
  });
  return out;
}

TEST(Rtcp, TransportWideRunLengthAndVectorChunks) {
  const auto bytes =
      hex("8f cd 0008 00000001 00000002"
          "fffe 000c 000003 09"  // base 65534, 12 packets, 3 * 64 ms, message 9
          "2003"                 // run of 3 small deltas
          "0002"                 // run of 2 not received
          "d900"                 // vector of 2 bit symbols: 1 2 1 0 0 0 0
          "04 05 06 07 8000 08"  // 6 deltas: 4 small + large -32768 + small
          "0000 00");
  const auto feedback = TransportFeedback::parse(only(bytes));
  ASSERT_TRUE(feedback.ok());
  EXPECT_EQ(feedback->feedback_count, 9);
  const int64_t base = 3 * 256;
  EXPECT_EQ(reported(*feedback), (Arrivals{base + 4,
                                           base + 9,
                                           base + 15,
                                           {},
                                           {},
                                           base + 22,
                                           base + 22 - 32768,
                                           base + 30 - 32768,
                                           {},
                                           {},
                                           {},
                                           {}}));
}

TEST(Rtcp, TransportWideOneBitVector) {
  const auto bytes =
      hex("8f cd 0005 00000001 00000002 0000 000e ffffff 00"  // reference time -1
          "a001"  // 1 bit symbols: first and last received
          "0102");
  const auto feedback = TransportFeedback::parse(only(bytes));
  ASSERT_TRUE(feedback.ok());
  const auto arrivals = reported(*feedback);
  ASSERT_EQ(arrivals.size(), 14U);
  EXPECT_EQ(arrivals.front(), -255);
  EXPECT_EQ(arrivals.back(), -253);
}

TEST(Rtcp, TransportWideLengthsThatLieAreRefused) {
  for (const char* text : {
           "8f cd 0003 00000001 00000002 00000001",                             // header cut
           "8f cd 0004 00000001 00000002 00000000 00000000",                    // no status
           "8f cd 0004 00000001 00000002 00000001 00000000",                    // chunk missing
           "8f cd 0005 00000001 00000002 00000003 00000000 20030101",           // 2 of 3 deltas
           "8f cd 0005 00000001 00000002 00000003 00000000 00000000",           // runs of nothing
           "8f cd 0006 00000001 00000002 0000ffff 00000000 1fff1fff 1fff1fff",  // too many
       }) {
    const auto bytes = hex(text);
    EXPECT_FALSE(TransportFeedback::parse(only(bytes)).ok()) << text;
  }
}

TEST(Rtcp, TransportWideWritesAndParsesTheSame) {
  const int64_t t = 1'000'000;
  Arrivals long_gap{t};
  long_gap.resize(9000);
  long_gap.emplace_back(t + 100);
  Arrivals gaps;
  for (int64_t i = 0; i < 200; ++i) {
    gaps.emplace_back(i % 11 < 3 && i < 199 ? std::optional<int64_t>() : t + i * 37 % 5000 - i);
  }
  gaps[0] = t;
  for (const Arrivals& arrivals :
       {Arrivals{t}, Arrivals{t, {}, t + 255, t + 511, t + 510, {}, {}, {}, {}, {}, {}, {}, {}, t},
        Arrivals{0, 1, 2, 3, 4, 5, 6, 7, 8}, Arrivals{-5, {}, {}, {}, {}, {}, {}, {}, 3}, gaps}) {
    std::vector<uint8_t> out(1200);
    ByteWriter writer(out);
    ASSERT_EQ(TransportFeedback::write(writer, 1, 2, 3, 65530, arrivals), arrivals.size());
    const auto feedback = TransportFeedback::parse(only(writer.written()));
    ASSERT_TRUE(feedback.ok());
    EXPECT_EQ(reported(*feedback), arrivals);
  }
  std::vector<uint8_t> out(1200);
  ByteWriter writer(out);
  EXPECT_EQ(TransportFeedback::write(writer, 1, 2, 3, 0, Arrivals{t, t + 40'000}), 1U);
}

TEST(Rtcp, TransportWideStopsWhereTheRoomEnds) {
  Arrivals arrivals;
  for (int64_t i = 0; i < 300; ++i) {
    arrivals.emplace_back(i % 5 == 4 ? std::optional<int64_t>() : i * 400);
  }
  arrivals.emplace_back(120'001);
  for (size_t room = 0; room < 700; ++room) {
    std::vector<uint8_t> out(room);
    ByteWriter writer(out);
    const size_t count = TransportFeedback::write(writer, 1, 2, 3, 0, arrivals);
    if (count == 0) {
      EXPECT_LT(room, 24U);
      continue;
    }
    const auto feedback = TransportFeedback::parse(only(writer.written()));
    ASSERT_TRUE(feedback.ok());
    EXPECT_EQ(reported(*feedback),
              Arrivals(arrivals.begin(), arrivals.begin() + static_cast<ptrdiff_t>(count)));
  }
}

TEST(Rtcp, ReadingAndWritingTakesNoMemory) {
  std::vector<uint8_t> out(1200);
  const std::vector<uint16_t> lost{1, 2, 30};
  millrace::testing::AllocationCounter::start();
  for (int i = 0; i < 100; ++i) {
    ByteWriter writer(out);
    SenderReport report;
    (void)report.reports.push_back({});
    report.write_to(writer);
    (void)Nack::write(writer, 1, 2, lost);
    RtcpReader reader(writer.written());
    auto packet = reader.next();
    while (packet.ok() && packet.value()) {
      packet = reader.next();
    }
  }
  EXPECT_EQ(millrace::testing::AllocationCounter::stop(), 0U);
}

TEST(NtpTime, MicrosecondsGoThereAndBack) {
  EXPECT_EQ(to_ntp(0), 2'208'988'800ULL << 32);
  EXPECT_EQ(to_ntp(500'000), 2'208'988'800ULL << 32 | 0x80000000ULL);
  for (const int64_t us : {0LL, 1LL, 999'999LL, 1'700'000'000'123'456LL}) {
    EXPECT_EQ(ntp_to_us(to_ntp(us)) - ntp_to_us(to_ntp(0)), us);
  }
  EXPECT_EQ(compact_ntp(0x0001020304050607), 0x02030405U);
}

}  // namespace
}  // namespace millrace::rtp
