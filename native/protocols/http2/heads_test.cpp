#include <gtest/gtest.h>

#include <string>

#include "protocols/http2/flood_guard.hpp"
#include "protocols/http2/request_head.hpp"
#include "protocols/http2/response_head.hpp"

namespace millrace::http2 {
namespace {

RequestHead head_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields,
                    const http::RequestLimits& limits = {}) {
  RequestHead head;
  for (const auto& [name, value] : fields) {
    head.add(name, value, limits);
  }
  return head;
}

TEST(Http2RequestHead, BecomesOneOfHttp11) {
  const RequestHead head = head_of({{":method", "GET"},
                                    {":scheme", "https"},
                                    {":authority", "a.example:8443"},
                                    {":path", "/live/a.flv?b=c"},
                                    {"host", "other.example"},
                                    {"range", "bytes=0-"},
                                    {"connection", "upgrade"},
                                    {"te", "trailers"}});
  EXPECT_EQ(head.refusal(), 0U);
  EXPECT_EQ(head.text(false),
            "GET /live/a.flv?b=c HTTP/1.1\r\nHost: a.example:8443\r\nrange: bytes=0-\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Http2RequestHead, TellsHowTheBodyIsFramed) {
  const RequestHead without = head_of({{":method", "POST"}, {":path", "/"}, {"host", "a"}});
  EXPECT_EQ(
      without.text(true),
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  const RequestHead with =
      head_of({{":method", "POST"}, {":path", "/"}, {"host", "a"}, {"content-length", "3"}});
  EXPECT_TRUE(with.has_length());
  EXPECT_EQ(with.text(true),
            "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nConnection: close\r\n\r\n");
}

TEST(Http2RequestHead, NeverMakesTwoRequestsOfOne) {
  for (const std::string_view bad :
       {"/ HTTP/1.1\r\nX: y", "/a b", "/\r\n\r\nGET /", "/\x7f", "", "/\n"}) {
    EXPECT_EQ(head_of({{":method", "GET"}, {":path", bad}}).refusal(), 400U) << bad;
    EXPECT_EQ(head_of({{":method", bad}, {":path", "/"}}).refusal(), 400U) << bad;
  }
  EXPECT_EQ(head_of({{":method", "GET"}, {":path", "/"}, {":authority", "a\r\nb: c"}}).refusal(),
            400U);
  EXPECT_EQ(head_of({{":method", "CONNECT"}, {":authority", "a:1"}}).refusal(), 400U);
  const RequestHead head =
      head_of({{":method", "GET"}, {":path", "/"}, {"a", "b\r\nc: d"}, {"e", "f"}});
  EXPECT_EQ(head.text(false), "GET / HTTP/1.1\r\nHost: \r\ne: f\r\nConnection: close\r\n\r\n");
}

TEST(Http2RequestHead, HasLimits) {
  http::RequestLimits limits;
  limits.header_count = 3;
  EXPECT_EQ(head_of({{":method", "GET"}, {":path", "/"}, {"a", "b"}}, limits).refusal(), 0U);
  EXPECT_EQ(head_of({{":method", "GET"}, {":path", "/"}, {"a", "b"}, {"c", "d"}}, limits).refusal(),
            431U);
  limits = {};
  limits.head_bytes = 200;
  EXPECT_EQ(head_of({{":method", "GET"}, {":path", std::string(200, '/')}}, limits).refusal(),
            431U);
}

TEST(Http2ResponseHead, IsFoundHoweverItIsCut) {
  const std::string text =
      "HTTP/1.1 206 Partial Content\r\nServer: x\r\nETag:  \"a\" \r\n"
      "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nbody";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    ResponseHead head;
    const std::string_view all = text;
    size_t taken = head.feed(all.substr(0, cut));
    taken += head.feed(all.substr(cut));
    ASSERT_TRUE(head.complete());
    EXPECT_EQ(taken, text.size() - 4) << cut;
    EXPECT_EQ(head.status(), "206");
    EXPECT_FALSE(head.is_interim());
    const auto fields = head.fields();
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0].name, "server");
    EXPECT_EQ(fields[1].name, "etag");
    EXPECT_EQ(fields[1].value, "\"a\"");
  }
}

TEST(Http2ResponseHead, KnowsInterimAnswersAndWhatIsNone) {
  ResponseHead head;
  (void)head.feed("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(head.complete());
  EXPECT_TRUE(head.is_interim());
  EXPECT_TRUE(head.fields().empty());
  head.clear();
  (void)head.feed("nonsense\r\n\r\n");
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), "");
}

TEST(Http2FloodGuard, LetsANormalPeerGoOnForever) {
  FloodGuard guard;
  Time now = Time{} + seconds(1);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(guard.spend(1, now));
    now += milliseconds(25);
  }
}

TEST(Http2FloodGuard, StopsAFlood) {
  FloodGuard guard;
  const Time now = Time{} + seconds(1);
  int let_through = 0;
  while (guard.spend(1, now) && let_through < 10'000) {
    ++let_through;
  }
  EXPECT_LT(let_through, 2000);
  EXPECT_FALSE(guard.spend(1, now));
}

}  // namespace
}  // namespace millrace::http2
