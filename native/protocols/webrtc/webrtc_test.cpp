#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "engine/testing/server.hpp"
#include "protocols/webrtc/testing/client_peer.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/rtcp/feedback.hpp"

namespace millrace {
namespace {

using testing::ClientPeer;
using testing::RtmpClient;
using testing::Server;
using testing::TestPublisher;

constexpr uint32_t kVideoSsrc = 1111;
constexpr uint8_t kVideoType = 102;

Value::List video_media(std::string_view direction) {
  return {Fields{{"mid", "0"},
                 {"kind", "video"},
                 {"direction", direction},
                 {"codecs", Value::List{Fields{{"payload_type", kVideoType},
                                               {"name", "H264"},
                                               {"clock_rate", 90000},
                                               {"channels", 0},
                                               {"fmtp", "packetization-mode=1"}}}},
                 {"ssrc", kVideoSsrc},
                 {"cname", "server"},
                 {"nack", true},
                 {"pli", true}}};
}

/// An engine with a WebRTC port, and a publisher of RTMP that sends until the end.
class WebrtcTest : public ::testing::TestWithParam<ClientPeer::Over> {
 protected:
  explicit WebrtcTest(int loops = 2) : server_({{"loops", loops}}) {
    port_ = listen(ClientPeer::Over::kUdp);
    fingerprint_ = server_.engine().describe("webrtc").text("fingerprint");
  }
  ~WebrtcTest() override {
    stop_ = true;
    if (feeder_.joinable()) {
      feeder_.join();
    }
  }

  uint16_t listen(ClientPeer::Over over) {
    const auto listening =
        server_.engine().listen({{"protocol", "webrtc"},
                                 {"transport", over == ClientPeer::Over::kUdp ? "udp" : "tcp"},
                                 {"ip", "127.0.0.1"},
                                 {"port", 0}});
    return listening.ok() ? listening->address.port() : 0;
  }
  /// @return the session.
  SessionId create(const ClientPeer& peer, std::string_view role) {
    const auto session = server_.engine().create(
        "webrtc", peer.describe(role, video_media(role == "play" ? "sendonly" : "recvonly")));
    EXPECT_TRUE(session.ok());
    EXPECT_TRUE(server_.await([&](const Fields& event) {
      return event.text("type") == "session_opened" &&
             event.number("session", 0) == static_cast<double>(*session);
    }));
    return *session;
  }
  void publish() {
    publisher_ =
        std::make_unique<RtmpClient>(server_.listen("rtmp"), RtmpClient::Purpose::kPublish);
    ASSERT_TRUE(publisher_->start());
    feeder_ = std::thread([this] {
      TestPublisher media;
      publisher_->send(publisher_->messages([&](auto& session) { media.write_headers(session); }));
      while (!stop_) {
        publisher_->send(publisher_->messages([&](auto& session) { media.write_frame(session); }));
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
  }
  bool closed_with(SessionId session, std::string_view code) {
    return server_.await([&](const Fields& event) {
      return event.text("type") == "session_closed" && event.text("code") == code &&
             event.number("session", 0) == static_cast<double>(session);
    });
  }

  Server server_;
  uint16_t port_ = 0;
  std::string fingerprint_;
  std::unique_ptr<RtmpClient> publisher_;
  std::atomic<bool> stop_{false};
  std::thread feeder_;
};

TEST_P(WebrtcTest, PlayerGetsTheStreamFromARandomAccessPoint) {
  publish();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ClientPeer peer(GetParam() == ClientPeer::Over::kUdp ? port_ : listen(ClientPeer::Over::kTcp),
                  GetParam());
  const SessionId session = create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  std::vector<uint16_t> numbers;
  std::vector<uint8_t> first;
  ASSERT_TRUE(peer.receive([&](const std::vector<uint8_t>& bytes) {
    const auto packet = rtp::RtpPacket::parse(bytes);
    if (rtp::is_rtcp(bytes) || !packet.ok()) {
      return false;
    }
    EXPECT_EQ(packet->ssrc, kVideoSsrc);
    EXPECT_EQ(packet->payload_type, kVideoType);
    if (numbers.empty()) {
      first.assign(packet->payload.begin(), packet->payload.end());
    } else {
      EXPECT_EQ(packet->sequence_number, static_cast<uint16_t>(numbers.back() + 1));
    }
    numbers.push_back(packet->sequence_number);
    return numbers.size() == 60;
  }));
  // Parameter sets before the picture: a STAP-A that begins with the SPS, or the SPS itself.
  ASSERT_GT(first.size(), 3U);
  EXPECT_TRUE((first[0] & 0x1f) == 24 ? (first[3] & 0x1f) == 7 : (first[0] & 0x1f) == 7);
  server_.engine().close(session, ErrorCode::kKicked);
  EXPECT_TRUE(closed_with(session, "KICKED"));
  EXPECT_FALSE(peer.receive([](const auto&) { return false; }, 300));
  EXPECT_EQ(peer.dtls().state(), dtls::Endpoint::State::kClosed);
}

INSTANTIATE_TEST_SUITE_P(Transports, WebrtcTest,
                         ::testing::Values(ClientPeer::Over::kUdp, ClientPeer::Over::kTcp));

TEST_F(WebrtcTest, LostPacketsAreSentAgain) {
  publish();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ClientPeer peer(port_);
  (void)create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  std::optional<uint16_t> wanted;
  std::set<std::vector<uint8_t>> seen;
  size_t count = 0;
  // A packet that came is asked for again, as nothing is lost here: the receiver's window refuses
  // it if it is the same, so it is looked for by the count of what SRTP takes for a replay.
  ASSERT_TRUE(peer.receive([&](const std::vector<uint8_t>& bytes) {
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
  const uint64_t before = peer.replays();
  peer.send_rtcp(writer.written());
  ASSERT_TRUE(peer.receive([&](const auto&) { return peer.replays() > before; }));
}

TEST_F(WebrtcTest, ServerIsTheDtlsClientWhenThePeerIsPassive) {
  publish();
  ClientPeer peer(port_, ClientPeer::Over::kUdp, dtls::Endpoint::Role::kServer);
  (void)create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  EXPECT_TRUE(peer.receive([](const std::vector<uint8_t>& bytes) { return !rtp::is_rtcp(bytes); }));
}

TEST_F(WebrtcTest, PlayerGoesOnFromAnotherAddress) {
  publish();
  ClientPeer peer(port_);
  (void)create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  // Several times, so that the kernel deals it to another loop at least once.
  for (int moves = 0; moves < 6; ++moves) {
    peer.move();
    ASSERT_TRUE(peer.check()) << moves;
    ASSERT_TRUE(peer.receive([](const std::vector<uint8_t>& bytes) {
      return !rtp::is_rtcp(bytes);
    })) << moves;
  }
  peer.say_goodbye();
  EXPECT_TRUE(server_.await("session_closed"));
}

TEST_F(WebrtcTest, CloseNotifyEndsTheSession) {
  ClientPeer peer(port_);
  const SessionId session = create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  peer.say_goodbye();
  EXPECT_TRUE(closed_with(session, "PEER_CLOSED"));
}

TEST_F(WebrtcTest, NobodyAnswersStrangers) {
  ClientPeer peer(port_);
  (void)create(peer, "play");
  peer.send_check("another password 1234567");
  EXPECT_FALSE(peer.check(1)) << "no time to answer";
  // All of these before the good check: an answer to them would come first.
  ClientPeer stranger(port_);
  stranger.local_ufrag = "nobody";
  EXPECT_FALSE(stranger.check(200));
  stranger.local_ufrag = "srvufrag";
  stranger.send_check("");
  stranger.send(testing::hex("80600001 00000001 00000001 00"));
  stranger.send(testing::hex("16feff000000000000000000100100000400000000000004 00000000"));
  stranger.send(testing::hex("00010000 2112a442 000000000000000000000000"));
  bool answered = false;
  stranger.local_pwd = "wrong";
  answered = stranger.check(300);
  EXPECT_FALSE(answered);
  ASSERT_TRUE(peer.connect(fingerprint_));
  for (const char* code : {"WEBRTC_STRANGER", "STUN_UNKNOWN_USER", "STUN_UNAUTHENTICATED"}) {
    EXPECT_TRUE(server_.await([code](const Fields& event) {
      return event.text("type") == "trouble" && event.text("code") == code;
    })) << code;
  }
}

TEST_F(WebrtcTest, CertificateIsRsaWhenAskedFor) {
  const std::string rsa =
      server_.engine().describe("webrtc", {{"certificate", "rsa"}}).text("fingerprint");
  EXPECT_NE(rsa, fingerprint_);
  ClientPeer peer(port_);
  Fields description = peer.describe("play", video_media("sendonly"));
  description.set("certificate", "rsa");
  ASSERT_TRUE(server_.engine().create("webrtc", std::move(description)).ok());
  ASSERT_TRUE(server_.await("session_opened"));
  EXPECT_TRUE(peer.connect(rsa));
}

TEST_F(WebrtcTest, WrongPasswordIsToldWithItsAddress) {
  ClientPeer peer(port_);
  Fields description = peer.describe("play", video_media("sendonly"));
  description.set("connect_timeout_ms", 600);
  const auto session = server_.engine().create("webrtc", std::move(description));
  ASSERT_TRUE(session.ok());
  // Sent until the session is there to be named.
  ASSERT_TRUE(server_.await("session_opened"));
  peer.send_check("another password 1234567");
  EXPECT_TRUE(server_.await([](const Fields& event) {
    return event.text("type") == "webrtc_trouble" && event.number("bad_integrity", 0) == 1 &&
           event.text("from").starts_with("127.0.0.1:");
  }));
}

TEST_F(WebrtcTest, PublisherWithoutMediaIsTold) {
  ClientPeer peer(port_);
  Fields description = peer.describe("publish", video_media("recvonly"));
  description.set("session_timeout_ms", 1500);
  ASSERT_TRUE(server_.engine().create("webrtc", std::move(description)).ok());
  ASSERT_TRUE(server_.await("session_opened"));
  ASSERT_TRUE(peer.connect(fingerprint_));
  (void)peer.receive([](const auto&) { return false; }, 700);
  EXPECT_TRUE(peer.check());
  EXPECT_TRUE(server_.await([](const Fields& event) {
    return event.text("type") == "webrtc_trouble" && event.text("code") == "WEBRTC_NO_MEDIA";
  }));
}

TEST_F(WebrtcTest, PeerHasFewConnections) {
  publish();
  const uint16_t port = listen(ClientPeer::Over::kTcp);
  ClientPeer peer(port, ClientPeer::Over::kTcp);
  (void)create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  std::vector<std::unique_ptr<ClientPeer>> others;
  // The loop that has the session takes its own connections alone.
  size_t answered = 0;
  for (int i = 0; i < 64 && answered < 12; ++i) {
    others.push_back(std::make_unique<ClientPeer>(port, ClientPeer::Over::kTcp));
    if (others.back()->check(500)) {
      ++answered;
    } else {
      others.pop_back();
    }
  }
  ASSERT_EQ(answered, 12U);
  // None of those names itself the path, so that the first connection stays.
  size_t closed = 0;
  for (const auto& other : others) {
    closed += other->closed(300) ? 1 : 0;
  }
  EXPECT_GE(closed, 5U);
}

TEST(WebrtcLimits, AddressHasFewSessions) {
  Server server({{"loops", 1}, {"limits", Fields{{"max_connections_per_address", 2}}}});
  ClientPeer peer(0);
  std::vector<SessionId> sessions;
  for (const char* ufrag : {"aaaaaaaa", "bbbbbbbb", "cccccccc"}) {
    peer.local_ufrag = ufrag;
    Fields description = peer.describe("play", video_media("sendonly"));
    description.set("peer_ip", "192.0.2.1");
    const auto session = server.engine().create("webrtc", std::move(description));
    if (session.ok()) {
      sessions.push_back(*session);
    } else {
      EXPECT_EQ(session.error().code, ErrorCode::kLimitAddressConnections);
    }
  }
  ASSERT_EQ(sessions.size(), 2U);
  server.engine().close(sessions.front(), ErrorCode::kKicked);
  ASSERT_TRUE(server.await("session_closed"));
  Fields description = peer.describe("play", video_media("sendonly"));
  description.set("peer_ip", "192.0.2.1");
  bool again = false;
  // The place is free when the session's turn ends, a little after its end is told.
  for (int tries = 0; tries < 1000 && !again; ++tries) {
    again = server.engine().create("webrtc", description).ok();
    std::this_thread::yield();
  }
  EXPECT_TRUE(again);
}

TEST_F(WebrtcTest, WrongFingerprintIsRefused) {
  ClientPeer peer(port_);
  ClientPeer other(port_);
  const SessionId session = create(other, "play");
  // The peer's own certificate is not the one that was described.
  EXPECT_FALSE(peer.connect(fingerprint_) && peer.receive([](const auto&) { return true; }, 500));
  EXPECT_TRUE(closed_with(session, "WEBRTC_FINGERPRINT_MISMATCH"));
}

TEST_F(WebrtcTest, WhoDoesNotConnectIsForgotten) {
  ClientPeer peer(port_);
  Fields description = peer.describe("play", video_media("sendonly"));
  description.set("connect_timeout_ms", 1000);
  const auto session = server_.engine().create("webrtc", std::move(description));
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(closed_with(*session, "WEBRTC_ICE_TIMEOUT"));
  EXPECT_FALSE(peer.check(300));
}

TEST_F(WebrtcTest, NewCredentialsRestartIce) {
  publish();
  ClientPeer peer(port_);
  const SessionId session = create(peer, "play");
  ASSERT_TRUE(peer.connect(fingerprint_));
  server_.engine().command(session, {{"local_ufrag", "newufrag"},
                                     {"local_pwd", "newpassword0123456789012"},
                                     {"remote_ufrag", "cli2"},
                                     {"remote_pwd", "x"}});
  peer.local_ufrag = "newufrag";
  peer.local_pwd = "newpassword0123456789012";
  peer.remote_ufrag = "cli2";
  peer.move();
  bool answered = false;
  for (int tries = 0; tries < 50 && !answered; ++tries) {
    answered = peer.check(200);  // the command takes its way over another loop
  }
  ASSERT_TRUE(answered);
  EXPECT_TRUE(peer.receive([](const std::vector<uint8_t>& bytes) { return !rtp::is_rtcp(bytes); }));
}

/// A WebRTC publisher of H.264: SPS, PPS and IDR slice, then P slices, one packet each.
class RtpPublisher {
 public:
  explicit RtpPublisher(ClientPeer& peer) : peer_(peer) {}

  /// @param lost  the frame's last packet is not sent; repeat() sends it.
  void send_frame(bool lost = false) {
    if (number_ % 25 == 0) {
      send(testing::hex("6764000aacd9447b011000000300100000030320f1225960"), false);
      send(testing::hex("68ebe3cb22c0"), false);
    }
    std::vector<uint8_t> slice = testing::hex(number_ % 25 == 0 ? "6588" : "419a");
    slice.resize(900, static_cast<uint8_t>(number_));
    send(slice, true, lost);
    ++number_;
  }
  void repeat() { send_packet(last_, last_index_); }
  /// The first piece of a picture (FU-A); the rest does not come.
  void send_piece() {
    std::vector<uint8_t> piece = testing::hex("7c81 9a");
    piece.resize(1000, 0xaa);
    send(piece, false);
    ++number_;
  }
  /// The encoder begins anew, under the same SSRC.
  void restart(uint64_t index) {
    index_ = index;
    number_ = 0;
    base_ = 3'000'000'000;
  }
  [[nodiscard]] uint16_t last_number() const { return static_cast<uint16_t>(last_index_); }

 private:
  void send(const std::vector<uint8_t>& payload, bool marker, bool lost = false) {
    last_index_ = index_++;
    last_ = payload;
    marker_ = marker;
    if (!lost) {
      send_packet(last_, last_index_);
    }
  }
  void send_packet(const std::vector<uint8_t>& payload, uint64_t index) {
    rtp::RtpPacket packet;
    packet.marker = marker_;
    packet.payload_type = kVideoType;
    packet.sequence_number = static_cast<uint16_t>(index);
    packet.timestamp = base_ + number_ * 3600;
    packet.ssrc = 77;
    packet.payload = payload;
    peer_.send_rtp(packet, index);
  }

  ClientPeer& peer_;
  uint32_t number_ = 0;
  uint32_t base_ = 1000;
  uint64_t index_ = 65530;  // wraps soon
  uint64_t last_index_ = 0;
  std::vector<uint8_t> last_;
  bool marker_ = false;
};

TEST_F(WebrtcTest, WhatAPublisherSendsReachesPlayersOfWebrtc) {
  ClientPeer sender(port_);
  const SessionId session = create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
  std::vector<uint8_t> last;
  size_t slices = 0;
  for (int i = 0; i < 10; ++i) {
    media.send_frame();
  }
  ASSERT_TRUE(player.receive([&](const std::vector<uint8_t>& bytes) {
    const auto packet = rtp::RtpPacket::parse(bytes);
    if (!rtp::is_rtcp(bytes) && packet.ok() && (packet->payload[0] & 0x1f) == 1) {
      EXPECT_EQ(packet->payload.size(), 900U);
      EXPECT_EQ(packet->payload.back(), ++slices) << "no frame is missing or twice";
    }
    return slices == 10;
  }));
  server_.engine().close(session, ErrorCode::kKicked);
  EXPECT_TRUE(closed_with(session, "KICKED"));
}

/// Collects a player's RTP packets until `enough(numbers)`.
struct Collected {
  std::vector<uint16_t> numbers;
  std::vector<uint32_t> timestamps;
  std::vector<uint8_t> types;  // of NAL units, the first of each packet

  bool take_from(ClientPeer& player, const std::function<bool(const Collected&)>& enough,
                 int limit_ms = 10'000) {
    return player.receive(
        [&](const std::vector<uint8_t>& bytes) {
          const auto packet = rtp::RtpPacket::parse(bytes);
          if (rtp::is_rtcp(bytes) || !packet.ok() || packet->payload.empty()) {
            return false;
          }
          numbers.push_back(packet->sequence_number);
          timestamps.push_back(packet->timestamp);
          types.push_back(packet->payload[0] & 0x1f);
          return enough(*this);
        },
        limit_ms);
  }
  [[nodiscard]] bool consecutive() const {
    for (size_t i = 1; i < numbers.size(); ++i) {
      if (numbers[i] != static_cast<uint16_t>(numbers[i - 1] + 1)) {
        return false;
      }
    }
    return true;
  }
};

TEST_F(WebrtcTest, PacketsAreForwardedBeforeTheirPictureIsWhole) {
  ClientPeer sender(port_);
  (void)create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
  media.send_piece();
  Collected got;
  EXPECT_TRUE(got.take_from(player, [](const Collected& all) { return all.types.back() == 28; }));
  EXPECT_EQ(got.types, (std::vector<uint8_t>{7, 8, 5, 28})) << "from the random access point on";
  EXPECT_TRUE(got.consecutive());
}

TEST_F(WebrtcTest, PlayerGoesOnWhenAnotherPublisherComes) {
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
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
    ASSERT_TRUE(got.take_from(player, [before](const Collected& all) {
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

TEST_F(WebrtcTest, SenderThatBeginsItsNumbersAnewIsFollowedAtOnce) {
  ClientPeer sender(port_);
  sender.plain = true;  // SRTP takes numbers of the past for a replay
  (void)create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  Collected got;
  ASSERT_TRUE(got.take_from(player, [](const Collected& all) { return all.types.size() == 3; }));
  media.restart(20'000);
  media.send_frame();
  media.send_frame();
  EXPECT_TRUE(got.take_from(player, [](const Collected& all) { return all.types.size() == 7; }));
  EXPECT_EQ(got.types, (std::vector<uint8_t>{7, 8, 5, 7, 8, 5, 1}));
  EXPECT_TRUE(got.consecutive());
  EXPECT_LT(got.timestamps.back() - got.timestamps.front(), 10U * 90'000);
}

TEST_F(WebrtcTest, WithoutFramesThePlayersOfWebrtcStillHaveTheStream) {
  ClientPeer sender(port_);
  Fields description = sender.describe("publish", video_media("recvonly"));
  description.set("rtc_to_rtmp", false);
  ASSERT_TRUE(server_.engine().create("webrtc", std::move(description)).ok());
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks")) << "signaling must know the codec";
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
  RtmpClient other(server_.listen("rtmp"), RtmpClient::Purpose::kPlay);
  ASSERT_TRUE(other.start());
  for (int i = 0; i < 30; ++i) {
    media.send_frame();
  }
  Collected got;
  EXPECT_TRUE(got.take_from(player, [](const Collected& all) { return all.types.size() > 30; }));
  std::array<uint8_t, 4096> room;
  EXPECT_LT(other.read_now(room), 900U) << "not even one picture";
}

/// A publisher of VP8 in layers of different sizes, told apart by rid. A layer sends a key frame
/// when it is asked for one.
class SimulcastPublisher {
 public:
  explicit SimulcastPublisher(ClientPeer& peer) : peer_(peer) {
    map_.add(10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
  }
  static constexpr uint8_t kType = 96;
  static Value::List media(std::string_view direction) {
    return {Fields{
        {"mid", "0"},
        {"kind", "video"},
        {"direction", direction},
        {"codecs",
         Value::List{Fields{{"payload_type", kType}, {"name", "VP8"}, {"clock_rate", 90000}}}},
        {"ssrc", kVideoSsrc},
        {"cname", "server"},
        {"rids", Value::List{"l", "h"}},
        {"extensions",
         Value::List{Fields{{"id", 10}, {"uri", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"}}}},
        {"nack", true},
        {"pli", true},
        {"goog_remb", direction == "sendonly"}}};
  }

  /// 10 ms of it: a picture of each layer, of 100 and of 1000 bytes.
  void send() {
    for (size_t i = 0; i < layers_.size(); ++i) {
      Layer& layer = layers_[i];
      // RFC 7741: start of partition 0; the frame header's lowest bit says "no key frame".
      std::vector<uint8_t> payload =
          testing::hex(layer.key ? "10 10 02 00 9d012a 4001f000" : "10 11 02 00");
      payload.resize(i == 0 ? 100 : 1000, static_cast<uint8_t>(i));
      layer.key = false;
      rtp::HeaderExtensionWriter writer(map_);
      writer.rid(i == 0 ? "l" : "h");
      rtp::RtpPacket packet;
      writer.apply_to(packet);
      packet.marker = true;
      packet.payload_type = kType;
      packet.sequence_number = static_cast<uint16_t>(layer.index);
      packet.timestamp = layer.timestamp += 900;
      packet.ssrc = static_cast<uint32_t>(500 + i);
      packet.payload = payload;
      peer_.send_rtp(packet, layer.index++);
    }
    peer_.receive(
        [this](const std::vector<uint8_t>& bytes) {
          rtp::RtcpReader reader(bytes);
          for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
            if ((*next)->is(rtp::PayloadFeedbackType::kPictureLoss)) {
              layers_.at(rtp::PictureLossIndication::parse(**next)->media_ssrc - 500).key = true;
            }
          }
          return false;
        },
        10);
  }

 private:
  struct Layer {
    uint64_t index;
    uint32_t timestamp;
    bool key = true;
  };
  ClientPeer& peer_;
  rtp::HeaderExtensionMap map_;
  std::array<Layer, 2> layers_{Layer{1000, 5000}, Layer{30'000, 4'000'000'000}};
};

TEST_F(WebrtcTest, PlayerOfSimulcastGetsTheLayerThatItsPathTakes) {
  ClientPeer sender(port_);
  const auto published = server_.engine().create(
      "webrtc", sender.describe("publish", SimulcastPublisher::media("recvonly")));
  ASSERT_TRUE(published.ok());
  ASSERT_TRUE(sender.connect(fingerprint_));
  SimulcastPublisher media(sender);
  media.send();
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  ASSERT_TRUE(server_.engine()
                  .create("webrtc", player.describe("play", SimulcastPublisher::media("sendonly")))
                  .ok());
  ASSERT_TRUE(player.connect(fingerprint_));
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
      player.send_rtcp(writer.written());
      (void)player.receive(
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

TEST_F(WebrtcTest, PublisherIsAskedForWhatIsLost) {
  ClientPeer sender(port_);
  (void)create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  media.send_frame(true);
  const uint16_t lost = media.last_number();
  media.send_frame();
  EXPECT_TRUE(sender.receive([&](const std::vector<uint8_t>& bytes) {
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

TEST_F(WebrtcTest, PlayersAskThePublisherForAKeyFrame) {
  ClientPeer sender(port_);
  (void)create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks"));
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  (void)create(player, "play");
  ASSERT_TRUE(player.connect(fingerprint_));
  media.send_frame();
  ASSERT_TRUE(player.receive([](const auto& bytes) { return !rtp::is_rtcp(bytes); }));
  std::array<uint8_t, 64> room{};
  ByteWriter writer(room);
  rtp::PictureLossIndication{1, kVideoSsrc}.write_to(writer);
  player.send_rtcp(writer.written());
  EXPECT_TRUE(sender.receive([](const std::vector<uint8_t>& bytes) {
    rtp::RtcpReader reader(bytes);
    for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
      if ((*next)->is(rtp::PayloadFeedbackType::kPictureLoss)) {
        return true;
      }
    }
    return false;
  }));
}

TEST_F(WebrtcTest, NameOfAPublisherIsFreeWhenItsEndIsTold) {
  for (int round = 0; round < 8; ++round) {
    ClientPeer sender(port_);
    sender.local_ufrag = "round" + std::to_string(round);
    const SessionId session = create(sender, "publish");
    ASSERT_TRUE(sender.connect(fingerprint_));
    sender.say_goodbye();
    ASSERT_TRUE(closed_with(session, "PEER_CLOSED")) << round;
  }
}

TEST_F(WebrtcTest, BrokenMediaCostsItselfOnly) {
  ClientPeer sender(port_);
  (void)create(sender, "publish");
  ASSERT_TRUE(sender.connect(fingerprint_));
  RtpPublisher media(sender);
  media.send_frame();
  ASSERT_TRUE(server_.await("stream_tracks"));
  // Good SRTP, bad inside: a STAP-A whose unit reaches beyond, FU-A without a start, a sender
  // report that is cut, a length that lies.
  for (const char* payload : {"78ffff67", "7c05ff", "78", "00"}) {
    const auto bytes = testing::hex(payload);
    rtp::RtpPacket packet;
    packet.payload_type = kVideoType;
    packet.ssrc = 77;
    packet.sequence_number = static_cast<uint16_t>(media.last_number() + 20);
    packet.payload = bytes;
    sender.send_rtp(packet, 65536U + packet.sequence_number);
  }
  sender.send_rtcp(testing::hex("80c80001 0000004d"));
  sender.send_rtcp(testing::hex("81cd7fff 0000004d 00000001"));
  sender.send_rtcp(testing::hex("9fcc0001 0000004d"));
  EXPECT_TRUE(sender.check());
  EXPECT_TRUE(
      sender.receive([](const std::vector<uint8_t>& bytes) { return rtp::is_rtcp(bytes); }));
}

TEST_F(WebrtcTest, EndOfTheServerWithSessionsInEveryState) {
  publish();
  ClientPeer connected(port_);
  (void)create(connected, "play");
  ASSERT_TRUE(connected.connect(fingerprint_));
  ClientPeer checked(port_);
  checked.local_ufrag = "checked1";
  (void)create(checked, "play");
  ASSERT_TRUE(checked.check());
  ClientPeer silent(port_);
  silent.local_ufrag = "silent12";
  (void)create(silent, "play");
  server_.engine().stop();
  EXPECT_TRUE(server_.await("session_closed"));
}

}  // namespace
}  // namespace millrace
