#include "rtp/jitter/received_times.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "rtp/jitter/receive_stream.hpp"
#include "rtp/packet/red.hpp"

namespace millrace::rtp {
namespace {

constexpr int64_t kFrame = 960;

ReceivedTimes::Entry at(int64_t index) { return {index, 5000 + index * kFrame}; }
int64_t time_of_place(int64_t index) { return at(index).timestamp; }

TEST(ReceivedTimes, PlaceBetweenTwoNeighboursIsThatOfTheOneThatIsMissing) {
  ReceivedTimes times;
  times.add(at(10));
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(12)), 11);
  // A pause before it, or after it: there is still one place only.
  EXPECT_EQ(times.missing_at(time_of_place(10) + 1, 0, at(12)), 11);
}

TEST(ReceivedTimes, PlaceAmongSeveralIsToldByTime) {
  ReceivedTimes times;
  times.add(at(10));
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(14)), 11);
  EXPECT_EQ(times.missing_at(time_of_place(13), kFrame, at(14)), 13);
  EXPECT_EQ(times.missing_at(time_of_place(13), 0, at(14)), std::nullopt);
  auto after_a_pause = at(14);
  after_a_pause.timestamp += 4801;
  EXPECT_EQ(times.missing_at(time_of_place(13) + 4801, kFrame, after_a_pause), 13);
  EXPECT_EQ(times.missing_at(time_of_place(13) + 4800, kFrame * 5, after_a_pause), std::nullopt)
      << "it may be each of the three";
}

TEST(ReceivedTimes, WhatIsHereIsNotMissing) {
  ReceivedTimes times;
  for (const int64_t index : {10, 11, 12, 14}) {
    times.add(at(index));
  }
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(15)), std::nullopt);
  EXPECT_EQ(times.missing_at(time_of_place(13), kFrame, at(15)), 13);
  EXPECT_EQ(times.missing_at(time_of_place(11) + 5, kFrame, at(15)), std::nullopt)
      << "no number is left between the two";
  EXPECT_EQ(times.missing_at(time_of_place(15), kFrame, at(15)), std::nullopt) << "the carrier";
  EXPECT_EQ(times.missing_at(time_of_place(16), kFrame, at(15)), std::nullopt);
}

TEST(ReceivedTimes, WithoutAnEarlierNeighbourThereIsNoPlace) {
  ReceivedTimes times;
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(12)), std::nullopt);
  times.add(at(12));
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(13)), std::nullopt);
  times.add(at(12 - ReceivedTimes::kReach));
  EXPECT_EQ(times.missing_at(time_of_place(11), kFrame, at(13)), std::nullopt) << "too far back";
}

TEST(ReceivedTimes, ChromiumPaddingHasNumbersOfItsOwnAndTheTimeBeforeIt) {
  const auto padding = [](int64_t index, int64_t place) {
    return ReceivedTimes::Entry{index, time_of_place(place), true};
  };
  const auto media = [](int64_t index, int64_t place) {
    return ReceivedTimes::Entry{index, time_of_place(place)};
  };
  ReceivedTimes times;
  times.add(media(100, 0));
  times.add(padding(101, 0));
  // 102 is missing.
  times.add(padding(103, 1));
  EXPECT_EQ(times.missing_at(time_of_place(1), kFrame, media(104, 2)), 102);
  times.add(media(104, 2));
  // 105, 106 and 107 are missing, one of them of media.
  times.add(padding(108, 3));
  EXPECT_EQ(times.missing_at(time_of_place(3), kFrame, media(109, 4)), 107);
  times.add(media(109, 4));
  EXPECT_EQ(times.missing_at(time_of_place(5), kFrame, media(113, 6)), 110);
}

class RedundancyTest : public ::testing::Test {
 protected:
  RedundancyTest() { pool_.bind_to_this_thread(); }

  /// A packet with copies of the `depth` packets before it, as Ingest takes it apart.
  void receive(int place, int depth) {
    const auto number = static_cast<uint16_t>(place);
    RtpPacket packet;
    packet.sequence_number = number;
    packet.timestamp = time_of(number);
    for (int back = depth; back > 0; --back) {
      const auto before = static_cast<uint16_t>(number - back);
      if (const auto missing = stream_->missing_at(packet, time_of(before), payload_of(before))) {
        EXPECT_EQ(*missing, before);
        RtpPacket copy;
        copy.sequence_number = *missing;
        copy.timestamp = time_of(before);
        take(copy, ReceiveStream::Source::kRedundancy);
      }
    }
    take(packet, ReceiveStream::Source::kOriginal);
  }
  void take(RtpPacket packet, ReceiveStream::Source source) {
    const auto payload = payload_of(packet.sequence_number);
    packet.payload = payload;
    if (const auto kept = stream_->receive(packet, {}, source, kStart)) {
      EXPECT_TRUE(forwarded_.emplace(kept->index, kept->timestamp).second) << "twice";
    }
    while (const auto popped = stream_->pop(kStart)) {
      popped_.push_back(popped->index);
    }
  }
  static std::array<uint8_t, 3> payload_of(uint16_t number) {
    return {0xfc, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  }
  static uint32_t time_of(uint16_t number) {
    return kZero + static_cast<uint32_t>(static_cast<uint16_t>(number - kFirst) * kFrame);
  }
  static ReceiveStreamOptions options() {
    ReceiveStreamOptions out;
    out.codec = CodecId::kOpus;
    out.clock_rate = 48000;
    out.redundancy = true;
    out.max_reorder_packets = 64;
    return out;
  }

  static constexpr uint16_t kFirst = 65'500;      // the number wraps soon
  static constexpr uint32_t kZero = 0xffff'0000;  // and so does the time
  static constexpr Time kStart = Time(seconds(100));
  BlockPool pool_;
  std::unique_ptr<ReceiveStream> stream_ = std::make_unique<ReceiveStream>(pool_, options());
  std::map<int64_t, int64_t> forwarded_;  // timestamps by index
  std::vector<int64_t> popped_;
};

TEST_F(RedundancyTest, LostPacketComesBeforeTheOneThatBringsIt) {
  receive(kFirst, 1);
  receive(kFirst + 2, 1);
  EXPECT_EQ(popped_, (std::vector<int64_t>{65'500, 65'501, 65'502}));
  EXPECT_EQ(stream_->counters().recovered, 1U);
  receive(kFirst + 1, 1);
  EXPECT_EQ(forwarded_.size(), 3U) << "the original came late";
  EXPECT_EQ(stream_->report(1, kStart).cumulative_lost, 0) << "it was not lost, only late";
}

TEST_F(RedundancyTest, LateCarrierStillFillsItsGap) {
  receive(kFirst, 1);
  receive(kFirst + 3, 1);  // brings 2
  EXPECT_EQ(popped_, (std::vector<int64_t>{65'500}));
  receive(kFirst + 2, 1);  // is here already, and brings 1
  EXPECT_EQ(popped_, (std::vector<int64_t>{65'500, 65'501, 65'502, 65'503}));
}

TEST_F(RedundancyTest, WhateverTheNetworkDoesEachPacketComesOnceAndInItsPlace) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    stream_ = std::make_unique<ReceiveStream>(pool_, options());
    forwarded_.clear();
    popped_.clear();
    std::mt19937 random(seed);
    std::vector<int> order;
    for (int i = 0; i < 400; ++i) {
      if (i == 0 || random() % 5 != 0) {
        order.push_back(kFirst + i);
      }
    }
    for (size_t i = 1; i + 4 < order.size(); i += 4) {
      std::shuffle(order.begin() + static_cast<ptrdiff_t>(i),
                   order.begin() + static_cast<ptrdiff_t>(i + 4), random);
    }
    for (const int place : order) {
      receive(place, 2);
    }
    for (const auto& [index, timestamp] : forwarded_) {
      EXPECT_EQ(timestamp, int64_t{kZero} + (index - kFirst) * kFrame);
    }
    EXPECT_TRUE(std::ranges::is_sorted(popped_));
    EXPECT_GT(forwarded_.size(), order.size() + 60) << "of 80 that were lost";
  }
}

TEST_F(RedundancyTest, PacketThatWasGivenANeighboursNumberDoesNotComeTwice) {
  receive(kFirst, 1);
  // Numbers 1 to 3 are missing: two of padding, then the packet of which a copy comes in number 4.
  RtpPacket carrier;
  carrier.sequence_number = kFirst + 4;
  carrier.timestamp = time_of(kFirst + 2);
  const auto copied = payload_of(kFirst + 1);
  const auto missing = stream_->missing_at(carrier, time_of(kFirst + 1), copied);
  ASSERT_EQ(missing, kFirst + 1);
  RtpPacket copy;
  copy.sequence_number = *missing;
  copy.timestamp = time_of(kFirst + 1);
  take(copy, ReceiveStream::Source::kRedundancy);
  take(carrier, ReceiveStream::Source::kOriginal);
  copy.sequence_number = kFirst + 3;  // the original, late
  copy.payload = copied;
  const auto late = stream_->receive(copy, {}, ReceiveStream::Source::kOriginal, kStart);
  ASSERT_NE(late, nullptr) << "its number would be waited for";
  EXPECT_TRUE(late->payload().empty());
}

TEST_F(RedundancyTest, JumpThatNobodyConfirmedBringsNothing) {
  receive(kFirst, 1);
  receive(kFirst + 10'000, 1);
  EXPECT_EQ(forwarded_.size(), 1U);
  receive(kFirst + 10'001, 1);
  EXPECT_EQ(stream_->counters().restarts, 1U);
  EXPECT_EQ(stream_->counters().recovered, 0U);
}

}  // namespace
}  // namespace millrace::rtp
