#include "protocols/http/preconditions.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

#include "protocols/http/http_date.hpp"
#include "protocols/http/mime.hpp"

namespace millrace::http {
namespace {

constexpr int64_t kModified = 784111777;  // the RFC's example
constexpr Validators kState{"\"abc\"", kModified};

Request with(std::initializer_list<Header> headers) {
  Request request;
  request.headers = {headers.begin(), headers.size()};
  return request;
}

TEST(HttpDate, Rfc9110Example) {
  const HttpDate date = format_http_date(kModified);
  EXPECT_EQ(std::string_view(date.data(), date.size()), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kModified);
}

TEST(HttpDate, RoundTrip) {
  for (const int64_t time :
       {int64_t{0}, int64_t{951782400}, int64_t{4102444799}, int64_t{253402300799}}) {
    const HttpDate date = format_http_date(time);
    EXPECT_EQ(parse_http_date({date.data(), date.size()}), time);
  }
  EXPECT_EQ(format_http_date(-5), format_http_date(0));
}

TEST(HttpDate, Refused) {
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(Preconditions, NotModified) {
  EXPECT_FALSE(is_not_modified(with({}), kState));
  EXPECT_TRUE(is_not_modified(with({{"If-None-Match", "\"abc\""}}), kState));
  EXPECT_TRUE(is_not_modified(with({{"If-None-Match", "\"x\", W/\"abc\""}}), kState));
  EXPECT_TRUE(is_not_modified(with({{"If-None-Match", "*"}}), kState));
  EXPECT_FALSE(is_not_modified(with({{"If-None-Match", "\"ab\""}}), kState));
  EXPECT_TRUE(
      is_not_modified(with({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}), kState));
  EXPECT_FALSE(
      is_not_modified(with({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}), kState));
  EXPECT_FALSE(is_not_modified(with({{"If-Modified-Since", "yesterday"}}), kState));
  // RFC 9110 §13.2.2: with If-None-Match the date does not count.
  EXPECT_FALSE(is_not_modified(
      with({{"If-None-Match", "\"x\""}, {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}),
      kState));
}

TEST(Preconditions, IfRange) {
  EXPECT_TRUE(range_applies(with({}), kState));
  EXPECT_TRUE(range_applies(with({{"If-Range", "\"abc\""}}), kState));
  EXPECT_FALSE(range_applies(with({{"If-Range", "W/\"abc\""}}), kState));
  EXPECT_FALSE(range_applies(with({{"If-Range", "\"old\""}}), kState));
  EXPECT_TRUE(range_applies(with({{"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}), kState));
  EXPECT_FALSE(range_applies(with({{"If-Range", "Sun, 06 Nov 1994 08:49:38 GMT"}}), kState));
}

TEST(Mime, ByExtension) {
  EXPECT_EQ(mime_type("/live/a.flv"), "video/x-flv");
  EXPECT_EQ(mime_type("/live/a.TS"), "video/MP2T");
  EXPECT_EQ(mime_type("/a.m3u8"), "application/vnd.apple.mpegurl");
  EXPECT_EQ(mime_type("/a.mpd"), "application/dash+xml");
  EXPECT_EQ(mime_type("/a.m4s"), "video/iso.segment");
  EXPECT_EQ(mime_type("/a.b/c"), "application/octet-stream");
  EXPECT_EQ(mime_type("/a."), "application/octet-stream");
  EXPECT_EQ(extension("/x.y/a.tar.gz"), "gz");
  EXPECT_TRUE(is_playlist(mime_type("a.m3u8")));
  EXPECT_FALSE(is_playlist(mime_type("a.ts")));
}

}  // namespace
}  // namespace millrace::http
