#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "codecs/testing/hex.hpp"
#include "rtp/packet/media_reference.hpp"
#include "rtp/send/key_frame_requests.hpp"
#include "rtp/send/packet_history.hpp"
#include "rtp/send/packet_rewriter.hpp"
#include "rtp/send/sender_reports.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

constexpr Time kStart = Time(seconds(1000));

Time at_ms(int64_t ms) { return kStart + milliseconds(ms); }

class Send : public ::testing::Test {
 protected:
  Send() { pool_.bind_to_this_thread(); }
  Ref<MediaPacket> packet(int64_t index, int64_t timestamp = 0, Time arrival = kStart) {
    auto out = MediaPacket::make(pool_, 100);
    out->index = index;
    out->timestamp = timestamp;
    out->arrival = arrival;
    return out;
  }
  BlockPool pool_;
};

TEST_F(Send, HistoryKeepsTheNewestByCount) {
  PacketHistory history(8, 1'000'000, seconds(10));
  for (int64_t i = 100; i < 120; ++i) {
    history.add(packet(i));
  }
  EXPECT_EQ(history.size(), 8U);
  EXPECT_EQ(history.find(111), nullptr);
  EXPECT_EQ(history.find(112)->index, 112);
  EXPECT_EQ(history.find(120), nullptr);
}

TEST_F(Send, HistoryIsBoundedInBytesAndTime) {
  PacketHistory history(64, 500, seconds(1));
  for (int64_t i = 0; i < 20; ++i) {
    history.add(packet(i, 0, at_ms(i * 100)));
  }
  EXPECT_EQ(history.size(), 5U);
  EXPECT_EQ(history.bytes(), 500U);
  history.trim(at_ms(2750));
  EXPECT_EQ(history.size(), 2U);
  EXPECT_EQ(history.find(17), nullptr);
  history.trim(at_ms(9999));
  EXPECT_EQ(history.size(), 0U);
  history.add(packet(5));
  EXPECT_NE(history.find(5), nullptr);
}

TEST_F(Send, HistoryTakesLatePacketsAndLeavesTooLateOnes) {
  PacketHistory history(8, 1'000'000, seconds(10));
  history.add(packet(10));
  history.add(packet(12));
  history.add(packet(11));
  history.add(packet(9));
  EXPECT_EQ(history.size(), 4U);
  history.add(packet(4));
  EXPECT_EQ(history.find(4), nullptr);
  history.add(packet(100));
  EXPECT_EQ(history.size(), 1U);
  history.add(packet(92));
  EXPECT_EQ(history.size(), 1U);
}

class Rewriter : public Send {
 protected:
  static PacketRewriter::Options options() {
    PacketRewriter::Options out;
    out.first_sequence_number = 65534;
    out.first_timestamp = 5000;
    return out;
  }
  PacketRewriter rewriter_{options()};
};

TEST_F(Rewriter, SequenceAndTimestampBeginWhereTheViewersDo) {
  rewriter_.switch_to(1, *packet(700, 90'000));
  EXPECT_EQ(rewriter_.forward(1, *packet(700, 90'000))->sequence_number, 65534);
  const auto second = rewriter_.forward(1, *packet(702, 93'600));
  EXPECT_EQ(second->sequence_number, 0) << "a gap stays a gap";
  EXPECT_EQ(second->timestamp, 5000U + 3600);
  const auto late = rewriter_.forward(1, *packet(701, 90'000));
  EXPECT_EQ(late->sequence_number, 65535);
  EXPECT_EQ(late->timestamp, 5000U);
  EXPECT_EQ(rewriter_.timestamp_of(90'000), 5000U);
}

TEST_F(Rewriter, OtherSourcesAndPacketsBeforeTheSwitchAreNotSent) {
  EXPECT_FALSE(rewriter_.forward(1, *packet(1)).has_value());
  rewriter_.switch_to(1, *packet(10));
  EXPECT_FALSE(rewriter_.forward(1, *packet(9)).has_value());
  EXPECT_FALSE(rewriter_.forward(2, *packet(10)).has_value());
}

TEST_F(Rewriter, SwitchGoesOnWithoutAGapAndByTheTimeThatPassed) {
  rewriter_.switch_to(1, *packet(10, 1000, at_ms(0)));
  (void)rewriter_.forward(1, *packet(10, 1000, at_ms(0)));
  (void)rewriter_.forward(1, *packet(11, 4600, at_ms(40)));
  const auto key = packet(90'000, 777'000'000, at_ms(140));
  rewriter_.switch_to(2, *key);
  const auto first = rewriter_.forward(2, *key);
  EXPECT_EQ(first->sequence_number, 0);
  EXPECT_EQ(first->timestamp, 5000U + 3600 + 9000);
  EXPECT_FALSE(rewriter_.forward(1, *packet(12, 8200, at_ms(80))).has_value());
}

TEST_F(Rewriter, SwitchByACommonClockIsExactAndNeverBack) {
  rewriter_.switch_to(1, *packet(10, 1000));
  (void)rewriter_.forward(1, *packet(10, 1000));
  rewriter_.switch_to(2, *packet(5, 50), 1000 + 1234);
  EXPECT_EQ(rewriter_.forward(2, *packet(5, 50))->timestamp, 5000U + 1234);
  rewriter_.switch_to(3, *packet(6, 60), 50);
  EXPECT_EQ(rewriter_.forward(3, *packet(6, 60))->timestamp, 5000U + 1234 + 90);
}

TEST_F(Rewriter, LeftOutPacketsLeaveNoGap) {
  rewriter_.switch_to(1, *packet(0));
  std::vector<uint16_t> sent;
  for (int64_t i = 0; i < 1000; ++i) {
    if (i % 2 == 1) {
      rewriter_.leave_out(*packet(i));
    } else {
      sent.push_back(rewriter_.forward(1, *packet(i))->sequence_number);
    }
  }
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i], static_cast<uint16_t>(65534 + i));
  }
  EXPECT_FALSE(rewriter_.forward(1, *packet(999)).has_value()) << "it was left out";
  EXPECT_FALSE(rewriter_.forward(1, *packet(2)).has_value()) << "too late to be placed";
  EXPECT_EQ(rewriter_.forward(1, *packet(996))->sequence_number, sent[498]);
}

TEST_F(Rewriter, Rfc7741PictureIdsGoOnOverASwitch) {
  const auto vp8 = [this](int64_t index, const char* payload) {
    auto out = MediaPacket::copy_of(pool_, hex(payload));
    out->index = index;
    out->arrival = kStart;
    out->info.picture_id_offset = 2;
    out->info.tl0_pic_idx_offset = 4;
    return out;
  };
  const auto sent = [this](uint32_t source, const MediaPacket& media) {
    const auto rewritten = rewriter_.forward(source, media);
    std::vector<uint8_t> copy(media.payload().begin(), media.payload().end());
    PacketRewriter::patch(copy, media.info, *rewritten);
    return to_hex(copy);
  };
  // X S, I L T, picture id, TL0PICIDX, TID, payload.
  const auto first = vp8(1, "90e0 ffff 07 00 aa");
  rewriter_.switch_to(1, *first);
  EXPECT_EQ(sent(1, *first), "90e0ffff0700aa");
  const auto other = vp8(1, "90e0 8123 f0 00 aa");
  rewriter_.switch_to(2, *other);
  EXPECT_EQ(sent(2, *other), "90e080000800aa");
  EXPECT_EQ(sent(2, *vp8(2, "90e0 8124 f0 00 aa")), "90e080010800aa");
}

TEST_F(Rewriter, NackIsAnsweredFromTheHistoryWithLimits) {
  PacketHistory history(64, 1'000'000, seconds(10));
  const auto find = [&history](uint32_t source, int64_t index) {
    EXPECT_EQ(source, 1U);
    return history.find(index);
  };
  rewriter_.switch_to(1, *packet(0));
  for (int64_t i = 0; i < 70; ++i) {
    const auto media = packet(i, i * 90);
    history.add(media);
    (void)rewriter_.forward(1, *media);
  }
  const Duration rtt = milliseconds(50);
  EXPECT_FALSE(rewriter_.on_nack(65534, at_ms(100), rtt, find).has_value()) << "forgotten";
  EXPECT_FALSE(rewriter_.on_nack(4000, at_ms(100), rtt, find).has_value()) << "never sent";
  const auto again = rewriter_.on_nack(40, at_ms(100), rtt, find);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->packet->index, 42);
  EXPECT_EQ(again->rewritten.sequence_number, 40);
  EXPECT_EQ(again->rewritten.timestamp, 5000U + 42 * 90);
  EXPECT_FALSE(rewriter_.on_nack(40, at_ms(149), rtt, find).has_value()) << "under way";
  size_t answers = 1;
  for (int64_t ms = 150; ms < 10'000; ms += 50) {
    answers += rewriter_.on_nack(40, at_ms(ms), rtt, find).has_value() ? 1 : 0;
  }
  EXPECT_EQ(answers, 8U);
}

TEST_F(Rewriter, NackReachesBackOverASwitch) {
  const auto find = [this](uint32_t source, int64_t index) -> MediaPacketRef {
    return packet(index, source == 1 ? 1000 : 2000);
  };
  rewriter_.switch_to(1, *packet(10, 1000));
  (void)rewriter_.forward(1, *packet(10, 1000));
  rewriter_.switch_to(2, *packet(500, 2000), 1000 + 90);
  (void)rewriter_.forward(2, *packet(500, 2000));
  const auto old = rewriter_.on_nack(65534, kStart, milliseconds(1), find);
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->packet->index, 10);
  EXPECT_EQ(old->rewritten.timestamp, 5000U);
  EXPECT_EQ(rewriter_.on_nack(65535, kStart, milliseconds(1), find)->packet->index, 500);
}

TEST_F(Rewriter, ForwardingTakesNoMemory) {
  PacketHistory history(64, 1'000'000, seconds(10));
  std::vector<MediaPacketRef> packets;
  for (int64_t i = 0; i < 300; ++i) {
    packets.push_back(packet(i, i * 90));
  }
  rewriter_.switch_to(1, *packets[0]);
  (void)rewriter_.forward(1, *packets[0]);
  rewriter_.leave_out(*packets[2]);  // the first takes the memory for all
  millrace::testing::AllocationCounter::start();
  for (const MediaPacketRef& media : packets) {
    history.add(media);
    if (media->index % 3 == 2) {
      rewriter_.leave_out(*media);
    } else {
      (void)rewriter_.forward(1, *media);
    }
  }
  EXPECT_EQ(millrace::testing::AllocationCounter::stop(), 0U);
}

TEST(RetransmissionBudget, IsHalfOfWhatIsSent) {
  RetransmissionBudget budget;
  size_t again = 0;
  for (int i = 0; i < 10'000; ++i) {
    budget.on_sent(1000);
    again += budget.take(1000) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(again), 5000, 100);
}

TEST(SenderReports, FirstWithTheFirstPacketThenEachSecond) {
  SenderReports reports;
  EXPECT_FALSE(reports.is_due(kStart));
  reports.on_packet(100, kStart);
  std::vector<int64_t> times;
  for (int64_t ms = 0; ms <= 4000; ++ms) {
    if (reports.is_due(at_ms(ms))) {
      const SenderReport report = reports.make(7, 99, 5, at_ms(ms));
      EXPECT_EQ(report.packet_count, 1U);
      EXPECT_EQ(report.octet_count, 100U);
      times.push_back(ms);
    }
  }
  EXPECT_EQ(times, (std::vector<int64_t>{0, 250, 500, 750, 1000, 2000, 3000, 4000}));
}

TEST(MediaReference, CountsOnFromItsMoment) {
  const MediaReference reference{1000, kStart, 48000};
  EXPECT_EQ(reference.at(at_ms(20)), 1960);
  EXPECT_EQ(reference.at(at_ms(-20)), 40);
  EXPECT_EQ(reference.at(kStart + std::chrono::hours(24 * 365)),
            1000 + int64_t{48000} * 3600 * 24 * 365);
}

TEST(KeyFrameRequests, ManyBecomeOneAndAreRepeatedUntilServed) {
  KeyFrameRequests requests;
  std::vector<int64_t> sent;
  for (int64_t ms = 0; ms < 3000; ++ms) {
    if (ms < 100) {
      requests.request(at_ms(ms));
    }
    if (requests.poll(at_ms(ms))) {
      sent.push_back(ms);
    }
  }
  EXPECT_EQ(sent, (std::vector<int64_t>{0, 1000, 2000}));
  requests.on_random_access();
  EXPECT_FALSE(requests.poll(at_ms(9000)));
}

TEST(KeyFrameRequests, RequestsAreRateLimitedAndEndAtLast) {
  KeyFrameRequests requests;
  size_t sent = 0;
  for (int64_t ms = 0; ms < 10'000; ++ms) {
    requests.request(at_ms(ms));
    if (requests.poll(at_ms(ms))) {
      ++sent;
      requests.on_random_access();
    }
  }
  EXPECT_EQ(sent, 20U);
  requests.request(at_ms(20'000));
  sent = 0;
  for (int64_t ms = 20'000; ms < 60'000; ++ms) {
    sent += requests.poll(at_ms(ms)) ? 1 : 0;
  }
  EXPECT_EQ(sent, 10U) << "an encoder that never answers";
}

TEST(FullIntraRequestFilter, Rfc5104RepetitionsAreNoNewRequests) {
  FullIntraRequestFilter filter;
  EXPECT_TRUE(filter.is_new(0));
  EXPECT_FALSE(filter.is_new(0));
  EXPECT_TRUE(filter.is_new(1));
}

TEST(TransportSendHistory, ResultsComeOnceAndInOrder) {
  TransportSendHistory history(64);
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(history.on_packet(static_cast<size_t>(i + 1), at_ms(i)), i);
  }
  std::vector<uint8_t> room(500);
  ByteWriter writer(room);
  const std::vector<std::optional<int64_t>> arrivals{1000, {}, 1008};
  ASSERT_EQ(TransportFeedback::write(writer, 1, 2, 0, 90, arrivals), 3U);
  RtcpReader reader(writer.written());
  const auto feedback = TransportFeedback::parse(**reader.next());
  std::vector<PacketResult> results;
  history.on_feedback(*feedback, results);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].sent, at_ms(90));
  EXPECT_EQ(results[0].size_bytes, 91U);
  EXPECT_EQ(results[0].arrival, Duration(milliseconds(250)));
  EXPECT_FALSE(results[1].arrival.has_value());
  EXPECT_EQ(results[2].arrival, Duration(milliseconds(252)));
  history.on_feedback(*feedback, results);
  EXPECT_EQ(results.size(), 3U) << "the same message again";
}

TEST(TransportSendHistory, PacketsBeyondTheCapacityAreForgotten) {
  TransportSendHistory history(64);
  // Long before: times are kept in a few bits.
  for (int64_t i = 0; i < 70'000; ++i) {
    (void)history.on_packet(1200, at_ms(i * 100));
  }
  std::vector<uint8_t> room(500);
  ByteWriter writer(room);
  const std::vector<std::optional<int64_t>> arrivals(100, 1000);
  const auto first = static_cast<uint16_t>(70'000 - 100);
  ASSERT_EQ(TransportFeedback::write(writer, 1, 2, 0, first, arrivals), 100U);
  RtcpReader reader(writer.written());
  std::vector<PacketResult> results;
  history.on_feedback(*TransportFeedback::parse(**reader.next()), results);
  ASSERT_EQ(results.size(), 64U);
  EXPECT_EQ(results.front().sent, at_ms((70'000 - 64) * 100));
  EXPECT_EQ(results.back().sent, at_ms((70'000 - 1) * 100));
}

TEST(TransportSendHistory, NumbersThatWereNeverSentArePassedOver) {
  TransportSendHistory history(64);
  (void)history.on_packet(1, kStart);
  std::vector<uint8_t> room(500);
  ByteWriter writer(room);
  const std::vector<std::optional<int64_t>> arrivals(50, 1000);
  (void)TransportFeedback::write(writer, 1, 2, 0, 65000, arrivals);
  RtcpReader reader(writer.written());
  std::vector<PacketResult> results;
  history.on_feedback(*TransportFeedback::parse(**reader.next()), results);
  EXPECT_TRUE(results.empty());
}

}  // namespace
}  // namespace millrace::rtp
