#include "protocols/rtmp/handshake.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace millrace::rtmp {
namespace {

using ByteVector = std::vector<uint8_t>;

HandshakePart part_of(const ByteVector& bytes, size_t offset) {
  return Bytes(bytes).subspan(offset).first<kHandshakeBytes>();
}

/// Runs both sides against each other, `step` bytes at a time.
void shake(ClientHandshake& client, ServerHandshake& server, size_t step) {
  ByteVector to_server = client.take_output();
  ByteVector to_client;
  for (int turn = 0; turn < 3; ++turn) {
    for (size_t at = 0; at < to_server.size(); at += step) {
      const Bytes part = Bytes(to_server).subspan(at, std::min(step, to_server.size() - at));
      const auto taken = server.feed(part);
      ASSERT_TRUE(taken.ok());
      ASSERT_EQ(taken.value(), part.size());
      const ByteVector answer = server.take_output();
      to_client.insert(to_client.end(), answer.begin(), answer.end());
    }
    to_server.clear();
    for (size_t at = 0; at < to_client.size(); at += step) {
      const Bytes part = Bytes(to_client).subspan(at, std::min(step, to_client.size() - at));
      const auto taken = client.feed(part);
      ASSERT_TRUE(taken.ok());
      ASSERT_EQ(taken.value(), part.size());
      const ByteVector answer = client.take_output();
      to_server.insert(to_server.end(), answer.begin(), answer.end());
    }
    to_client.clear();
  }
}

TEST(Handshake, BothFormsAtAnyStep) {
  for (const auto form : {ClientHandshake::Form::kPlain, ClientHandshake::Form::kDigest}) {
    for (const size_t step :
         {size_t{1}, size_t{7}, kHandshakeBytes, kHandshakeBytes + 1, size_t{9999}}) {
      ClientHandshake client(form, 1);
      ServerHandshake server(2);
      shake(client, server, step);
      EXPECT_TRUE(client.done());
      EXPECT_TRUE(server.done());
      const bool digest = form == ClientHandshake::Form::kDigest;
      EXPECT_EQ(server.schema().has_value(), digest);
      EXPECT_EQ(client.schema().has_value(), digest);
    }
  }
}

TEST(Handshake, ServerFindsBothSchemas) {
  for (const DigestSchema schema : {DigestSchema::kKeyFirst, DigestSchema::kDigestFirst}) {
    for (uint64_t seed = 0; seed < 32; ++seed) {  // the offsets differ with the bytes
      ByteVector c0_c1 = ClientHandshake(ClientHandshake::Form::kPlain, seed).take_output();
      put_digest(std::span(c0_c1).subspan(1).first<kHandshakeBytes>(), schema,
                 HandshakeSide::kClient);
      ServerHandshake server(seed);
      ASSERT_TRUE(server.feed(c0_c1).ok());
      EXPECT_EQ(server.schema(), schema);
      const ByteVector answer = server.take_output();
      ASSERT_EQ(answer.size(), 1 + 2 * kHandshakeBytes);
      EXPECT_EQ(find_digest(part_of(answer, 1), HandshakeSide::kServer), schema);
      EXPECT_TRUE(answers_digest(part_of(answer, 1 + kHandshakeBytes), HandshakeSide::kServer,
                                 digest_in(part_of(c0_c1, 1), schema)));
    }
  }
}

TEST(Handshake, PlainAnswerRepeatsC1) {
  const ByteVector c0_c1 = ClientHandshake(ClientHandshake::Form::kPlain, 5).take_output();
  ServerHandshake server(6);
  ASSERT_TRUE(server.feed(c0_c1).ok());
  const ByteVector answer = server.take_output();
  EXPECT_EQ(answer[0], kRtmpVersion);
  EXPECT_TRUE(std::equal(c0_c1.begin() + 1, c0_c1.end(), answer.begin() + 1 + kHandshakeBytes));
  // A version that is not zero would make clients look for a digest.
  EXPECT_EQ(ByteVector(answer.begin() + 5, answer.begin() + 9), ByteVector(4));
}

TEST(Handshake, BytesBehindC2AreLeft) {
  ByteVector bytes = ClientHandshake(ClientHandshake::Form::kPlain, 1).take_output();
  bytes.resize(bytes.size() + kHandshakeBytes);
  const size_t whole = bytes.size();
  bytes.push_back(0x02);
  ServerHandshake server(1);
  EXPECT_EQ(server.feed(bytes).value(), whole);
  EXPECT_TRUE(server.done());
}

TEST(Handshake, ProxyHeaderGivesTheAddress) {
  ByteVector bytes = {0xf3, 0x00, 0x06, 192, 0, 2, 7, 0xee, 0xee};
  const ByteVector c0_c1 = ClientHandshake(ClientHandshake::Form::kDigest, 1).take_output();
  bytes.insert(bytes.end(), c0_c1.begin(), c0_c1.end());
  for (size_t cut = 0; cut <= 12; ++cut) {
    ServerHandshake server(1);
    EXPECT_EQ(server.feed(Bytes(bytes).first(cut)).value(), cut);
    EXPECT_EQ(server.feed(Bytes(bytes).subspan(cut)).value(), bytes.size() - cut);
    EXPECT_EQ(server.proxied_address(), (std::array<uint8_t, 4>{192, 0, 2, 7}));
    EXPECT_EQ(server.take_output().size(), 1 + 2 * kHandshakeBytes);
  }
}

TEST(Handshake, RefusesOtherVersionsAndProxyHeaders) {
  const std::vector<ByteVector> cases = {
      {0x00},
      {0x06},
      {'G', 'E', 'T'},
      {0x16, 0x03, 0x01},
      {0xf3, 0x00, 0x03},                      // no room for an address
      {0xf3, 0x04, 0x01},                      // over 1024
      {0xf3, 0x00, 0x04, 127, 0, 0, 1, 0xf3},  // two headers
  };
  for (const ByteVector& bytes : cases) {
    ServerHandshake server(1);
    EXPECT_EQ(server.feed(bytes).error().code, ErrorCode::kRtmpHandshakeVersion);
  }
  ClientHandshake client(ClientHandshake::Form::kPlain, 1);
  EXPECT_EQ(client.feed(ByteVector{'H'}).error().code, ErrorCode::kRtmpHandshakeVersion);
}

TEST(Handshake, ClientRefusesAServerWhoseS2ProvesNothing) {
  ClientHandshake client(ClientHandshake::Form::kDigest, 1);
  ServerHandshake server(2);
  ASSERT_TRUE(server.feed(client.take_output()).ok());
  ByteVector answer = server.take_output();
  answer.back() ^= 1;
  EXPECT_EQ(client.feed(answer).error().code, ErrorCode::kRtmpHandshakeDigest);
}

}  // namespace
}  // namespace millrace::rtmp
