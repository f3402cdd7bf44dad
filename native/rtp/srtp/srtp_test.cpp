#include "rtp/srtp/srtp.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "codecs/testing/hex.hpp"

namespace millrace::srtp {
namespace {

using testing::hex;

MasterKey master(std::string_view key, std::string_view salt) {
  MasterKey made;
  const auto key_bytes = hex(key);
  const auto salt_bytes = hex(salt);
  std::copy(key_bytes.begin(), key_bytes.end(), made.key.begin());
  std::copy(salt_bytes.begin(), salt_bytes.end(), made.salt.begin());
  return made;
}

struct Case {
  const char* name;
  Profile profile;
  MasterKey key;
  const char* rtp;   // protected
  const char* rtcp;  // protected, index 1
};

const char* const kRtp = "800f1234 decafbad cafebabe abababab abababab abababab abababab";
const char* const kRtcp = "81c8000b cafebabe abababab abababab abababab abababab";

// The vectors with which libsrtp checks itself (its test/srtp_driver.c); keys of the first are
// those of RFC 3711 B.3.
std::vector<Case> cases() {
  return {
      {"AES_CM_128_HMAC_SHA1_80", Profile::kAes128CmSha1_80,
       master("e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6"),
       "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc99ea179b8dbb",
       "81c8000b cafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798"},
      {"AEAD_AES_128_GCM", Profile::kAeadAes128Gcm,
       master("000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaab"),
       "800f1234 decafbad cafebabe c5002ede04cfdd2eb91159e0880aa06e"
       "d2976826f796b201df3131a127e8a392",
       "81c8000b cafebabe c98b8b5df0392a55852b6c21ac8e7025"
       "c52c6fbea2b3b446ea31123ba88ce61e 80000001"},
  };
}

std::vector<uint8_t> with_room(std::vector<uint8_t> packet) {
  packet.resize(packet.size() + kMaxOverhead);
  return packet;
}

TEST(Srtp, ProtectsAsOthersDo) {
  for (const Case& c : cases()) {
    Sender sender(c.profile, c.key);
    const auto plain = hex(kRtp);
    auto packet = with_room(plain);
    packet.resize(sender.protect_rtp(packet, plain.size(), 12, 0xcafebabe, 0x1234));
    EXPECT_EQ(packet, hex(c.rtp)) << c.name;
    const auto plain_rtcp = hex(kRtcp);
    auto rtcp = with_room(plain_rtcp);
    rtcp.resize(sender.protect_rtcp(rtcp, plain_rtcp.size()));
    EXPECT_EQ(rtcp, hex(c.rtcp)) << c.name;
  }
}

TEST(Srtp, UnprotectsOnce) {
  for (const Case& c : cases()) {
    Receiver receiver(c.profile, c.key);
    for (int time = 0; time < 2; ++time) {
      auto packet = hex(c.rtp);
      const auto size = receiver.unprotect_rtp(packet);
      auto rtcp = hex(c.rtcp);
      const auto rtcp_size = receiver.unprotect_rtcp(rtcp);
      if (time == 1) {
        EXPECT_EQ(size.error().code, ErrorCode::kSrtpReplayed) << c.name;
        EXPECT_EQ(rtcp_size.error().code, ErrorCode::kSrtpReplayed) << c.name;
        continue;
      }
      ASSERT_TRUE(size.ok()) << c.name;
      packet.resize(*size);
      EXPECT_EQ(packet, hex(kRtp)) << c.name;
      ASSERT_TRUE(rtcp_size.ok()) << c.name;
      rtcp.resize(*rtcp_size);
      EXPECT_EQ(rtcp, hex(kRtcp)) << c.name;
    }
  }
}

TEST(Srtp, EveryChangedByteIsFoundOut) {
  for (const Case& c : cases()) {
    const auto rtp = hex(c.rtp);
    const auto rtcp = hex(c.rtcp);
    Receiver receiver(c.profile, c.key);
    for (size_t at = 0; at < rtp.size(); ++at) {
      auto packet = rtp;
      packet[at] ^= 1;
      EXPECT_FALSE(receiver.unprotect_rtp(packet).ok()) << c.name << " " << at;
    }
    for (size_t at = 0; at < rtcp.size(); ++at) {
      auto packet = rtcp;
      packet[at] ^= 1;
      EXPECT_FALSE(receiver.unprotect_rtcp(packet).ok()) << c.name << " " << at;
    }
    auto packet = rtp;
    EXPECT_TRUE(receiver.unprotect_rtp(packet).ok()) << c.name << ": what was refused left nothing";
  }
}

TEST(Srtp, EveryCutIsRefused) {
  for (const Case& c : cases()) {
    Receiver receiver(c.profile, c.key);
    for (const char* text : {c.rtp, c.rtcp}) {
      const auto whole = hex(text);
      for (size_t size = 0; size < whole.size(); ++size) {
        std::vector<uint8_t> packet(whole.begin(),
                                    whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(receiver.unprotect_rtp(packet).ok()) << c.name << " " << size;
        packet.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(receiver.unprotect_rtcp(packet).ok()) << c.name << " " << size;
      }
    }
  }
}

// RFC 3711 §3.3.1: the sequence number wraps, packets come late and out of order.
TEST(Srtp, RolloverCounterFollowsTheSequenceNumber) {
  for (const Profile profile :
       {Profile::kAes128CmSha1_80, Profile::kAeadAes128Gcm, Profile::kAeadAes256Gcm}) {
    const MasterKey key = master("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                                 "0102030405060708090a0b0c0d0e");
    Sender sender(profile, key);
    Receiver receiver(profile, key);
    for (const uint64_t index : {0xfff0ULL, 0xffffULL, 0x10001ULL, 0x10000ULL, 0xfffeULL,
                                 0x17000ULL, 0x1f000ULL, 0x1ff00ULL, 0x20001ULL}) {
      const auto plain = hex("8060 0000 00000001 00000002 0102030405");
      auto packet = with_room(plain);
      packet[2] = static_cast<uint8_t>(index >> 8);
      packet[3] = static_cast<uint8_t>(index);
      packet.resize(sender.protect_rtp(packet, plain.size(), 12, 2, index));
      const auto size = receiver.unprotect_rtp(packet);
      ASSERT_TRUE(size.ok()) << index;
      EXPECT_EQ(std::vector<uint8_t>(packet.begin() + 12, packet.begin() + 17), hex("0102030405"));
    }
  }
}

TEST(Srtp, GuessesTheNearestIndex) {
  EXPECT_EQ(guess_index(5, 6), 6U);
  EXPECT_EQ(guess_index(5, 0xffff), 0xffffU);  // there is nothing before 0
  EXPECT_EQ(guess_index(0xfffe, 1), 0x10001U);
  EXPECT_EQ(guess_index(0x10001, 0xfffe), 0xfffeU);
  EXPECT_EQ(guess_index(0x28000, 0x7fff), 0x27fffU);
}

TEST(Srtp, WindowForgetsWhatIsOld) {
  ReplayWindow window;
  window.note(10);
  EXPECT_FALSE(window.is_new(10));
  EXPECT_TRUE(window.is_new(9));
  window.note(10 + ReplayWindow::kSize);
  EXPECT_FALSE(window.is_new(10));  // outside
  EXPECT_TRUE(window.is_new(11));
  window.note(11);
  EXPECT_FALSE(window.is_new(11));
  window.note(100'000);
  EXPECT_TRUE(window.is_new(99'999));
  EXPECT_FALSE(window.is_new(11));
}

TEST(Srtp, HeaderWithSourcesAndExtension) {
  EXPECT_EQ(rtp_header_size(hex("8060000000000001 00000002")), 12U);
  EXPECT_EQ(rtp_header_size(hex("9160000000000001 00000002 00000003 bede0001 10010203 ff")), 24U);
  EXPECT_FALSE(rtp_header_size(hex("9060000000000001 00000002 bede0002 10010203")).has_value());
  EXPECT_FALSE(rtp_header_size(hex("8f60000000000001 00000002 00000003")).has_value());
  EXPECT_FALSE(rtp_header_size(hex("4060000000000001 00000002")).has_value());
}

TEST(Srtp, SourcesAreBounded) {
  const MasterKey key = cases()[0].key;
  Sender sender(Profile::kAes128CmSha1_80, key);
  Receiver receiver(Profile::kAes128CmSha1_80, key);
  size_t taken = 0;
  for (uint32_t ssrc = 1; ssrc < 100; ++ssrc) {
    const auto plain = hex("8060 0001 00000001 00000000 00");
    auto packet = with_room(plain);
    packet[11] = static_cast<uint8_t>(ssrc);
    packet.resize(sender.protect_rtp(packet, plain.size(), 12, ssrc, 1));
    taken += receiver.unprotect_rtp(packet).ok() ? 1 : 0;
  }
  EXPECT_EQ(taken, Receiver::kMaxSources);
}

}  // namespace
}  // namespace millrace::srtp
