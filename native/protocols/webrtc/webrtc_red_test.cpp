// Opus with redundancy (RED, RFC 2198), from publishers and to players.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "protocols/webrtc/testing/webrtc_server.hpp"
#include "rtp/packet/red.hpp"
#include "rtp/rtcp/feedback.hpp"

namespace millrace {
namespace {

using testing::AllocationCounter;
using testing::ClientPeer;

constexpr uint32_t kAudioSsrc = 3333;
constexpr uint8_t kOpusType = 111;
constexpr uint8_t kRedType = 63;

/// What a peer has negotiated.
struct Audio {
  uint8_t opus = kOpusType;
  int red = -1;  // none

  [[nodiscard]] Value::List media(std::string_view direction) const {
    return {Fields{{"mid", "0"},
                   {"kind", "audio"},
                   {"direction", direction},
                   {"codecs", Value::List{Fields{{"payload_type", opus},
                                                 {"name", "opus"},
                                                 {"clock_rate", 48000},
                                                 {"channels", 2},
                                                 {"red_payload_type", red}}}},
                   {"ssrc", kAudioSsrc},
                   {"cname", "server"},
                   {"nack", direction == "sendonly"}}};
  }
};

struct Heard {
  uint16_t number = 0;
  uint8_t payload_type = 0;
  std::vector<uint8_t> payload;
};

class WebrtcRedTest : public testing::WebrtcServer {
 protected:
  bool connect(ClientPeer& peer, std::string_view role, const Audio& audio) {
    const auto session = server_.engine().create(
        "webrtc", peer.describe(role, audio.media(role == "play" ? "sendonly" : "recvonly")));
    return session.ok() && peer.connect(fingerprint_);
  }
  static std::vector<uint8_t> frame(uint64_t index) {
    return {0xfc, static_cast<uint8_t>(index), static_cast<uint8_t>(index >> 8)};
  }
  /// Sends one packet of 20 ms, with a copy of the one before it where that was negotiated.
  enum class Link : bool { kLosesIt, kCarriesIt };
  void send(Link link = Link::kCarriesIt) {
    const auto own = frame(index_);
    const auto before = frame(index_ - 1);
    rtp::RedPayload red;
    red.add({kOpusType, 960, before});
    red.add({kOpusType, 0, own});
    std::array<uint8_t, 64> room{};
    ByteWriter writer(room);
    red.write_to(writer);
    rtp::RtpPacket packet;
    packet.payload_type = publishes_red_ ? kRedType : kOpusType;
    packet.sequence_number = static_cast<uint16_t>(index_);
    packet.timestamp = static_cast<uint32_t>(index_ * 960);
    packet.ssrc = 88;
    packet.payload = publishes_red_ ? writer.written() : Bytes(own);
    if (link == Link::kCarriesIt) {
      sender_.send_rtp(packet, index_);
    }
    ++index_;
  }
  bool publish(bool red) {
    publishes_red_ = red;
    return connect(sender_, "publish", {kOpusType, red ? kRedType : -1});
  }
  static std::optional<Heard> heard(const std::vector<uint8_t>& bytes) {
    const auto packet = rtp::RtpPacket::parse(bytes);
    if (rtp::is_rtcp(bytes) || !packet.ok()) {
      return std::nullopt;
    }
    return Heard{packet->sequence_number,
                 packet->payload_type,
                 {packet->payload.begin(), packet->payload.end()}};
  }
  /// Sends until the player has got what was sent last: its session may begin a little after
  /// connect().
  bool join(ClientPeer& player) {
    for (int i = 0; i < 500; ++i) {
      send();
      const auto last = frame(index_ - 1);
      if (player.receive(
              [&last](const std::vector<uint8_t>& bytes) {
                const auto one = heard(bytes);
                return one && one->payload.size() >= last.size() &&
                       std::equal(last.rbegin(), last.rend(), one->payload.rbegin());
              },
              20)) {
        return true;
      }
    }
    return false;
  }
  static std::vector<Heard> take(ClientPeer& player, size_t count) {
    std::vector<Heard> out;
    (void)player.receive([&](const std::vector<uint8_t>& bytes) {
      if (auto one = heard(bytes)) {
        out.push_back(std::move(*one));
      }
      return out.size() == count;
    });
    return out;
  }

  ClientPeer sender_{port_};
  uint64_t index_ = 65'500;  // wraps soon
  bool publishes_red_ = false;
};

TEST_F(WebrtcRedTest, WhatThePublisherLostComesFromItsRedundancy) {
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  ASSERT_TRUE(publish(true));
  ASSERT_TRUE(connect(player, "play", {}));
  ASSERT_TRUE(join(player));
  uint64_t next = index_;
  for (int i = 0; i < 60; ++i) {
    send(i % 3 == 1 ? Link::kLosesIt : Link::kCarriesIt);
  }
  const auto got = take(player, 60);
  ASSERT_EQ(got.size(), 60U);
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].payload_type, kOpusType) << "RED was not negotiated";
    EXPECT_EQ(got[i].payload, frame(next++)) << i;
    EXPECT_EQ(got[i].number, static_cast<uint16_t>(got[0].number + i));
  }
}

TEST_F(WebrtcRedTest, PlayersWhoWantItGetRedundancyAndTheOthersPlainOpus) {
  ClientPeer with_red(port_);
  with_red.local_ufrag = "withred";
  ClientPeer plain(port_);
  plain.local_ufrag = "plain";
  ASSERT_TRUE(publish(false));
  ASSERT_TRUE(connect(with_red, "play", {96, 97}));
  ASSERT_TRUE(connect(plain, "play", {98, -1}));
  ASSERT_TRUE(join(with_red));
  ASSERT_TRUE(join(plain));
  const uint64_t first = index_;
  for (int i = 0; i < 30; ++i) {
    send();
  }
  uint64_t next = first;
  for (const Heard& one : take(plain, 30)) {
    EXPECT_EQ(one.payload_type, 98);
    EXPECT_EQ(one.payload, frame(next++));
  }
  EXPECT_EQ(next, index_);
  next = 0;
  (void)with_red.receive([&](const std::vector<uint8_t>& bytes) {
    const auto one = heard(bytes);
    if (!one) {
      return false;
    }
    const auto red = rtp::RedPayload::parse(one->payload);
    if (one->payload_type != 97 || !red.ok() || red->blocks().size() != 2) {
      ADD_FAILURE() << "payload type " << int{one->payload_type};
      return true;
    }
    const Bytes primary = red->primary().data;
    const Bytes before = red->blocks()[0].data;
    next = std::max<uint64_t>(next, primary[1] | primary[2] << 8);
    EXPECT_EQ(red->blocks()[0].payload_type, 96);
    EXPECT_EQ(red->blocks()[0].timestamp_offset, 960);
    EXPECT_EQ(red->primary().payload_type, 96);
    EXPECT_TRUE(std::ranges::equal(before, frame((primary[1] | primary[2] << 8) - 1U)));
    return (next & 0xffff) == ((index_ - 1) & 0xffff);
  });
  EXPECT_EQ(next & 0xffff, (index_ - 1) & 0xffff);
}

TEST_F(WebrtcRedTest, WhatIsSentAgainIsTheSamePacketForEachPlayer) {
  ClientPeer with_red(port_);
  with_red.local_ufrag = "withred";
  with_red.plain = true;  // whole packets are compared: SRTP hands on none twice
  ClientPeer plain(port_);
  plain.local_ufrag = "plain";
  plain.plain = true;
  ASSERT_TRUE(publish(true));
  ASSERT_TRUE(connect(with_red, "play", {kOpusType, kRedType}));
  ASSERT_TRUE(connect(plain, "play", {}));
  ASSERT_TRUE(join(with_red));
  ASSERT_TRUE(join(plain));
  for (ClientPeer* player : {&with_red, &plain}) {
    send();
    send();
    std::vector<uint8_t> first;
    uint16_t number = 0;
    ASSERT_TRUE(player->receive([&](const std::vector<uint8_t>& bytes) {
      if (const auto one = heard(bytes)) {
        first = bytes;
        number = one->number;
      }
      return !first.empty();
    }));
    EXPECT_EQ(heard(first)->payload_type, player == &plain ? kOpusType : kRedType);
    std::array<uint8_t, 64> room{};
    ByteWriter writer(room);
    ASSERT_EQ(rtp::Nack::write(writer, 1, kAudioSsrc, std::array{number}), 1U);
    player->send_rtcp(writer.written());
    EXPECT_TRUE(player->receive([&](const auto& bytes) { return bytes == first; }));
  }
}

TEST_F(WebrtcRedTest, RedundancyTakesNothingFromTheHeap) {
  AllocationCounter::exempt_this_thread();
  ClientPeer player(port_);
  player.local_ufrag = "playufrag";
  ASSERT_TRUE(publish(true));
  ASSERT_TRUE(connect(player, "play", {kOpusType, kRedType}));
  ASSERT_TRUE(join(player));
  const auto window = [&] {
    for (int i = 0; i < 100; ++i) {
      send(i % 5 == 1 ? Link::kLosesIt : Link::kCarriesIt);
    }
    return take(player, 100).size();
  };
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(window(), 100U);  // until the history is full: 256 packets
  }
  uint64_t allocations = UINT64_MAX;
  // The fewest of some: a loop that was kept waiting may hold more than ever before, once.
  for (int attempt = 0; allocations != 0 && attempt < 8; ++attempt) {
    AllocationCounter::start();
    ASSERT_EQ(window(), 100U);
    allocations = AllocationCounter::stop();
  }
  EXPECT_EQ(allocations, 0U);
}

}  // namespace
}  // namespace millrace
