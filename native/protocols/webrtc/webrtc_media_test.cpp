#include <gtest/gtest.h>

#include <set>

#include "base/testing/allocation_counter.hpp"
#include "protocols/webrtc/testing/rtp_peers.hpp"
#include "rtp/rtcp/feedback.hpp"

namespace millrace {
namespace {

using testing::AllocationCounter;
using testing::ClientPeer;
using testing::Collected;
using testing::kVideoSsrc;
using testing::RtmpClient;
using testing::RtpPublisher;
using testing::SimulcastPublisher;
using testing::TestPublisher;
using testing::video_media;

/// A WebRTC publisher and a player of the same stream, to be connected by the test.
class WebrtcMediaTest : public testing::WebrtcServer {
 protected:
  WebrtcMediaTest() { player_.local_ufrag = "playufrag"; }

  /// @return whether it is connected.
  bool connect_sender() {
    publishing_ = create(sender_, "publish");
    return sender_.connect(fingerprint_);
  }
  bool connect_player() {
    (void)create(player_, "play");
    return player_.connect(fingerprint_);
  }
  /// A publisher who has sent a first picture, which signaling knows of.
  bool start_stream() {
    if (!connect_sender()) {
      return false;
    }
    media_.send_frame();
    return server_.await("stream_tracks");
  }

  ClientPeer sender_{port_};
  RtpPublisher media_{sender_};
  SessionId publishing_ = 0;
  ClientPeer player_{port_};
};

TEST_F(WebrtcMediaTest, LostPacketsAreSentAgain) {
  publish();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ASSERT_TRUE(connect_player());
  std::optional<uint16_t> wanted;
  std::set<std::vector<uint8_t>> seen;
  size_t count = 0;
  // A packet that came is asked for again, as nothing is lost here: the receiver's window refuses
  // it if it is the same, so it is looked for by the count of what SRTP takes for a replay.
  ASSERT_TRUE(player_.receive([&](const std::vector<uint8_t>& bytes) {
    const auto packet = rtp::RtpPacket::parse(bytes);
    if (rtp::is_rtcp(bytes) || !packet.ok()) {
      return false;
    }
    if (!wanted) {
      wanted = packet->sequence_number;
    }
    return ++count == 10;
  }));
  std::array<uint8_t, 64> room{};
  ByteWriter writer(room);
  ASSERT_EQ(rtp::Nack::write(writer, 1, kVideoSsrc, std::array{*wanted}), 1U);
  const uint64_t before = player_.replays();
  player_.send_rtcp(writer.written());
  ASSERT_TRUE(player_.receive([&](const auto&) { return player_.replays() > before; }));
}

TEST_F(WebrtcMediaTest, WhatAPublisherSendsReachesPlayersOfWebrtc) {
  ASSERT_TRUE(start_stream());
  ASSERT_TRUE(connect_player());
  std::vector<uint8_t> last;
  size_t slices = 0;
  for (int i = 0; i < 10; ++i) {
    media_.send_frame();
  }
  ASSERT_TRUE(player_.receive([&](const std::vector<uint8_t>& bytes) {
    const auto packet = rtp::RtpPacket::parse(bytes);
    if (!rtp::is_rtcp(bytes) && packet.ok() && (packet->payload[0] & 0x1f) == 1) {
      EXPECT_EQ(packet->payload.size(), 900U);
      EXPECT_EQ(packet->payload.back(), ++slices) << "no frame is missing or twice";
    }
    return slices == 10;
  }));
  server_.engine().close(publishing_, ErrorCode::kKicked);
  EXPECT_TRUE(closed_with(publishing_, "KICKED"));
}

TEST_F(WebrtcMediaTest, PacketsAreForwardedBeforeTheirPictureIsWhole) {
  ASSERT_TRUE(start_stream());
  ASSERT_TRUE(connect_player());
  media_.send_piece();
  Collected got;
  EXPECT_TRUE(got.take_from(player_, [](const Collected& all) { return all.types.back() == 28; }));
  EXPECT_EQ(got.types, (std::vector<uint8_t>{7, 8, 5, 28})) << "from the random access point on";
  EXPECT_TRUE(got.consecutive());
}

TEST_F(WebrtcMediaTest, PlayerGoesOnWhenAnotherPublisherComes) {
  ASSERT_TRUE(connect_player());
  Collected got;
  for (int round = 0; round < 3; ++round) {
    ClientPeer sender(port_);
    sender.local_ufrag = "sender" + std::to_string(round);
    const SessionId session = create(sender, "publish");
    ASSERT_TRUE(sender.connect(fingerprint_));
    RtpPublisher media(sender);
    media.restart(40'000U - 10'000U * static_cast<unsigned>(round));
    const size_t before = got.numbers.size();
    for (int i = 0; i < 5; ++i) {
      media.send_frame();
    }
    ASSERT_TRUE(got.take_from(player_, [before](const Collected& all) {
      return all.numbers.size() >= before + 7;
    })) << round;
    server_.engine().close(session, ErrorCode::kKicked);
    ASSERT_TRUE(closed_with(session, "KICKED"));
  }
  EXPECT_TRUE(got.consecutive());
  for (size_t i = 1; i < got.timestamps.size(); ++i) {
    EXPECT_LT(got.timestamps[i] - got.timestamps[i - 1], 10U * 90'000) << i;
  }
}

TEST_F(WebrtcMediaTest, SenderThatBeginsItsNumbersAnewIsFollowedAtOnce) {
  sender_.plain = true;  // SRTP takes numbers of the past for a replay
  ASSERT_TRUE(connect_sender());
  ASSERT_TRUE(connect_player());
  media_.send_frame();
  Collected got;
  ASSERT_TRUE(got.take_from(player_, [](const Collected& all) { return all.types.size() == 3; }));
  media_.restart(20'000);
  media_.send_frame();
  media_.send_frame();
  EXPECT_TRUE(got.take_from(player_, [](const Collected& all) { return all.types.size() == 7; }));
  EXPECT_EQ(got.types, (std::vector<uint8_t>{7, 8, 5, 7, 8, 5, 1}));
  EXPECT_TRUE(got.consecutive());
  EXPECT_LT(got.timestamps.back() - got.timestamps.front(), 10U * 90'000);
}

TEST_F(WebrtcMediaTest, WithoutFramesThePlayersOfWebrtcStillHaveTheStream) {
  Fields description = sender_.describe("publish", video_media("recvonly"));
  description.set("rtc_to_rtmp", false);
  ASSERT_TRUE(server_.engine().create("webrtc", std::move(description)).ok());
  ASSERT_TRUE(sender_.connect(fingerprint_));
  media_.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks")) << "signaling must know the codec";
  ASSERT_TRUE(connect_player());
  RtmpClient other(server_.listen("rtmp"), RtmpClient::Purpose::kPlay);
  ASSERT_TRUE(other.start());
  for (int i = 0; i < 30; ++i) {
    media_.send_frame();
  }
  Collected got;
  EXPECT_TRUE(got.take_from(player_, [](const Collected& all) { return all.types.size() > 30; }));
  std::array<uint8_t, 4096> room;
  EXPECT_LT(other.read_now(room), 900U) << "not even one picture";
}

TEST_F(WebrtcMediaTest, PlayerOfSimulcastGetsTheLayerThatItsPathTakes) {
  const auto published = server_.engine().create(
      "webrtc", sender_.describe("publish", SimulcastPublisher::media("recvonly")));
  ASSERT_TRUE(published.ok());
  ASSERT_TRUE(sender_.connect(fingerprint_));
  SimulcastPublisher media(sender_);
  media.send();
  ASSERT_TRUE(server_.engine()
                  .create("webrtc", player_.describe("play", SimulcastPublisher::media("sendonly")))
                  .ok());
  ASSERT_TRUE(player_.connect(fingerprint_));
  std::vector<uint16_t> numbers;
  std::vector<uint32_t> timestamps;
  const auto play_until = [&](size_t size, uint64_t remb_bps) {
    size_t in_a_row = 0;
    for (const Time limit = Clock::now() + seconds(10); Clock::now() < limit && in_a_row < 20;) {
      media.send();
      std::array<uint8_t, 64> room{};
      ByteWriter writer(room);
      rtp::ReceiverEstimatedBitrate remb;
      remb.bitrate_bps = remb_bps;
      remb.ssrcs.push_back(kVideoSsrc);
      remb.write_to(writer);
      player_.send_rtcp(writer.written());
      (void)player_.receive(
          [&](const std::vector<uint8_t>& bytes) {
            const auto packet = rtp::RtpPacket::parse(bytes);
            if (!rtp::is_rtcp(bytes) && packet.ok()) {
              EXPECT_EQ(packet->ssrc, kVideoSsrc);
              numbers.push_back(packet->sequence_number);
              timestamps.push_back(packet->timestamp);
              in_a_row = packet->payload.size() == size ? in_a_row + 1 : 0;
            }
            return false;
          },
          5);
    }
    return in_a_row >= 20;
  };
  EXPECT_TRUE(play_until(1000, 20'000'000)) << "up, when there is room";
  EXPECT_TRUE(play_until(100, 150'000)) << "down, when there is not";
  EXPECT_TRUE(play_until(1000, 20'000'000)) << "and up again";
  for (size_t i = 1; i < numbers.size(); ++i) {
    EXPECT_EQ(numbers[i], static_cast<uint16_t>(numbers[i - 1] + 1));
    EXPECT_LT(timestamps[i] - timestamps[i - 1], 90'000U);
  }
}

TEST_F(WebrtcMediaTest, PlayerGetsAnotherLayerWhenItAsksForOne) {
  ClientPeer sender(port_);
  ASSERT_TRUE(
      server_.engine()
          .create("webrtc", sender.describe("publish", SimulcastPublisher::media("recvonly")))
          .ok());
  ASSERT_TRUE(sender.connect(fingerprint_));
  SimulcastPublisher media(sender);
  media.send();
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  const auto session = server_.engine().create(
      "webrtc", player.describe("play", SimulcastPublisher::media("sendonly")));
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE(player.connect(fingerprint_));
  const auto gets = [&](const char* wish, size_t size) {
    server_.engine().command(*session, {{"layer", wish}});
    size_t in_a_row = 0;
    for (const Time limit = Clock::now() + seconds(10); Clock::now() < limit && in_a_row < 20;) {
      media.send();
      (void)player.receive(
          [&](const std::vector<uint8_t>& bytes) {
            const auto packet = rtp::RtpPacket::parse(bytes);
            if (!rtp::is_rtcp(bytes) && packet.ok()) {
              in_a_row = packet->payload.size() == size ? in_a_row + 1 : 0;
            }
            return false;
          },
          5);
    }
    return in_a_row >= 20;
  };
  EXPECT_TRUE(gets("low", 100));
  EXPECT_TRUE(gets("h", 1000));
  EXPECT_TRUE(gets("l", 100));
  EXPECT_TRUE(gets("", 1000));
  EXPECT_TRUE(server_.await("webrtc_layers"));
  EXPECT_TRUE(server_.await("webrtc_sent_layer"));
}

TEST_F(WebrtcMediaTest, Rfc3611PublisherThatAnswersIsToldTheReferenceTime) {
  ClientPeer sender(port_);
  Fields media = *video_media("recvonly").front().as<Fields>();
  media.set("reference_time", true);
  ASSERT_TRUE(
      server_.engine().create("webrtc", sender.describe("publish", Value::List{media})).ok());
  ASSERT_TRUE(sender.connect(fingerprint_));
  EXPECT_TRUE(sender.receive([](const std::vector<uint8_t>& bytes) {
    rtp::RtcpReader reader(bytes);
    for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
      if ((*next)->type == rtp::RtcpType::kExtendedReport) {
        ByteReader body((*next)->body);
        EXPECT_NE(body.u32(), 0U);
        EXPECT_EQ(body.u32(), 0x04000002U) << "RRTR of two words";
        return true;
      }
    }
    return false;
  }));
}

TEST_F(WebrtcMediaTest, PublisherIsAskedForWhatIsLost) {
  ASSERT_TRUE(connect_sender());
  media_.send_frame();
  media_.send_frame(true);
  const uint16_t lost = media_.last_number();
  media_.send_frame();
  EXPECT_TRUE(sender_.receive([&](const std::vector<uint8_t>& bytes) {
    rtp::RtcpReader reader(bytes);
    bool asked = false;
    for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
      if ((*next)->is(rtp::TransportFeedbackType::kNack)) {
        const auto nack = rtp::Nack::parse(**next);
        EXPECT_EQ(nack->media_ssrc, 77U);
        nack->for_each([&](uint16_t number) { asked = asked || number == lost; });
      }
    }
    return asked;
  }));
}

TEST_F(WebrtcMediaTest, PlayersAskThePublisherForAKeyFrame) {
  ASSERT_TRUE(start_stream());
  ASSERT_TRUE(connect_player());
  media_.send_frame();
  ASSERT_TRUE(player_.receive([](const auto& bytes) { return !rtp::is_rtcp(bytes); }));
  std::array<uint8_t, 64> room{};
  ByteWriter writer(room);
  rtp::PictureLossIndication{1, kVideoSsrc}.write_to(writer);
  player_.send_rtcp(writer.written());
  EXPECT_TRUE(sender_.receive([](const std::vector<uint8_t>& bytes) {
    rtp::RtcpReader reader(bytes);
    for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
      if ((*next)->is(rtp::PayloadFeedbackType::kPictureLoss)) {
        return true;
      }
    }
    return false;
  }));
}

/// From the publisher's packets to those of the players nothing is taken from the heap: per packet,
/// per player, on the publisher's loop and on the other.
class WebrtcSteadyState : public WebrtcMediaTest {
 protected:
  static constexpr int kPlayers = 6;  // the kernel deals them to loops: both have some
  static constexpr size_t kFrames = 25;

  void SetUp() override { AllocationCounter::exempt_this_thread(); }
  void add_players() {
    for (int i = 0; i < kPlayers; ++i) {
      players_.push_back(std::make_unique<ClientPeer>(port_));
      players_.back()->local_ufrag = "playufrag" + std::to_string(i);
      (void)create(*players_.back(), "play");
      ASSERT_TRUE(players_.back()->connect(fingerprint_));
    }
  }
  /// Each player has got so many packets more.
  bool read_all(size_t packets) {
    for (const auto& player : players_) {
      size_t count = 0;
      if (!player->receive([&](const std::vector<uint8_t>& bytes) {
            return !rtp::is_rtcp(bytes) && ++count == packets;
          })) {
        return false;
      }
    }
    return true;
  }
  /// @return allocations in a window in which `send` is called eight times; the fewest of some, as
  /// a loop that was kept waiting may hold more than ever before, and take memory for it, once.
  uint64_t fewest_allocations(const std::function<void()>& send, size_t packets) {
    uint64_t allocations = UINT64_MAX;
    bool ok = true;
    const auto window = [&] {
      for (int round = 0; ok && round < 8; ++round) {
        send();
        ok = read_all(packets);
      }
    };
    for (int windows = 0; ok && windows < 12; ++windows) {
      window();  // until the history is full: 2048 packets
    }
    for (int attempt = 0; ok && allocations != 0 && attempt < 8; ++attempt) {
      AllocationCounter::start();
      window();
      allocations = AllocationCounter::stop();
    }
    EXPECT_TRUE(ok) << "a player got nothing for 10 s";
    return allocations;
  }

  std::vector<std::unique_ptr<ClientPeer>> players_;
};

TEST_F(WebrtcSteadyState, PacketsOfAWebrtcPublisherTakeNothingFromTheHeap) {
  ASSERT_TRUE(start_stream());
  add_players();
  const auto send = [&] {
    for (size_t i = 0; i < kFrames; ++i) {
      media_.send_frame();
    }
  };
  for (int round = 0; round < 3; ++round) {
    send();
  }
  // One frame and three rounds; four of the frames come with two parameter sets.
  ASSERT_TRUE(read_all(1 + 3 * kFrames + 4 * 2));
  EXPECT_EQ(fewest_allocations(send, kFrames + 2), 0U);
}

TEST_F(WebrtcSteadyState, FramesOfAnRtmpPublisherTakeNothingFromTheHeap) {
  RtmpClient publisher(server_.listen("rtmp"), RtmpClient::Purpose::kPublish);
  ASSERT_TRUE(publisher.start());
  TestPublisher media;
  publisher.send(publisher.messages([&](auto& session) { media.write_video_header(session); }));
  ASSERT_TRUE(server_.await("stream_tracks"));
  add_players();
  const auto send = [&] {
    publisher.send(publisher.messages([&](auto& session) {
      for (size_t i = 0; i < kFrames; ++i) {
        media.write_video(session);
      }
    }));
  };
  send();  // a whole GOP: with it each player begins
  ASSERT_TRUE(read_all(kFrames)) << "the parameter sets are in one packet with the picture";
  EXPECT_EQ(fewest_allocations(send, kFrames), 0U);
}

}  // namespace
}  // namespace millrace
