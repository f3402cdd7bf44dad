#include <gtest/gtest.h>

#include <string>

#include "protocols/http/http_session.hpp"
#include "protocols/http/testing/session_test.hpp"

namespace millrace::http {
namespace {

using testing::Client;
using testing::HttpSessionTest;
using testing::status_of;
using HttpSessionStream = HttpSessionTest;

TEST_F(HttpSessionStream, PublishByPostStreamsItsBody) {
  script_.on_request = [](HttpSession& session, const Request& request) {
    EXPECT_EQ(request.method, Method::kPost);
    session.stream_body();
    return Taken::kYes;
  };
  start();
  Client client(port_);
  client.send("POST /live/a.flv HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string expected;
  for (int i = 0; i < 40; ++i) {  // more than the limit of a collected body
    const std::string data(0x10000, static_cast<char>('a' + i % 26));
    client.send("10000\r\n" + data + "\r\n");
    expected += data;
  }
  client.send("0\r\n\r\n");
  const std::string answer = client.read_answer();
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), expected);
}

TEST_F(HttpSessionStream, LiveStreamIsChunkedAndCloses) {
  script_.on_request = [this](HttpSession& session, const Request& request) {
    const StreamForm expected =
        request.version == Version::k10 ? StreamForm::kPlain : StreamForm::kChunked;
    EXPECT_EQ(session.begin_stream("video/x-flv").value(), expected);
    session.connection().write("3\r\nFLV\r\n");
    loop_.post([&session] { session.end_stream(WebSocketStatus::kGoingAway); });
    return Taken::kYes;
  };
  start();
  const std::string answer =
      ask("GET /live/a.flv HTTP/1.1\r\nHost: a\r\n\r\nGET /ignored HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(
      answer.ends_with("Content-Type: video/x-flv\r\nTransfer-Encoding: chunked\r\nConnection: "
                       "close\r\n\r\n3\r\nFLV\r\n"))
      << answer;
  EXPECT_EQ(next_end(), ErrorCode::kNone);
  EXPECT_EQ(ask("GET /live/a.flv HTTP/1.0\r\n\r\n").find("Transfer-Encoding"), std::string::npos);
}

TEST_F(HttpSessionStream, WebSocketStream) {
  script_.on_request = [](HttpSession& session, const Request&) {
    if (const auto form = session.begin_stream("video/x-flv"); form.ok()) {
      EXPECT_EQ(*form, StreamForm::kWebSocket);
      session.connection().write(
          "\x82\x03"
          "FLV");
    }
    return Taken::kYes;
  };
  start();
  const std::string head =
      "GET /live/a.flv HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string good =
      head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  Client client(port_);
  client.send(good);
  EXPECT_TRUE(client.read_until("\r\n\r\n")
                  .ends_with("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                             "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
  EXPECT_EQ(client.read_bytes(5),
            "\x82\x03"
            "FLV");
  client.send(std::string("\x89\x82\0\0\0\0hi", 8));
  EXPECT_EQ(client.read_bytes(4), "\x8a\x02hi");
  client.send(std::string("\x88\x80\0\0\0\0", 6));
  EXPECT_EQ(client.read_all(), "\x88\x02\x03\xe8");
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kNone);

  Client unmasked(port_);
  unmasked.send(good);
  unmasked.read_until("FLV");
  unmasked.send("\x81\x01x");
  EXPECT_EQ(unmasked.read_all(), "\x88\x02\x03\xea");

  Client huge(port_);
  huge.send(good);
  huge.read_until("FLV");
  huge.send(std::string("\x82\xff\x80\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(huge.read_all(), "\x88\x02\x03\xf1");

  const std::string old =
      ask(head + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(status_of(old), "HTTP/1.1 426 Upgrade Required");
  EXPECT_NE(old.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
  EXPECT_EQ(status_of(ask(head + "Sec-WebSocket-Version: 13\r\n\r\n")), "HTTP/1.1 400 Bad Request");
}

}  // namespace
}  // namespace millrace::http
