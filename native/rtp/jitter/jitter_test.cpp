#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "rtp/jitter/nack_generator.hpp"
#include "rtp/jitter/receive_stream.hpp"
#include "rtp/jitter/reception_statistics.hpp"
#include "rtp/jitter/reorder_buffer.hpp"
#include "rtp/jitter/session_clock.hpp"
#include "rtp/jitter/transport_feedback_sender.hpp"
#include "rtp/rtcp/transport_feedback.hpp"

namespace millrace::rtp {
namespace {

constexpr Time kStart = Time(seconds(1000));

Time at_ms(int64_t ms) { return kStart + milliseconds(ms); }

TEST(ReceptionStatistics, Rfc3550A3CountsLossSinceTheLastReport) {
  ReceptionStatistics statistics(90000);
  for (int64_t i = 0; i < 100; ++i) {
    if (i % 4 != 3) {
      statistics.on_packet(65500 + i, 0, kStart);
    }
  }
  ReportBlock block = statistics.report(7, kStart);
  EXPECT_EQ(block.ssrc, 7U);
  EXPECT_EQ(block.cumulative_lost, 24);  // the last gap is not seen yet
  EXPECT_EQ(block.fraction_lost, 24 * 256 / 99);
  EXPECT_EQ(block.extended_highest_sequence_number, 65500U + 98);  // one cycle
  block = statistics.report(7, kStart);
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 24);
}

TEST(ReceptionStatistics, Rfc3550A3DuplicatesMakeTheLossNegative) {
  ReceptionStatistics statistics(90000);
  for (int i = 0; i < 3; ++i) {
    statistics.on_packet(1, 0, kStart);
  }
  EXPECT_EQ(statistics.report(7, kStart).cumulative_lost, -2);
  EXPECT_EQ(statistics.lost(), 0U);
}

TEST(ReceptionStatistics, Rfc3550A8JitterFollowsTheSpacing) {
  ReceptionStatistics even(1000);
  ReceptionStatistics uneven(1000);
  for (int64_t i = 0; i < 1000; ++i) {
    even.on_packet(i, static_cast<uint32_t>(i * 20), at_ms(i * 20));
    uneven.on_packet(i, static_cast<uint32_t>(i * 20), at_ms(i * 20 + i % 2 * 10));
  }
  EXPECT_EQ(even.report(1, kStart).jitter, 0U);
  EXPECT_NEAR(uneven.report(1, kStart).jitter, 10, 1);
}

TEST(ReceptionStatistics, Rfc3550RoundTripTimeByLsrAndDlsr) {
  ReceptionStatistics statistics(90000);
  const uint64_t sent = to_ntp(1'700'000'000'000'000);
  statistics.on_sender_report(sent, at_ms(30));
  const ReportBlock block = statistics.report(1, at_ms(530));
  EXPECT_EQ(block.last_sr, compact_ntp(sent));
  EXPECT_EQ(block.delay_since_last_sr, 32768U);
  const auto rtt = round_trip_time(block, to_ntp(1'700'000'000'560'000));
  ASSERT_TRUE(rtt.has_value());
  EXPECT_NEAR(std::chrono::duration<double>(*rtt).count(), 0.060, 0.001);
  EXPECT_FALSE(round_trip_time(ReportBlock{}, sent).has_value());
  const DelaySinceLastReference reference{1, block.last_sr, block.delay_since_last_sr};
  EXPECT_EQ(round_trip_time(reference, to_ntp(1'700'000'000'560'000)), rtt);
  EXPECT_FALSE(round_trip_time(block, to_ntp(1'700'000'000'000'000)).has_value()) << "negative";
}

std::vector<uint16_t> poll(NackGenerator& nack, Time now) {
  std::array<uint16_t, 64> out{};
  const size_t count = nack.poll(now, out);
  return {out.begin(), out.begin() + static_cast<ptrdiff_t>(count)};
}

TEST(NackGenerator, AsksAfterTheWaitAndOncePerRoundTrip) {
  NackGenerator nack;
  nack.set_round_trip_time(milliseconds(50));
  nack.on_packet(65534, at_ms(0));
  nack.on_packet(65538, at_ms(0));
  EXPECT_TRUE(poll(nack, at_ms(4)).empty()) << "it may only be late";
  EXPECT_EQ(nack.next_deadline(), at_ms(5));
  EXPECT_EQ(poll(nack, at_ms(5)), (std::vector<uint16_t>{65535, 0, 1}));
  nack.on_packet(65536, at_ms(20));
  EXPECT_TRUE(poll(nack, at_ms(54)).empty());
  EXPECT_EQ(poll(nack, at_ms(55)), (std::vector<uint16_t>{65535, 1}));
}

TEST(NackGenerator, GivesUpAfterItsTriesAndSaysSo) {
  NackOptions options;
  options.max_tries = 3;
  NackGenerator nack(options);
  nack.on_packet(1, at_ms(0));
  nack.on_packet(3, at_ms(0));
  size_t asked = 0;
  for (int64_t ms = 0; ms < 1000; ++ms) {
    asked += poll(nack, at_ms(ms)).size();
  }
  EXPECT_EQ(asked, 3U);
  EXPECT_EQ(nack.missing(), 0U);
  EXPECT_TRUE(nack.take_given_up());
  EXPECT_FALSE(nack.take_given_up());
}

TEST(NackGenerator, OutageIsNotAskedForPacketByPacket) {
  NackGenerator nack;
  nack.on_packet(1, at_ms(0));
  nack.on_packet(2000, at_ms(0));
  EXPECT_EQ(nack.missing(), 0U);
  EXPECT_TRUE(nack.take_given_up());
  nack.on_packet(2002, at_ms(0));
  EXPECT_EQ(nack.missing(), 1U) << "it goes on from there";
}

TEST(NackGenerator, RandomAccessPointMakesOldLossesForgotten) {
  NackGenerator nack;
  for (const int64_t index : {1, 3, 5, 7}) {
    nack.on_packet(index, at_ms(0));
  }
  nack.forget_before(6);
  EXPECT_EQ(poll(nack, at_ms(10)), (std::vector<uint16_t>{6}));
}

class ReorderBufferTest : public ::testing::Test {
 protected:
  ReorderBufferTest() { pool_.bind_to_this_thread(); }
  MediaPacketRef packet(int64_t index, Time arrival) {
    auto out = MediaPacket::make(pool_, 4);
    out->index = index;
    out->arrival = arrival;
    return out;
  }
  std::vector<int64_t> drain(ReorderBuffer& buffer, Time now) {
    std::vector<int64_t> out;
    while (const MediaPacketRef popped = buffer.pop(now)) {
      out.push_back(popped->index);
    }
    return out;
  }
  using Indices = std::vector<int64_t>;
  BlockPool pool_;
};

TEST_F(ReorderBufferTest, OrderIsPassedOnAtOnceAndGapsWait) {
  ReorderBuffer buffer(16, milliseconds(100));
  (void)buffer.insert(packet(5, at_ms(0)));
  EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{5}));
  (void)buffer.insert(packet(8, at_ms(10)));
  (void)buffer.insert(packet(7, at_ms(20)));
  EXPECT_EQ(drain(buffer, at_ms(20)), (Indices{}));
  EXPECT_EQ(buffer.next_deadline(), at_ms(120)) << "7 is the first behind the gap";
  (void)buffer.insert(packet(6, at_ms(30)));
  EXPECT_EQ(drain(buffer, at_ms(30)), (Indices{6, 7, 8}));
  EXPECT_EQ(buffer.lost(), 0U);
}

TEST_F(ReorderBufferTest, GapIsGivenUpAfterTheDelay) {
  ReorderBuffer buffer(16, milliseconds(100));
  (void)buffer.insert(packet(1, at_ms(0)));
  (void)buffer.insert(packet(4, at_ms(0)));
  EXPECT_EQ(drain(buffer, at_ms(99)), (Indices{1}));
  EXPECT_EQ(drain(buffer, at_ms(100)), (Indices{4}));
  EXPECT_EQ(buffer.lost(), 2U);
  EXPECT_EQ(buffer.insert(packet(3, at_ms(101))), ReorderBuffer::Inserted::kTooLate);
  EXPECT_FALSE(buffer.next_deadline().has_value());
}

TEST_F(ReorderBufferTest, DuplicatesAreToldWhereverTheyAre) {
  ReorderBuffer buffer(16, milliseconds(100));
  (void)buffer.insert(packet(1, at_ms(0)));
  (void)drain(buffer, at_ms(0));
  EXPECT_EQ(buffer.insert(packet(1, at_ms(0))), ReorderBuffer::Inserted::kTooLate);
  (void)buffer.insert(packet(3, at_ms(0)));
  EXPECT_EQ(buffer.insert(packet(3, at_ms(0))), ReorderBuffer::Inserted::kDuplicate);
}

TEST_F(ReorderBufferTest, SpanIsBounded) {
  ReorderBuffer buffer(8, seconds(1000));
  (void)buffer.insert(packet(0, at_ms(0)));
  (void)drain(buffer, at_ms(0));
  for (int64_t index = 2; index < 9; ++index) {  // 1 is lost
    (void)buffer.insert(packet(index, at_ms(0)));
    EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{}));
  }
  (void)buffer.insert(packet(9, at_ms(0)));
  EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{2, 3, 4, 5, 6, 7, 8, 9}));
  (void)buffer.insert(packet(1'000'000, at_ms(0)));
  EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{1'000'000}));
}

/// Room is made as gaps need it, whatever lies there already.
TEST_F(ReorderBufferTest, LongGapsLoseNothing) {
  for (int64_t first = 0; first < 40; ++first) {
    ReorderBuffer buffer(1024, seconds(1000));
    (void)buffer.insert(packet(first, at_ms(0)));
    EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{first}));
    Indices expected{first + 1};
    // The last comes first, then every third, then the rest; the one in front at the end.
    const auto insert = [&](int64_t index) {
      EXPECT_EQ(buffer.insert(packet(index, at_ms(0))), ReorderBuffer::Inserted::kYes);
      expected.push_back(index);
    };
    insert(first + 20);
    for (int64_t index = first + 4; index < first + 1024; index += 3) {
      if (index != first + 20) {
        insert(index);
      }
    }
    for (int64_t index = first + 2; index < first + 1024; ++index) {
      if ((index - first) % 3 != 1 && index != first + 20) {
        insert(index);
      }
    }
    EXPECT_EQ(drain(buffer, at_ms(0)), (Indices{}));
    EXPECT_EQ(buffer.insert(packet(first + 700, at_ms(0))), ReorderBuffer::Inserted::kDuplicate);
    (void)buffer.insert(packet(first + 1, at_ms(0)));
    std::ranges::sort(expected);
    EXPECT_EQ(drain(buffer, at_ms(0)), expected);
    EXPECT_EQ(buffer.lost(), 0U);
  }
}

TEST_F(ReorderBufferTest, EveryShuffleComesOutInOrder) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Indices order;
    for (int64_t i = 0; i < 200; ++i) {
      order.push_back(i);
    }
    // The first one stays: what comes before it would be too late.
    for (auto block = order.begin() + 1; block + 16 < order.end(); block += 16) {
      std::shuffle(block, block + 16, random);
    }
    ReorderBuffer buffer(32, seconds(10));
    Indices out;
    for (const int64_t index : order) {
      (void)buffer.insert(packet(index, at_ms(0)));
      const Indices popped = drain(buffer, at_ms(0));
      out.insert(out.end(), popped.begin(), popped.end());
    }
    EXPECT_TRUE(std::ranges::is_sorted(out));
    EXPECT_EQ(out.size(), order.size());
  }
}

class ReceiveStreamTest : public ::testing::Test {
 protected:
  ReceiveStreamTest() { pool_.bind_to_this_thread(); }
  MediaPacketRef receive(uint16_t sequence_number,
                         ReceiveStream::Source source = ReceiveStream::Source::kOriginal) {
    RtpPacket packet;
    packet.sequence_number = sequence_number;
    packet.timestamp = sequence_number * 960U;
    const std::array<uint8_t, 3> payload{0xfc, 1, 2};
    packet.payload = payload;
    auto out = stream_.receive(packet, {}, source, kStart);
    while (const auto popped = stream_.pop(kStart)) {
      popped_.push_back(popped->index);
    }
    return out;
  }
  static ReceiveStreamOptions options() {
    ReceiveStreamOptions out;
    out.codec = CodecId::kOpus;
    out.clock_rate = 48000;
    out.nack = true;
    return out;
  }

  BlockPool pool_;
  ReceiveStream stream_{pool_, options()};
  std::vector<int64_t> popped_;
};

TEST_F(ReceiveStreamTest, PacketsAreForwardedAtOnceAndPoppedInOrder) {
  EXPECT_EQ(receive(65535)->index, 65535);
  EXPECT_EQ(receive(1)->index, 65537);
  EXPECT_EQ(popped_, (std::vector<int64_t>{65535}));
  std::array<uint16_t, 8> lost{};
  EXPECT_EQ(stream_.poll_nack(kStart + milliseconds(10), lost), 1U);
  EXPECT_EQ(lost[0], 0);
  EXPECT_EQ(receive(0, ReceiveStream::Source::kRetransmission)->index, 65536);
  EXPECT_EQ(popped_, (std::vector<int64_t>{65535, 65536, 65537}));
  EXPECT_EQ(receive(0), nullptr) << "the original came late";
  EXPECT_EQ(stream_.counters().retransmissions, 1U);
}

TEST_F(ReceiveStreamTest, Rfc3550A1JumpNeedsASecondPacket) {
  EXPECT_NE(receive(100), nullptr);
  EXPECT_EQ(receive(30000), nullptr);
  EXPECT_NE(receive(101), nullptr) << "it was a stray";
  EXPECT_EQ(receive(50000), nullptr);
  const auto restarted = receive(50001);
  ASSERT_NE(restarted, nullptr);
  EXPECT_EQ(restarted->index, 104);
  const auto first = stream_.take_confirmed();
  ASSERT_NE(first, nullptr) << "the first of the restart is not lost";
  EXPECT_EQ(first->index, 103);
  EXPECT_EQ(stream_.take_confirmed(), nullptr);
  EXPECT_EQ(popped_.back(), 104) << "nobody waits for what lies between the two";
  EXPECT_EQ(receive(50002)->index, 105);
  EXPECT_EQ(stream_.counters().restarts, 1U);
}

TEST_F(ReceiveStreamTest, RetransmissionsAloneAreNoStream) {
  EXPECT_EQ(receive(5, ReceiveStream::Source::kRetransmission), nullptr);
}

TEST_F(ReceiveStreamTest, SteadyStateTakesNoMemory) {
  for (uint16_t i = 0; i < 100; ++i) {
    (void)receive(i);
  }
  popped_.reserve(10'000);
  millrace::testing::AllocationCounter::start();
  for (uint16_t i = 100; i < 2000; ++i) {
    (void)receive(i);
  }
  EXPECT_EQ(millrace::testing::AllocationCounter::stop(), 0U);
}

TEST(SessionClock, StartsAtOnceAndWithoutReportsGoesByArrival) {
  SessionClock clock;
  const size_t video = clock.add_track(TrackKind::kVideo, 90000);
  const size_t audio = clock.add_track(TrackKind::kAudio, 48000);
  EXPECT_EQ(clock.time_of(video, 1'000'000, at_ms(0)), MediaTime(0));
  EXPECT_EQ(clock.time_of(audio, 77, at_ms(30)), MediaTime(30'000));
  EXPECT_EQ(clock.time_of(video, 1'009'000, at_ms(150)), MediaTime(100'000));
  EXPECT_EQ(clock.time_of(audio, 77 + 4800, at_ms(150)), MediaTime(130'000));
}

TEST(SessionClock, Rfc3550ReportsMoveVideoSmoothlyToTheAudio) {
  SessionClock clock;
  const size_t video = clock.add_track(TrackKind::kVideo, 90000);
  const size_t audio = clock.add_track(TrackKind::kAudio, 48000);
  // Both were captured at the same time, but the first video packet took 200 ms longer.
  (void)clock.time_of(audio, 0, at_ms(0));
  (void)clock.time_of(video, 0, at_ms(200));
  const uint64_t ntp = to_ntp(1'700'000'000'000'000);
  clock.on_sender_report(audio, ntp, 0);
  clock.on_sender_report(video, ntp, 0);
  MediaTime last(200'000);
  for (int64_t frame = 1; frame <= 200; ++frame) {
    const MediaTime time = clock.time_of(video, frame * 3600, at_ms(200 + frame * 40));
    EXPECT_GT(time, last);
    EXPECT_LE(std::chrono::abs(time - last - milliseconds(40)), milliseconds(2));
    last = time;
  }
  EXPECT_EQ(last, MediaTime(200 * 40'000)) << "as the audio of the same moment";
  EXPECT_EQ(clock.time_of(audio, 200 * 1920, at_ms(8000)), MediaTime(8'000'000));
  // Reports to viewers say the same.
  EXPECT_EQ(clock.moment_of(video, 200 * 3600, at_ms(8200)), at_ms(8000));
  EXPECT_EQ(clock.moment_of(audio, 200 * 1920, at_ms(8000)), at_ms(8000));
}

TEST(SessionClock, ReportsThatMakeNoSenseChangeNothing) {
  SessionClock clock;
  const size_t video = clock.add_track(TrackKind::kVideo, 90000);
  const size_t audio = clock.add_track(TrackKind::kAudio, 48000);
  clock.on_sender_report(video, 5, 0);  // before the first packet
  (void)clock.time_of(audio, 0, at_ms(0));
  (void)clock.time_of(video, 0, at_ms(0));
  clock.on_sender_report(audio, to_ntp(1'700'000'000'000'000), 0);
  clock.on_sender_report(video, 0, 0);
  clock.on_sender_report(video, to_ntp(1'600'000'000'000'000), 0);
  EXPECT_EQ(clock.time_of(video, 90000, at_ms(1000)), MediaTime(1'000'000));
}

TEST(DecodingTimes, AreThePresentationTimesWithoutReordering) {
  DecodingTimes times;
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(times.next(MediaTime(i * 40'000)), MediaTime(i * 40'000));
  }
}

TEST(DecodingTimes, LieBehindReorderedPicturesOnceTheDepthIsKnown) {
  DecodingTimes times;
  // I P B B P B B ..., in decoding order; times in pictures.
  std::vector<int64_t> pts{0};
  for (int64_t i = 3; i < 90; i += 3) {
    pts.insert(pts.end(), {i, i - 2, i - 1});
  }
  MediaTime last(-1);
  for (size_t i = 0; i < pts.size(); ++i) {
    const MediaTime time(pts[i] * 40'000);
    const MediaTime dts = times.next(time);
    EXPECT_GE(dts, last);
    if (i >= 8) {
      EXPECT_LE(dts, time) << i;
      EXPECT_GT(dts, last) << i;
    }
    last = dts;
  }
}

TEST(DecodingTimes, JumpsOfTheClockAreNoReordering) {
  DecodingTimes times;
  EXPECT_EQ(times.next(MediaTime(0)), MediaTime(0));
  EXPECT_EQ(times.next(seconds(100)), seconds(100));
  EXPECT_EQ(times.next(MediaTime(0)), seconds(100)) << "never back";
}

using Arrivals = std::vector<std::optional<int64_t>>;

TEST(TransportFeedbackSender, ReportsEveryPacketOnceLossesIncluded) {
  TransportFeedbackSender sender(milliseconds(100));
  std::vector<uint8_t> room(1200);
  Arrivals reported;
  std::optional<uint16_t> next;
  std::mt19937 random(1);
  Arrivals expected;
  for (int64_t i = 0; i < 5000; ++i) {
    const Time now = kStart + microseconds(i * 1000);
    const bool lost = i != 0 && i != 4999 && random() % 10 == 0;
    if (!lost) {
      sender.on_packet(static_cast<uint16_t>(i + 65000), now);
    }
    expected.emplace_back(lost ? std::optional<int64_t>() : i * 4);
    for (bool last = i == 4999; true;) {
      ByteWriter writer(room);
      if (!sender.poll(last ? now + seconds(1) : now, 1, 2, writer)) {
        break;
      }
      RtcpReader reader(writer.written());
      const auto packet = reader.next();
      ASSERT_TRUE(packet.ok() && packet.value());
      const auto feedback = TransportFeedback::parse(**packet);
      ASSERT_TRUE(feedback.ok());
      if (next) {
        EXPECT_EQ(feedback->base_sequence_number, *next);
      }
      feedback->for_each([&](uint16_t number, std::optional<int64_t> arrival) {
        reported.push_back(arrival);
        next = static_cast<uint16_t>(number + 1);
      });
    }
  }
  EXPECT_EQ(reported, expected);
}

}  // namespace
}  // namespace millrace::rtp
