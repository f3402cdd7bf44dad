#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "protocols/http/websocket_frame.hpp"
#include "protocols/http/websocket_handshake.hpp"

namespace millrace::http {
namespace {

using Octets = std::vector<uint8_t>;

Request upgrade(std::initializer_list<Header> headers) {
  Request request;
  request.method = Method::kGet;
  request.wants_upgrade = true;
  request.headers = {headers.begin(), headers.size()};
  return request;
}

TEST(WebSocketHandshake, Rfc6455Section1_3) {
  const auto accept =
      accept_websocket(upgrade({{"Upgrade", "WebSocket"},
                                {"Sec-WebSocket-Version", "13"},
                                {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}));
  ASSERT_TRUE(accept.ok());
  EXPECT_EQ(std::string(accept->data(), accept->size()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshake, Refused) {
  const Header protocol{"Upgrade", "websocket"};
  const Header version{"Sec-WebSocket-Version", "13"};
  const Header key{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="};
  EXPECT_FALSE(accept_websocket(upgrade({protocol, version})).ok());
  EXPECT_FALSE(accept_websocket(upgrade({version, key})).ok());
  EXPECT_FALSE(accept_websocket(upgrade({protocol, version, key, key})).ok());
  EXPECT_EQ(accept_websocket(upgrade({protocol, key})).error().detail, 426U);
  EXPECT_EQ(
      accept_websocket(upgrade({protocol, key, {"Sec-WebSocket-Version", "8"}})).error().detail,
      426U);
  for (const std::string_view bad :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=x", "dGhlIHNhbXBsZSBub25j Q=="}) {
    EXPECT_FALSE(accept_websocket(upgrade({protocol, version, {"Sec-WebSocket-Key", bad}})).ok())
        << bad;
  }
  const std::array headers{protocol, version, key};
  Request post;
  post.wants_upgrade = true;
  post.headers = headers;
  EXPECT_FALSE(accept_websocket(post).ok());
  post.method = Method::kPost;
  EXPECT_FALSE(accept_websocket(post).ok());
}

/// One line per frame, then the error if there is one; the same for every cut.
std::string drain(WebSocketFrameParser& parser, Bytes first, Bytes second = {}) {
  std::string out;
  for (const Bytes piece : {first, second}) {
    parser.feed(piece);
    while (true) {
      const auto frame = parser.poll();
      if (!frame.ok()) {
        return out + "error " + std::string(error_info(frame.error().code).name);
      }
      if (!*frame) {
        break;
      }
      out += std::to_string(static_cast<int>((*frame)->opcode)) + ((*frame)->final ? "." : "+") +
             std::string((*frame)->payload.begin(), (*frame)->payload.end()) + "\n";
    }
  }
  return out;
}

struct Case {
  const char* name;
  Octets bytes;
  std::string result;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      // RFC 6455 §5.7: a single-frame masked text message.
      {"Rfc6455MaskedHello",
       {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58},
       "1.Hello\n"},
      {"Ping", {0x89, 0x82, 0, 0, 0, 0, 'h', 'i'}, "9.hi\n"},
      {"EmptyPong", {0x8a, 0x80, 1, 2, 3, 4}, "10.\n"},
      {"CloseWithoutStatus", {0x88, 0x80, 0, 0, 0, 0}, "8.\n"},
      {"CloseNormal", {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8}, "8.\x03\xe8\n"},
      {"FragmentsWithPingBetween",
       {0x02, 0x81, 0, 0, 0, 0, 'a', 0x89, 0x80, 0, 0, 0, 0, 0x80, 0x81, 0, 0, 0, 0, 'b'},
       "2+a\n9.\n0.b\n"},
      {"Unmasked", {0x81, 0x01, 'a'}, "error WEBSOCKET_UNMASKED"},
      {"ReservedBit", {0xc1, 0x80, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"ReservedOpcode", {0x83, 0x80, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"ReservedControlOpcode", {0x8b, 0x80, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"FragmentedPing", {0x09, 0x80, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"LongPing", {0x89, 0xfe, 0, 126}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"ContinuationOfNothing", {0x80, 0x80, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"TextInsideMessage",
       {0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0},
       "1+\nerror WEBSOCKET_FRAME_MALFORMED"},
      {"LengthNotMinimal16", {0x82, 0xfe, 0, 5, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"LengthNotMinimal64",
       {0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
       "error WEBSOCKET_FRAME_MALFORMED"},
      {"LengthTwoTo63", {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, "error WEBSOCKET_FRAME_TOO_LARGE"},
      {"LengthMax",
       {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       "error WEBSOCKET_FRAME_TOO_LARGE"},
      {"LengthOverLimit", {0x82, 0xfe, 0x04, 0x01}, "error WEBSOCKET_FRAME_TOO_LARGE"},
      {"CloseOfOneByte", {0x88, 0x81, 0, 0, 0, 0, 3}, "error WEBSOCKET_FRAME_MALFORMED"},
      {"CloseReservedStatus",
       {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed},
       "error WEBSOCKET_FRAME_MALFORMED"},
  };
  return kCases;
}

TEST(WebSocketFrameParser, TableAtEveryCut) {
  for (const Case& c : cases()) {
    const Bytes bytes(c.bytes);
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
      WebSocketFrameParser parser(1024);
      EXPECT_EQ(drain(parser, bytes.first(cut), bytes.subspan(cut)), c.result)
          << c.name << " cut at " << cut;
    }
  }
}

TEST(WebSocketFrameParser, FragmentsCountTogether) {
  WebSocketFrameParser parser(8);
  const Octets first{0x02, 0x85, 0, 0, 0, 0, 1, 2, 3, 4, 5};
  const Octets second{0x80, 0x84, 0, 0, 0, 0, 1, 2, 3, 4};
  EXPECT_EQ(drain(parser, first).substr(0, 2), "2+");
  EXPECT_EQ(drain(parser, second), "error WEBSOCKET_FRAME_TOO_LARGE");
}

TEST(WebSocketFrameParser, WhatWeWriteIsMinimal) {
  std::array<uint8_t, kWebSocketHeadRoom> room;
  EXPECT_EQ(write_websocket_head(room, WebSocketOpcode::kBinary, 125), 2U);
  EXPECT_EQ(room[0], 0x82);
  EXPECT_EQ(room[1], 125);
  EXPECT_EQ(write_websocket_head(room, WebSocketOpcode::kBinary, 126), 4U);
  EXPECT_EQ(write_websocket_head(room, WebSocketOpcode::kBinary, 65535), 4U);
  EXPECT_EQ(write_websocket_head(room, WebSocketOpcode::kBinary, 65536), 10U);
  EXPECT_EQ(room[1], 127);
  EXPECT_EQ(room[7], 1);
}

TEST(WebSocketFrameParser, CloseStatusOfErrors) {
  EXPECT_EQ(close_status_of(ErrorCode::kWebsocketFrameTooLarge), WebSocketStatus::kTooLarge);
  EXPECT_EQ(close_status_of(ErrorCode::kWebsocketUnmasked), WebSocketStatus::kProtocolError);
  EXPECT_EQ(websocket_close_frame(WebSocketStatus::kTooLarge),
            (std::array<uint8_t, 4>{0x88, 0x02, 0x03, 0xf1}));
}

}  // namespace
}  // namespace millrace::http
