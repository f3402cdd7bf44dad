#include "rtp/stun/message.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "codecs/testing/hex.hpp"

namespace millrace::stun {
namespace {

using testing::hex;

// RFC 5769 §2.1, sample request. Password "VOkJxbRl1RmTxUk/WvJxBt".
const char* const kRequest =
    "00010058 2112a442 b7e7a701bc34d686fa87dfae"
    "80220010 5354554e207465737420636c69656e74"  // SOFTWARE
    "00240004 6e0001ff"                          // PRIORITY
    "80290008 932ff9b151263b36"                  // ICE-CONTROLLED
    "00060009 6576746a3a68367659202020"          // USERNAME evtj:h6vY
    "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004 e57a3bcf";
const char* const kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

TEST(Stun, Rfc5769SampleRequest) {
  const auto bytes = hex(kRequest);
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->message_class, Class::kRequest);
  EXPECT_EQ(message->method, kBinding);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->priority, 0x6e0001ffU);
  EXPECT_TRUE(message->ice_controlled);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_EQ(message->unknown_required, 0);
  EXPECT_TRUE(message->is_authentic(kPassword));
  EXPECT_FALSE(message->is_authentic("VOkJxbRl1RmTxUk/WvJxBu"));
  EXPECT_FALSE(message->is_authentic(""));
  const auto ufrags = split_username(message->username);
  ASSERT_TRUE(ufrags.has_value());
  EXPECT_EQ(ufrags->local, "evtj");
  EXPECT_EQ(ufrags->remote, "h6vY");
}

TEST(Stun, Rfc5769SampleIPv4Response) {
  // §2.2: 192.0.2.1 port 32853.
  const auto bytes =
      hex("0101003c 2112a442 b7e7a701bc34d686fa87dfae"
          "8022000b 7465737420766563746f7220"
          "00200008 0001a147e112a643"
          "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
          "80280004 c07d4c96");
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->message_class, Class::kSuccess);
  EXPECT_TRUE(message->is_authentic(kPassword));
  // The same address in our own answer.
  const auto request_bytes = hex(kRequest);
  const auto request = Message::parse(request_bytes);
  std::array<uint8_t, kMaxAnswerSize> room{};
  const size_t size =
      write_binding_success(*request, {{192, 0, 2, 1}, false, 32853}, kPassword, room);
  EXPECT_EQ(std::vector<uint8_t>(room.begin() + 20, room.begin() + 32),
            hex("00200008 0001a147e112a643"));
  const auto answer = Message::parse(Bytes(room).first(size));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->message_class, Class::kSuccess);
  EXPECT_EQ(answer->transaction, request->transaction);
  EXPECT_TRUE(answer->is_authentic(kPassword));
}

TEST(Stun, Rfc5769SampleIPv6Address) {
  const auto request_bytes = hex(kRequest);
  const auto request = Message::parse(request_bytes);
  std::array<uint8_t, kMaxAnswerSize> room{};
  // §2.3: 2001:db8:1234:5678:11:2233:4455:6677 port 32853.
  (void)write_binding_success(*request,
                              {{0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00, 0x11, 0x22,
                                0x33, 0x44, 0x55, 0x66, 0x77},
                               true,
                               32853},
                              kPassword, room);
  EXPECT_EQ(std::vector<uint8_t>(room.begin() + 20, room.begin() + 44),
            hex("00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9"));
}

TEST(Stun, EveryCutIsMalformed) {
  const auto bytes = hex(kRequest);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Message::parse(Bytes(bytes).first(size)).ok()) << size;
  }
}

TEST(Stun, EveryChangedByteIsFoundOut) {
  const auto good = hex(kRequest);
  const size_t fingerprint = good.size() - 8;
  for (size_t at = 0; at < fingerprint; ++at) {
    auto bytes = good;
    bytes[at] ^= 1;
    EXPECT_FALSE(Message::parse(bytes).ok()) << at;
    // And if somebody makes the fingerprint fit again: by the integrity.
    bytes[3] = static_cast<uint8_t>(fingerprint - kHeaderSize);
    bytes.resize(fingerprint);
    const auto message = Message::parse(bytes);
    EXPECT_FALSE(at != 3 && message.ok() && message->is_authentic(kPassword)) << at;
  }
}

TEST(Stun, WithoutIntegrityNobodyIsAuthentic) {
  const auto bytes = hex("00010008 2112a442 b7e7a701bc34d686fa87dfae 00240004 6e0001ff");
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_FALSE(message->is_authentic(kPassword));
}

TEST(Stun, AttributesBehindIntegrityDoNotCount) {
  std::array<uint8_t, 256> room{};
  size_t size = write_binding_request({1, 2, 3}, "a:b", "password", 1, room);
  // Instead of FINGERPRINT: ICE-CONTROLLED, which nothing protects.
  size -= 8;
  const auto extra = hex("80290008 0000000000000000");
  std::copy(extra.begin(), extra.end(), room.begin() + static_cast<std::ptrdiff_t>(size));
  size += extra.size();
  room[3] = static_cast<uint8_t>(size - kHeaderSize);
  const auto message = Message::parse(Bytes(room).first(size));
  ASSERT_TRUE(message.ok());
  EXPECT_FALSE(message->ice_controlled);
  EXPECT_TRUE(message->use_candidate);
}

TEST(Stun, UnknownRequiredAttributeIsNamed) {
  const auto bytes = hex("00010008 2112a442 b7e7a701bc34d686fa87dfae 7abc0003 01020300");
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->unknown_required, 0x7abc);
  std::array<uint8_t, kMaxAnswerSize> room{};
  const size_t size = write_binding_error(*message, 420, "password", room);
  const auto answer = Message::parse(Bytes(room).first(size));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->message_class, Class::kError);
  EXPECT_EQ(std::vector<uint8_t>(room.begin() + 20, room.begin() + 36),
            hex("00090004 00000414 000a0002 7abc0000"));
}

TEST(Stun, AnswersAreNotLargerThanChecks) {
  std::array<uint8_t, 256> request{};
  const size_t asked = write_binding_request({}, "abcd:efgh", "password", 1, request);
  const auto message = Message::parse(Bytes(request).first(asked));
  ASSERT_TRUE(message.ok());
  std::array<uint8_t, kMaxAnswerSize> room{};
  EXPECT_LE(write_binding_success(*message, {{0x20, 0x01}, true, 1}, "password", room), asked);
  EXPECT_LE(write_binding_error(*message, 487, "password", room), asked);
}

}  // namespace
}  // namespace millrace::stun
