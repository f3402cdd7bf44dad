// Receiving and sending over an emulated link: what is lost is asked for and sent again, what is
// late waits, and what does not fit is not sent.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "rtp/jitter/receive_stream.hpp"
#include "rtp/jitter/transport_feedback_sender.hpp"
#include "rtp/packet/rtx.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/send/bandwidth_estimator.hpp"
#include "rtp/send/key_frame_requests.hpp"
#include "rtp/send/layer_selector.hpp"
#include "rtp/send/packet_history.hpp"
#include "rtp/send/packet_rewriter.hpp"
#include "rtp/send/transport_send_history.hpp"
#include "rtp/testing/frames.hpp"
#include "rtp/testing/link_emulator.hpp"

namespace millrace::rtp {
namespace {

using testing::LinkEmulator;
using testing::LinkOptions;

constexpr uint32_t kSsrc = 1111;
constexpr uint32_t kRtxSsrc = 2222;
constexpr uint8_t kPayloadType = 96;
constexpr uint8_t kRtxPayloadType = 97;

/// A track of one codec over a link and back, in steps of a millisecond.
class TrackOverLink {
  BlockPool pool_;  // outlives what it gave

 public:
  TrackOverLink(CodecId codec, uint32_t seed, const LinkOptions& there, const LinkOptions& back,
                bool nack)
      : codec_(codec),
        there_(seed, there),
        back_(seed + 1, back),
        stream_(pool_, receive_options(codec, nack)) {
    pool_.bind_to_this_thread();
    track_ = testing::make_track(codec);
    packetizer_ = make_packetizer(*track_, pool_);
    depacketizer_ = make_depacketizer(testing::options_for(codec), pool_);
    stream_.set_round_trip_time(there.delay + back.delay);
  }

  void run(int64_t duration_ms) {
    for (const int64_t end = ms_ + duration_ms; ms_ < end; ++ms_) {
      const Time now = Time(milliseconds(ms_));
      if (ms_ % 40 == 0 && sending_) {
        send_frame(now);
      }
      while (const auto bytes = back_.receive(now)) {
        on_rtcp(*bytes, now);
      }
      while (const auto bytes = there_.receive(now)) {
        on_rtp(*bytes, now);
      }
      drain(now);
      ask(now);
    }
  }
  void stop_sending() { sending_ = false; }

  std::vector<FrameRef> sent_frames;
  std::vector<Depacketized> frames;
  uint64_t retransmitted = 0;

  [[nodiscard]] LinkEmulator& there() { return there_; }
  [[nodiscard]] const ReceiveStream& stream() const { return stream_; }
  [[nodiscard]] bool receiver_wants_random_access() const {
    return depacketizer_->wants_random_access();
  }

  /// Every frame that came is one that was sent, whole, in order.
  void expect_true_frames() const {
    size_t at = 0;
    for (const Depacketized& unit : frames) {
      while (at < sent_frames.size() &&
             !std::ranges::equal(sent_frames[at]->payload(), unit.frame->payload())) {
        ++at;
      }
      ASSERT_LT(at++, sent_frames.size());
    }
  }

 private:
  static ReceiveStreamOptions receive_options(CodecId codec, bool nack) {
    ReceiveStreamOptions options;
    options.codec = codec;
    options.clock_rate = rtp_clock_rate(codec);
    options.nack = nack;
    options.max_reorder_delay = milliseconds(500);
    return options;
  }
  static PacketRewriter::Options rewriter_options() {
    PacketRewriter::Options options;
    options.first_sequence_number = 65000;  // wraps soon
    options.first_timestamp = 0xfffff000;
    return options;
  }

  void send_frame(Time now) {
    const auto number = static_cast<uint32_t>(sent_frames.size());
    const bool key = number % 100 == 0 || std::exchange(key_frame_wanted_, false);
    auto frame = testing::make_frame(pool_, track_, number, key, key ? 20'000 : 4000);
    packets_.clear();
    ASSERT_TRUE(packetizer_->packetize(*frame, now, packets_).ok());
    sent_frames.push_back(std::move(frame));
    for (const MediaPacketRef& packet : packets_) {
      if (!rewriter_.source()) {
        rewriter_.switch_to(1, *packet);
      }
      history_.add(packet);
      const auto rewritten = rewriter_.forward(1, *packet);
      ASSERT_TRUE(rewritten.has_value());
      RtpPacket out;
      out.marker = packet->marker;
      out.payload_type = kPayloadType;
      out.ssrc = kSsrc;
      out.sequence_number = rewritten->sequence_number;
      out.timestamp = rewritten->timestamp;
      out.payload = packet->payload();
      send(out, now);
    }
  }
  void send(const RtpPacket& packet, Time now) {
    std::array<uint8_t, 1500> room{};
    ByteWriter writer(room);
    packet.write_to(writer);
    there_.send(writer.written(), now);
  }
  void on_rtcp(Bytes bytes, Time now) {
    RtcpReader reader(bytes);
    const auto packet = reader.next();
    ASSERT_TRUE(packet.ok() && packet.value());
    if (PictureLossIndication::parse(**packet)) {
      key_frame_wanted_ = true;
      return;
    }
    const auto nack = Nack::parse(**packet);
    ASSERT_TRUE(nack.ok());
    nack->for_each([&](uint16_t sequence_number) {
      const auto again =
          rewriter_.on_nack(sequence_number, now, milliseconds(20),
                            [this](uint32_t, int64_t index) { return history_.find(index); });
      if (!again) {
        return;
      }
      ++retransmitted;
      std::vector<uint8_t> payload(kRtxHeaderSize);
      ByteWriter(payload).u16(sequence_number);
      payload.insert(payload.end(), again->packet->payload().begin(),
                     again->packet->payload().end());
      RtpPacket out;
      out.marker = again->packet->marker;
      out.payload_type = kRtxPayloadType;
      out.ssrc = kRtxSsrc;
      out.sequence_number = rtx_sequence_number_++;
      out.timestamp = again->rewritten.timestamp;
      out.payload = payload;
      send(out, now);
    });
  }
  void on_rtp(Bytes bytes, Time now) {
    const auto packet = RtpPacket::parse(bytes);
    ASSERT_TRUE(packet.ok());
    if (packet->ssrc == kRtxSsrc) {
      const auto original = decapsulate_rtx(*packet, kSsrc, kPayloadType);
      ASSERT_TRUE(original.has_value());
      (void)stream_.receive(*original, {}, ReceiveStream::Source::kRetransmission, now);
    } else {
      (void)stream_.receive(*packet, {}, ReceiveStream::Source::kOriginal, now);
    }
    drain(now);
  }
  void drain(Time now) {
    while (const MediaPacketRef packet = stream_.pop(now)) {
      EXPECT_TRUE(depacketizer_->push(*packet).ok());
      while (auto frame = depacketizer_->poll()) {
        frames.push_back(std::move(*frame));
      }
    }
  }
  void ask(Time now) {
    if (!depacketizer_->wants_random_access()) {
      requests_.on_random_access();
    } else if (stream_.counters().packets > 0) {
      requests_.request(now);
    }
    if (requests_.poll(now)) {
      std::array<uint8_t, PictureLossIndication::kSize> pli{};
      ByteWriter writer(pli);
      PictureLossIndication{1, kSsrc}.write_to(writer);
      back_.send(pli, now);
    }
    std::array<uint16_t, 256> lost{};
    const size_t count = stream_.poll_nack(now, lost);
    if (count == 0) {
      return;
    }
    std::array<uint8_t, 1200> room{};
    ByteWriter writer(room);
    EXPECT_EQ(Nack::write(writer, 1, kSsrc, std::span(lost).first(count)), count);
    back_.send(writer.written(), now);
  }

  const CodecId codec_;
  LinkEmulator there_;
  LinkEmulator back_;
  TrackRef track_;
  std::unique_ptr<Packetizer> packetizer_;
  std::unique_ptr<Depacketizer> depacketizer_;
  PacketHistory history_{1024, 4'000'000, seconds(2)};
  PacketRewriter rewriter_{rewriter_options()};
  ReceiveStream stream_;
  MediaPackets packets_;
  int64_t ms_ = 0;
  KeyFrameRequests requests_;
  bool key_frame_wanted_ = false;
  uint16_t rtx_sequence_number_ = 0;
  bool sending_ = true;
};

LinkOptions link(double loss, int delay_ms, int jitter_ms) {
  LinkOptions options;
  options.loss = loss;
  options.delay = milliseconds(delay_ms);
  options.jitter = milliseconds(jitter_ms);
  return options;
}

TEST(Link, ReorderedAndDuplicatedPacketsComeOutOnceAndInOrder) {
  for (const CodecId codec : {CodecId::kH264, CodecId::kVp8, CodecId::kAv1}) {
    LinkOptions there = link(0, 20, 30);
    there.duplication = 0.05;
    TrackOverLink over(codec, 7, there, link(0, 20, 0), false);
    over.run(10'000);
    over.stop_sending();
    over.run(1000);
    EXPECT_GT(over.frames.size() + 25, over.sent_frames.size());
    EXPECT_GT(over.stream().counters().duplicates + over.stream().counters().late, 0U);
    over.expect_true_frames();
  }
}

TEST(Link, TenPercentLossAndThirtyMillisecondsOfJitterAreMendedByNack) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    TrackOverLink over(CodecId::kH264, seed, link(0.1, 20, 30), link(0.1, 20, 30), true);
    over.run(20'000);
    over.stop_sending();
    over.run(1000);
    // Nobody knows of packets that are lost before the first one that comes: then a key frame does.
    EXPECT_GT(over.frames.size() + 75, over.sent_frames.size()) << seed;
    EXPECT_EQ(over.frames.back().timestamp - over.frames[over.frames.size() - 400].timestamp,
              399 * 3600)
        << "no frame is missing once it runs";
    EXPECT_GT(over.retransmitted, 0U);
    over.expect_true_frames();
  }
}

TEST(Link, LossWithoutNackCostsFramesUpToAKeyFrameAndNeverShowsABrokenOne) {
  TrackOverLink over(CodecId::kH264, 3, link(0.01, 20, 10), link(0, 20, 0), false);
  over.run(30'000);
  EXPECT_LT(over.frames.size(), over.sent_frames.size());
  EXPECT_GT(over.frames.size(), over.sent_frames.size() / 3);
  over.expect_true_frames();
}

TEST(Link, AfterAnOutageVideoGoesOnAtTheNextRandomAccessPoint) {
  TrackOverLink over(CodecId::kVp8, 5, link(0, 20, 5), link(0, 20, 5), true);
  over.run(3000);
  over.there().set_options(link(1, 20, 5));
  over.run(4000);
  over.there().set_options(link(0, 20, 5));
  over.run(3000);
  EXPECT_FALSE(over.receiver_wants_random_access());
  EXPECT_TRUE(
      std::ranges::equal(over.frames.back().frame->payload(),
                         over.sent_frames[over.sent_frames.size() - 2]->payload()) ||
      std::ranges::equal(over.frames.back().frame->payload(), over.sent_frames.back()->payload()));
  over.expect_true_frames();
}

/// A viewer of three simulcast layers behind a bottleneck, without RTX: nothing probes, and a layer
/// is tried when the ceiling has grown to it.
class ViewerBehindBottleneck {
 public:
  explicit ViewerBehindBottleneck(uint64_t rate_bps) : there_(1, options(rate_bps)) {}

  void set_rate(uint64_t rate_bps) { there_.set_options(options(rate_bps)); }
  void run(int64_t duration_ms) {
    for (const int64_t end = ms_ + duration_ms; ms_ < end; ++ms_) {
      const Time now = Time(milliseconds(ms_));
      const uint64_t ceiling = estimator_.ceiling_bps().value_or(UINT64_MAX);
      const auto layer =
          selector_.choose(kRates, {ceiling, ceiling, estimator_.is_congested(now)}, 2, now);
      if (ms_ % 40 == 0 && layer) {
        for (size_t left = kRates[*layer] / 8 / 25; left > 0;
             left -= std::min<size_t>(left, 1200)) {
          const size_t size = std::min<size_t>(left, 1200);
          std::vector<uint8_t> packet(std::max<size_t>(size, 2));
          ByteWriter(packet).u16(history_.on_packet(packet.size(), now));
          there_.send(packet, now);
        }
      }
      while (const auto bytes = there_.receive(now)) {
        feedback_.on_packet(ByteReader(*bytes).u16(), now);
      }
      std::array<uint8_t, 1200> room{};
      ByteWriter writer(room);
      if (feedback_.poll(now, 1, 2, writer)) {
        RtcpReader reader(writer.written());
        results_.clear();
        history_.on_feedback(*TransportFeedback::parse(**reader.next()), results_);
        estimator_.on_results(results_, now);
      }
      time_in_[layer ? *layer : 3] += ms_ + 10'000 >= end ? 1 : 0;
    }
  }
  /// Of the last ten seconds, the part in this layer.
  double part_in(size_t layer) {
    int64_t all = 0;
    for (const int64_t time : time_in_) {
      all += time;
    }
    return static_cast<double>(time_in_[layer]) / static_cast<double>(all);
  }
  void forget() { time_in_ = {}; }
  [[nodiscard]] double lost() const {
    return static_cast<double>(there_.lost()) / static_cast<double>(there_.sent());
  }

 private:
  static constexpr std::array<uint64_t, 3> kRates{200'000, 700'000, 2'500'000};
  static LinkOptions options(uint64_t rate_bps) {
    LinkOptions out = link(0, 20, 0);
    out.rate_bps = rate_bps;
    return out;
  }

  LinkEmulator there_;
  TransportSendHistory history_;
  TransportFeedbackSender feedback_;
  BandwidthEstimator estimator_;
  LayerSelector selector_;
  std::vector<PacketResult> results_;
  std::array<int64_t, 4> time_in_{};
  int64_t ms_ = 0;
};

TEST(Link, CeilingLeavesTheHighestLayerOnAWideLink) {
  ViewerBehindBottleneck viewer(20'000'000);
  viewer.run(60'000);
  EXPECT_GT(viewer.part_in(2), 0.95);
}

TEST(Link, CeilingFindsTheLayerThatFitsANarrowLink) {
  ViewerBehindBottleneck viewer(1'200'000);
  viewer.run(120'000);
  EXPECT_GT(viewer.part_in(1), 0.7);
  EXPECT_LT(viewer.lost(), 0.05);
}

TEST(Link, CeilingFollowsALinkThatBecomesNarrowAndWideAgain) {
  ViewerBehindBottleneck viewer(20'000'000);
  viewer.run(40'000);
  viewer.set_rate(500'000);
  viewer.forget();
  viewer.run(40'000);
  EXPECT_GT(viewer.part_in(0), 0.7);
  viewer.set_rate(20'000'000);
  viewer.forget();
  viewer.run(240'000);
  EXPECT_GT(viewer.part_in(2), 0.9);
}

}  // namespace
}  // namespace millrace::rtp
