#include "protocols/http/http_session.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "protocols/http/testing/session_test.hpp"

namespace millrace::http {
namespace {

using testing::Client;
using testing::HttpSessionTest;
using testing::status_of;
using testing::text_of;

TEST_F(HttpSessionTest, PipelinedRequestsAreAnsweredInOrder) {
  write("1", "one");
  write("2", "two");
  start();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  Client client(port_);
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.read_answer().ends_with("\r\n\r\none"));
    ASSERT_TRUE(client.read_answer().ends_with("\r\n\r\ntwo"));
  }
}

TEST_F(HttpSessionTest, PipeliningWithoutReadingIsBounded) {
  write("large", std::string(1 << 20, 'x'));
  settings_.deadlines.no_progress = milliseconds(300);
  start();
  Client client(port_);
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    requests += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.send(requests);
  EXPECT_EQ(next_end(), ErrorCode::kSlowReader);
}

TEST_F(HttpSessionTest, ControlPlaneAnswersLater) {
  script_.on_control = [this](HttpSession& session, const Request& request, Bytes body) {
    const std::string text =
        std::string(request.method_name) + " " + std::string(request.path) + " " + text_of(body);
    loop_.post([&session, text] {
      const std::array fields{Header{"X-A", "b"}, Header{"Content-Length", "99"},
                              Header{"Connection", "x"}};
      session.answer(
          {.status = 201, .content_type = "application/json", .fields = fields, .text = text});
    });
  };
  write("api", "file");
  start();
  Client client(port_);
  client.send(
      "POST /api/v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /api/v1/y "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 201 Created");
  EXPECT_TRUE(answer.ends_with(
      "Content-Length: 20\r\nConnection: keep-alive\r\nX-A: b\r\n\r\nPOST /api/v1/x hello"))
      << answer;
  EXPECT_TRUE(client.read_answer().ends_with("GET /api/v1/y "));
}

TEST_F(HttpSessionTest, ContinueIsSentBeforeTheBody) {
  script_.on_control = [](HttpSession& session, const Request&, Bytes body) {
    session.answer({.text = text_of(body)});
  };
  start();
  Client client(port_);
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nabc"));
}

TEST_F(HttpSessionTest, FaultsAreAnsweredOnceAndClose) {
  script_.on_control = [](HttpSession& session, const Request&, Bytes) {
    session.answer({.text = "second"});
  };
  start();
  const std::string smuggled =
      ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
          "chunked\r\n\r\n0\r\n\r\n"
          "GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(smuggled), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(smuggled.find("second"), std::string::npos);
  EXPECT_NE(smuggled.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
  EXPECT_EQ(status_of(ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 414 URI Too Long");
  EXPECT_EQ(
      status_of(ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'a') + "\r\n\r\n")),
      "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(status_of(ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")),
            "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(status_of(ask("GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(status_of(ask("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 405 Method Not Allowed");
  EXPECT_EQ(status_of(ask("GET / HTTP/1.9\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 505 HTTP Version Not Supported");
  EXPECT_EQ(ask("\x16\x03\x01\x02").substr(0, 12), "HTTP/1.1 400");
}

TEST_F(HttpSessionTest, SlowHeadsAndBodiesAreCut) {
  settings_.deadlines.head = milliseconds(200);
  settings_.deadlines.body = milliseconds(200);
  start();
  EXPECT_EQ(status_of(ask("GET / HT")), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")),
            "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(ask(""), "");  // says nothing: closed without an answer
}

TEST_F(HttpSessionTest, IdleConnectionsAreCut) {
  settings_.deadlines.idle = milliseconds(100);
  write("a", "x");
  start();
  Client client(port_);
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_answer();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(next_end(), ErrorCode::kIdleTimeout);
}

TEST_F(HttpSessionTest, AHandlerThatSaysNothingIsCovered) {
  settings_.deadlines.answer = milliseconds(100);
  script_.on_control = [](HttpSession&, const Request&, Bytes) {};
  start();
  EXPECT_EQ(status_of(ask("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 504 Gateway Timeout");
}

TEST_F(HttpSessionTest, APeerThatLeavesWhileTheHandlerThinks) {
  std::atomic<bool> asked{false};
  script_.on_control = [&asked](HttpSession&, const Request&, Bytes) { asked = true; };
  start();
  Client client(port_);
  client.send("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kPeerClosed);
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace millrace::http
