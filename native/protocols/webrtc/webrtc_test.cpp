#include <gtest/gtest.h>

#include "protocols/webrtc/testing/rtp_peers.hpp"
#include "protocols/webrtc/testing/webrtc_server.hpp"

namespace millrace {
namespace {

using testing::ClientPeer;
using testing::kVideoSsrc;
using testing::kVideoType;
using testing::RtpPublisher;
using testing::Server;
using testing::video_media;

/// What holds for peers of both transports is a TEST_P.
class WebrtcTest : public testing::WebrtcServer,
                   public ::testing::WithParamInterface<ClientPeer::Over> {
 protected:
  using WebrtcServer::WebrtcServer;
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