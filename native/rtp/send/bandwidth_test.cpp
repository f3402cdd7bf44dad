#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "rtp/send/bandwidth_estimator.hpp"
#include "rtp/send/bandwidth_probe.hpp"
#include "rtp/send/layer_selector.hpp"

namespace millrace::rtp {
namespace {

constexpr Time kStart = Time(seconds(1000));

Time at_ms(int64_t ms) { return kStart + milliseconds(ms); }

/// An estimator behind a bottleneck with a queue of 64 KB, told each 50 ms of what has arrived.
class Bottleneck {
 public:
  explicit Bottleneck(const BandwidthEstimator::Options& options = {}) : estimator(options) {}

  uint64_t link_bps = 100'000'000;
  double loss = 0;
  int64_t delay_us = 20'000;
  int64_t jitter_us = 0;  // up to so much more
  int64_t stall_ms = 0;   // of each two seconds nothing comes for so long, then all

  /// Packets of 1200 bytes at `send_bps`.
  void run(uint64_t send_bps, int64_t duration_ms) {
    for (const int64_t end = at_ + duration_ms; at_ < end; at_ += 5) {
      to_send_bits_ += static_cast<int64_t>(send_bps) * 5 / 1000;
      for (; to_send_bits_ >= 9600; to_send_bits_ -= 9600) {
        send();
      }
      tell();
    }
  }
  void send() {
    sent_bytes += 1200;
    PacketResult result{at_ms(at_), std::nullopt, 1200};
    lost_ += loss;
    const int64_t queued_us = std::max<int64_t>(free_at_us_ - at_ * 1000, 0);
    if (lost_ >= 1) {
      lost_ -= 1;
    } else if (queued_us * static_cast<int64_t>(link_bps) / 8'000'000 < 64'000) {
      free_at_us_ = std::max(free_at_us_, at_ * 1000) +
                    int64_t{9600} * 1'000'000 / static_cast<int64_t>(link_bps);
      random_ = random_ * 1'103'515'245 + 12'345;
      int64_t arrival_us = free_at_us_ + delay_us;
      arrival_us += jitter_us == 0 ? 0 : static_cast<int64_t>(random_ >> 8) % jitter_us;
      const int64_t in_stall_us = stall_ms * 1000 - arrival_us % 2'000'000;
      result.arrival = microseconds(arrival_us + std::max<int64_t>(in_stall_us, 0));
    }
    under_way_.push_back(result);
  }
  [[nodiscard]] Time now() const { return at_ms(at_); }
  [[nodiscard]] double ceiling() const {
    return static_cast<double>(estimator.ceiling_bps().value_or(0));
  }

  BandwidthEstimator estimator;
  BandwidthProbe probe;
  uint64_t sent_bytes = 0;

 private:
  void tell() {
    if (at_ % 50 != 45) {
      return;
    }
    const Duration now = microseconds(at_ * 1000);
    std::vector<PacketResult> results;
    while (!under_way_.empty() && under_way_.front().arrival.value_or(now) <= now) {
      results.push_back(under_way_.front());
      under_way_.pop_front();
    }
    estimator.on_results(results, this->now());
    for (const PacketResult& result : results) {
      probe.on_result(result);
    }
  }

  std::deque<PacketResult> under_way_;
  uint32_t random_ = 1;
  int64_t at_ = 0;
  int64_t free_at_us_ = 0;
  int64_t to_send_bits_ = 0;
  double lost_ = 0;
};

TEST(BandwidthEstimator, KnowsOfNoCeilingWhileTheLinkIsFree) {
  Bottleneck link;
  link.run(2'000'000, 20'000);
  EXPECT_FALSE(link.estimator.ceiling_bps());
  EXPECT_EQ(link.estimator.proven_bps(link.now()), 0U);
  EXPECT_NEAR(static_cast<double>(link.estimator.acknowledged_bps()), 2'000'000, 100'000);
}

TEST(BandwidthEstimator, FindsWhatTheLinkTakesWithinASecond) {
  Bottleneck link;
  link.run(2'000'000, 5000);
  link.link_bps = 1'000'000;
  link.run(2'000'000, 800);
  EXPECT_TRUE(link.estimator.is_congested(link.now()));
  EXPECT_LT(link.ceiling(), 1'000'000);
  EXPECT_GT(link.ceiling(), 700'000);
}

TEST(BandwidthEstimator, BurstOfAKeyFrameIsNoQueueThatStands) {
  Bottleneck link;
  link.link_bps = 5'000'000;
  for (int i = 0; i < 20; ++i) {
    link.run(1'000'000, 1000);
    for (int n = 0; n < 50; ++n) {
      link.send();
    }
  }
  EXPECT_FALSE(link.estimator.ceiling_bps());
}

TEST(BandwidthEstimator, FollowsTheSenderThatFollowsIt) {
  Bottleneck link;
  link.link_bps = 1'500'000;
  double sum = 0;
  for (int i = 0; i < 600; ++i) {
    const uint64_t rate =
        std::min<uint64_t>(link.estimator.ceiling_bps().value_or(3'000'000), 3'000'000);
    link.run(rate, 100);
    sum += i >= 300 ? static_cast<double>(rate) / 300 : 0;
  }
  EXPECT_GT(sum, 1'200'000);
  EXPECT_LT(sum, 1'600'000);
}

TEST(BandwidthEstimator, QueueThatDrainsIsOfThePast) {
  Bottleneck link;
  link.link_bps = 550'000;
  link.run(2'000'000, 1500);
  EXPECT_TRUE(link.estimator.is_congested(link.now()));
  link.run(420'000, 2500);
  EXPECT_FALSE(link.estimator.is_congested(link.now()));
  EXPECT_FALSE(link.estimator.is_clear(link.now())) << "but no time for a probe";
  link.run(420'000, 3000);
  EXPECT_TRUE(link.estimator.is_clear(link.now()));
}

TEST(BandwidthEstimator, CeilingGrowsAgainAsFarAsItMay) {
  Bottleneck link({50'000, 1.5});
  link.link_bps = 500'000;
  link.run(2'000'000, 2000);
  link.link_bps = 100'000'000;
  link.run(400'000, 60'000);
  EXPECT_NEAR(link.ceiling(), 600'000, 30'000) << "1.5 times what was tried";
}

TEST(BandwidthEstimator, LossLowersAndNeverStarves) {
  Bottleneck link;
  link.loss = 0.05;
  link.run(1'000'000, 10'000);
  EXPECT_FALSE(link.estimator.ceiling_bps()) << "5 % is for retransmissions to mend";
  link.loss = 0.12;
  link.run(1'000'000, 60'000);
  EXPECT_GT(link.ceiling(), 700'000);
  EXPECT_LT(link.ceiling(), 1'000'000);
  EXPECT_FALSE(link.estimator.is_congested(link.now()));
  link.loss = 0.4;
  link.run(1'000'000, 5000);
  EXPECT_TRUE(link.estimator.is_congested(link.now()));
}

TEST(BandwidthEstimator, PathThatBecomesLongerIsTakenForFullNotForLong) {
  Bottleneck link;
  link.run(1'000'000, 5000);
  link.delay_us = 150'000;
  link.run(1'000'000, 1000);
  EXPECT_TRUE(link.estimator.is_congested(link.now()));
  link.run(1'000'000, 40'000);
  EXPECT_FALSE(link.estimator.is_congested(link.now()));
  EXPECT_GT(link.ceiling(), 1'000'000);
}

TEST(BandwidthEstimator, ReceiverEstimateIsALimit) {
  BandwidthEstimator estimator;
  EXPECT_FALSE(estimator.ceiling_bps());
  estimator.on_receiver_estimate(300'000);
  EXPECT_EQ(estimator.ceiling_bps(), 300'000U);
  estimator.on_receiver_estimate(1000);
  EXPECT_EQ(estimator.ceiling_bps(), 50'000U) << "never below the least";
}

TEST(BandwidthEstimator, ProbesRefuteAndFindCeilings) {
  BandwidthEstimator estimator;
  estimator.on_probe_limited(600'000);
  EXPECT_EQ(estimator.ceiling_bps(), 600'000U);
  estimator.on_probe_passed(500'000, kStart);
  EXPECT_EQ(estimator.ceiling_bps(), 600'000U);
  estimator.on_probe_passed(900'000, kStart);
  EXPECT_FALSE(estimator.ceiling_bps());
  EXPECT_EQ(estimator.proven_bps(at_ms(9000)), 900'000U);
  EXPECT_EQ(estimator.proven_bps(at_ms(11'000)), 0U) << "too long ago";
}

TEST(BandwidthEstimator, JitterAndStallsOfAWirelessLinkAreNoQueue) {
  for (const int64_t stall_ms : {0, 150, 250}) {
    Bottleneck link;
    link.jitter_us = 50'000;
    link.stall_ms = stall_ms;
    link.run(500'000, 60'000);
    EXPECT_FALSE(link.estimator.ceiling_bps()) << stall_ms;
  }
}

/// A sender of 400 kbit/s that probes for 1 Mbit/s.
class BandwidthProbeTest : public ::testing::Test {
 protected:
  BandwidthProbeTest() { link_.run(400'000, 2000); }
  /// @return what became of a probe; nullopt when none begins within `ms`.
  std::optional<BandwidthProbe::Outcome> probe(int64_t ms, uint64_t wanted_bps = 1'000'000) {
    for (const Time end = link_.now() + milliseconds(ms); link_.now() < end;) {
      if (link_.probe.begin(wanted_bps, 400'000, link_.sent_bytes, link_.now())) {
        began_ = link_.now();
        const uint64_t before = link_.sent_bytes;
        while (link_.probe.is_sending(link_.now())) {
          for (size_t due = link_.probe.pad_bytes(link_.sent_bytes, link_.now()); due >= 1200;
               due -= 1200) {
            link_.send();
          }
          link_.run(400'000, 5);
        }
        probed_bytes_ = link_.sent_bytes - before;
        for (;;) {
          if (const auto outcome = link_.probe.poll(milliseconds(40), link_.now())) {
            return outcome;
          }
          link_.run(400'000, 5);
        }
      }
      link_.run(400'000, 5);
    }
    return std::nullopt;
  }
  Bottleneck link_;
  Time began_{};
  uint64_t probed_bytes_ = 0;
};

TEST_F(BandwidthProbeTest, FindsThatThePathTakesMore) {
  const auto outcome = probe(1000);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->passed);
  EXPECT_NEAR(static_cast<double>(outcome->rate_bps), 1'000'000, 150'000);
  EXPECT_LE(probed_bytes_, 27'000U) << "200 ms of 1 Mbit/s";
}

TEST_F(BandwidthProbeTest, FindsWhatALimitedPathTakes) {
  link_.link_bps = 600'000;
  const auto outcome = probe(1000);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->passed);
  EXPECT_NEAR(static_cast<double>(outcome->rate_bps), 570'000, 60'000);
}

TEST_F(BandwidthProbeTest, TriesThreeTimesWhatIsKnownAtMost) {
  const auto outcome = probe(1000, 50'000'000);
  ASSERT_TRUE(outcome);
  EXPECT_NEAR(static_cast<double>(outcome->rate_bps), 1'200'000, 150'000);
}

TEST_F(BandwidthProbeTest, WaitsLongerAfterEachThatDidNotPass) {
  link_.link_bps = 600'000;
  std::vector<int64_t> waits;
  for (int i = 0; i < 5; ++i) {
    const Time before = link_.now();
    ASSERT_TRUE(probe(20'000));
    waits.push_back(duration_cast<milliseconds>(began_ - before).count());
  }
  EXPECT_EQ(waits, (std::vector<int64_t>{0, 3000, 6000, 12'000, 12'000}));
  EXPECT_FALSE(probe(20'000, 0)) << "nothing is wanted";
}

TEST_F(BandwidthProbeTest, WithoutFeedbackNothingIsFound) {
  link_.loss = 1;
  const auto outcome = probe(1000);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->passed);
  EXPECT_EQ(outcome->rate_bps, 0U);
}

class LayerSelectorTest : public ::testing::Test {
 protected:
  /// Layer after `seconds` at this estimate; -1 for none.
  int run(uint64_t estimate_bps, int64_t seconds, size_t wanted = 2) {
    std::optional<size_t> layer;
    for (int64_t i = 0; i < seconds * 10; ++i, at_ += 100) {
      layer = selector_.choose(rates_, {estimate_bps, estimate_bps, false}, wanted, at_ms(at_));
    }
    return layer ? static_cast<int>(*layer) : -1;
  }
  LayerSelector selector_;
  std::vector<uint64_t> rates_{200'000, 700'000, 2'500'000};
  int64_t at_ = 0;
};

TEST_F(LayerSelectorTest, BeginsWithWhatFitsAndGoesUpStepByStep) {
  EXPECT_EQ(run(1'000'000, 1), 1);
  EXPECT_EQ(run(5'000'000, 1), 1) << "not at once";
  EXPECT_EQ(run(5'000'000, 2), 2);
}

TEST_F(LayerSelectorTest, GoesDownAtOnce) {
  EXPECT_EQ(run(5'000'000, 1), 2);
  (void)selector_.choose(rates_, {500'000, 500'000, false}, 2, at_ms(at_));
  EXPECT_EQ(selector_.layer(), 0U);
}

TEST_F(LayerSelectorTest, StepThatFailsIsNotTriedAgainSoon) {
  EXPECT_EQ(run(1'000'000, 20), 1);
  int steps_up = 0;
  for (int i = 0; i < 60; ++i) {  // a minute in which the upper layer fits only until it is tried
    const int before = selector_.layer() == 2 ? 2 : 1;
    const int after = run(before == 2 ? 1'000'000 : 3'500'000, 1);
    steps_up += before == 1 && after == 2 ? 1 : 0;
  }
  EXPECT_GE(steps_up, 2);
  EXPECT_LE(steps_up, 4);
}

TEST_F(LayerSelectorTest, NoVideoWhenNotEvenHalfOfTheLowestFits) {
  EXPECT_EQ(run(150'000, 5), 0) << "a little too much is left to the queue";
  EXPECT_EQ(run(80'000, 1), 0);
  EXPECT_EQ(run(80'000, 3), -1);
  EXPECT_EQ(run(80'000, 30), -1);
  EXPECT_EQ(run(300'000, 1), 0);
}

TEST_F(LayerSelectorTest, LayersThatAreNotThereAreStepsNobodyTakes) {
  rates_ = {200'000, 0, 2'500'000};
  EXPECT_EQ(run(1'000'000, 5), 0);
  EXPECT_EQ(run(9'000'000, 5), 2);
  rates_ = {200'000, 0, 0};
  EXPECT_EQ(run(9'000'000, 1), 0);
  rates_ = {0, 0, 0};
  EXPECT_EQ(run(9'000'000, 1), -1);
  rates_ = {200'000, 700'000, 2'500'000};
  EXPECT_EQ(run(9'000'000, 1, 0), 0) << "the viewer wants no more";
}

TEST_F(LayerSelectorTest, StepsUpOnlyToWhatIsProven) {
  const auto step = [this](uint64_t proven_bps) {
    (void)selector_.choose(rates_, {UINT64_MAX, proven_bps, false}, 2, at_ms(at_));
    at_ += 2000;
    return selector_.choose(rates_, {UINT64_MAX, proven_bps, false}, 2, at_ms(at_));
  };
  (void)selector_.choose(rates_, {1'000'000, 0, false}, 2, at_ms(at_));
  EXPECT_EQ(step(0), 1U);
  EXPECT_EQ(selector_.needed_bps(), 3'000'000U);
  EXPECT_EQ(step(2'900'000), 1U);
  EXPECT_EQ(step(3'100'000), 2U);
  EXPECT_EQ(selector_.needed_bps(), 0U) << "there is nothing above";
}

TEST_F(LayerSelectorTest, NoVideoWhenThePathStaysTooFullForTheLowest) {
  const auto run = [this](bool congested) {
    for (int i = 0; i < 30; ++i, at_ += 100) {
      (void)selector_.choose(rates_, {180'000, 0, congested}, 2, at_ms(at_));
    }
    return selector_.layer();
  };
  EXPECT_EQ(run(false), 0U);
  EXPECT_EQ(run(true), std::nullopt);
  EXPECT_EQ(run(false), std::nullopt);
  EXPECT_EQ(selector_.needed_bps(), 240'000U);
  (void)selector_.choose(rates_, {UINT64_MAX, 250'000, false}, 2, at_ms(at_));
  EXPECT_EQ(selector_.layer(), 0U);
}

/// A viewer of three layers, as Egress puts the parts together.
class LimitedViewer {
 public:
  Bottleneck link{{50'000, 1.5}};
  int changes = 0;

  /// @return the layer after `ms`; -1: none.
  int run(int64_t ms) {
    for (const Time end = link.now() + milliseconds(ms); link.now() < end;) {
      if (link.now() >= control_due_) {
        control();
      }
      for (size_t due = link.probe.pad_bytes(link.sent_bytes, link.now()); due >= 1200;
           due -= 1200) {
        link.send();
      }
      link.run(layer_ ? kRates[*layer_] : 64'000, 5);
    }
    return layer_ ? static_cast<int>(*layer_) : -1;
  }

 private:
  static constexpr std::array<uint64_t, 3> kRates{150'000, 450'000, 2'000'000};
  void control() {
    const Time now = link.now();
    control_due_ = now + milliseconds(200);
    if (const auto outcome = link.probe.poll(milliseconds(40), now)) {
      if (outcome->passed) {
        link.estimator.on_probe_passed(outcome->rate_bps, now);
      } else if (outcome->rate_bps != 0) {
        link.estimator.on_probe_limited(outcome->rate_bps);
      }
    }
    const LayerSelector::Path path{
        link.estimator.ceiling_bps().value_or(layer_ || changes != 0 ? UINT64_MAX : 1'500'000),
        link.estimator.proven_bps(now), link.estimator.is_congested(now)};
    const auto chosen = selector_.choose(kRates, path, 2, now);
    if (chosen != layer_) {
      ++changes;
      layer_ = chosen;
      for (uint64_t key = 0; layer_ && key < kRates[*layer_] / 8 / 2; key += 1200) {
        link.send();  // half a second's bytes
      }
    }
    if (link.estimator.is_clear(now)) {
      const uint64_t known =
          std::max(link.estimator.acknowledged_bps(), link.estimator.proven_bps(now));
      (void)link.probe.begin(selector_.needed_bps(), known, link.sent_bytes, now);
    }
  }

  LayerSelector selector_;
  std::optional<size_t> layer_;
  Time control_due_{};
};

TEST(LimitedViewer, GoesUpWithoutATryThatFails) {
  LimitedViewer viewer;
  viewer.link.link_bps = 4'000'000;
  EXPECT_EQ(viewer.run(1000), 1);
  EXPECT_EQ(viewer.run(6000), 2);
  EXPECT_EQ(viewer.run(60'000), 2);
  EXPECT_EQ(viewer.changes, 2);
}

TEST(LimitedViewer, FollowsALimitDownAndUp) {
  LimitedViewer viewer;
  viewer.link.link_bps = 4'000'000;
  ASSERT_EQ(viewer.run(10'000), 2);
  viewer.link.link_bps = 600'000;
  const int before = viewer.changes;
  EXPECT_LE(viewer.run(2000), 1);
  EXPECT_LE(viewer.run(60'000), 1);
  EXPECT_LE(viewer.changes, before + 4) << "in a minute";
  viewer.link.link_bps = 4'000'000;
  EXPECT_EQ(viewer.run(25'000), 2);
  EXPECT_EQ(viewer.run(60'000), 2);
}

TEST(LimitedViewer, HasSoundAloneWhileTheLowestDoesNotPass) {
  LimitedViewer viewer;
  ASSERT_EQ(viewer.run(10'000), 2);
  viewer.link.link_bps = 120'000;
  EXPECT_EQ(viewer.run(8000), -1);
  const int before = viewer.changes;
  EXPECT_EQ(viewer.run(60'000), -1);
  EXPECT_EQ(viewer.changes, before);
  viewer.link.link_bps = 1'000'000;
  EXPECT_GE(viewer.run(25'000), 0);
}

}  // namespace
}  // namespace millrace::rtp
