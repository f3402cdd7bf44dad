#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "io/testing/peer.hpp"
#include "protocols/http/http_session.hpp"
#include "protocols/http/testing/session_test.hpp"

namespace millrace::http {
namespace {

using testing::Client;
using testing::HttpSessionTest;
using testing::noise;
using testing::status_of;
using testing::text_of;
using HttpSessionAnswers = HttpSessionTest;

TEST_F(HttpSessionAnswers, FileThenKeepAlive) {
  write("a.ts", "segment");
  start();
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a.ts HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
    EXPECT_NE(
        answer.find("Content-Type: video/MP2T\r\nContent-Length: 7\r\nConnection: keep-alive\r\n"),
        std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\nsegment"));
  }
  client.send("HEAD /a.ts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string head = client.read_all();
  EXPECT_NE(head.find("Content-Length: 7\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kNone);
}

TEST_F(HttpSessionAnswers, LargeFileToASlowReader) {
  const std::string large = noise(size_t{8} << 20);
  write("large.mp4", large);
  start();
  const std::string answer = ask("GET /large.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.size() > large.size() && answer.substr(answer.size() - large.size()) == large);
}

TEST_F(HttpSessionAnswers, MarkupIsNotEchoed) {
  start();
  const std::string answer =
      ask("GET /%3Cscript%3E HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(answer.find("script"), std::string::npos);
}

TEST_F(HttpSessionAnswers, Cors) {
  settings_.cors = Cors::kYes;
  write("a", "x");
  start();
  EXPECT_NE(ask("GET /a HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: close\r\n\r\n")
                .find("Access-Control-Allow-Origin: *\r\n"),
            std::string::npos);
  EXPECT_EQ(ask("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("Access-Control"),
            std::string::npos);
  const std::string options =
      ask("OPTIONS /any HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(options), "HTTP/1.1 200 OK");
  EXPECT_NE(options.find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(HttpSessionAnswers, MemoryAnswersWithRangesAndTags) {
  auto chain = std::make_shared<BufferChain>();
  for (const std::string_view part : {"012", "3", "456789"}) {
    chain->add(Buffer::copy_of(part));
  }
  const std::shared_ptr<const BufferChain> body = chain;
  script_.on_request = [body](HttpSession& session, const Request&) {
    session.answer({.content_type = "video/mp4",
                    .body = body,
                    .etag = "\"t\"",
                    .accept_ranges = AcceptRanges::kYes});
    return Taken::kYes;
  };
  start();
  Client client(port_);
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\n\r\n");
  const std::string part = client.read_answer();
  EXPECT_EQ(status_of(part), "HTTP/1.1 206 Partial Content");
  EXPECT_NE(part.find("Content-Range: bytes 2-4/10\r\n"), std::string::npos);
  EXPECT_TRUE(part.ends_with("\r\n\r\n234"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=3-\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n3456789"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=9-9\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n9"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"t\"\r\n\r\n");
  EXPECT_EQ(status_of(client.read_until("\r\n\r\n")), "HTTP/1.1 304 Not Modified");
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 10\r\n"), std::string::npos);
  client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n0123456789"));
}

TEST_F(HttpSessionAnswers, LargeMemoryAnswer) {
  auto chain = std::make_shared<BufferChain>();
  std::string expected;
  for (size_t part = 0; part < 200; ++part) {  // more than one gathered write takes
    auto buffer = Buffer::make(30000 + part);
    for (size_t i = 0; i < buffer->size(); ++i) {
      buffer->data()[i] = static_cast<uint8_t>((part + i) * 2654435761U >> 13);
    }
    expected += text_of(buffer->bytes());
    chain->add(std::move(buffer));
  }
  const std::shared_ptr<const BufferChain> body = chain;
  script_.on_request = [body](HttpSession& session, const Request&) {
    session.answer({.body = body});
    return Taken::kYes;
  };
  start();
  const std::string answer = ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + expected));
}

TEST_F(HttpSessionAnswers, TlsSendsFilesAndMemory) {
  tls_ = millrace::testing::tls_context();
  ASSERT_NE(tls_, nullptr);
  const std::string large = noise(size_t{5} << 20);
  write("large", large);
  auto chain = std::make_shared<BufferChain>();
  for (size_t at = 0; at < large.size(); at += 100000) {
    chain->add(Buffer::copy_of(std::string_view(large).substr(at, 100000)));
  }
  script_.on_request = [chain](HttpSession& session, const Request& request) {
    if (request.path != "/memory") {
      return Taken::kNo;
    }
    session.answer({.body = chain});
    return Taken::kYes;
  };
  start();
  Client client(port_, Client::Tls::kYes);
  for (const char* path : {"/large", "/memory", "/large"}) {
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n" + large)) << path;
  }
}

TEST_F(HttpSessionAnswers, AFileThatIsCutWhileItIsSentBreaksTheConnection) {
  write("large", std::string(size_t{16} << 20, 'x'));
  start();
  Client client(port_);
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_until("\r\n\r\n");
  std::filesystem::resize_file(top_ / "large", 1000);
  EXPECT_LT(client.read_all().size(), size_t{16} << 20);
  EXPECT_EQ(next_end(), ErrorCode::kIoError);
}

}  // namespace
}  // namespace millrace::http
