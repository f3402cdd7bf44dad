#include "protocols/rtmp/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::rtmp {
namespace {

struct Case {
  const char* tc_url;
  const char* stream;
  const char* expected;  // schema host port vhost app stream param
};

std::string text_of(const StreamUrl& url) {
  return url.schema + " " + url.host + " " + std::to_string(url.port) + " " + url.vhost + " " +
         url.app + " " + url.stream + " " + url.param;
}

TEST(StreamUrl, FormsOfNames) {
  const std::vector<Case> cases = {
      {"rtmp://a.example/live", "s", "rtmp a.example 1935 a.example live s "},
      {"rtmp://a.example:19350/live", "s", "rtmp a.example 19350 a.example live s "},
      {"RTMPS://a.example/live", "s", "rtmps a.example 443 a.example live s "},
      {"http://127.0.0.1/rtc", "s", "http 127.0.0.1 80 127.0.0.1 rtc s "},
      {"rtmp://[::1]/live", "s", "rtmp ::1 1935 ::1 live s "},
      {"rtmp://[::1]:1936/live", "s", "rtmp ::1 1936 ::1 live s "},
      {"rtmp://h/live/room", "s", "rtmp h 1935 h live/room s "},
      {"rtmp://h/live/", "/s/", "rtmp h 1935 h live s "},
      {"rtmp://h/live", "room/s", "rtmp h 1935 h live/room s "},
      {" rtmp://h/live\r\n", " s\t", "rtmp h 1935 h live s "},
      // queries
      {"rtmp://h/live", "s?k=v", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h/live", "s?url=a/b", "rtmp h 1935 h live s ?url=a/b"},
      {"rtmp://h/live?k=v", "s", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h/live?k=v", "s?x=y", "rtmp h 1935 h live s ?x=y&k=v"},
      {"rtmp://h/live?k=v/s", "", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h/live#k=v", "s", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h/live#k=v/s", "", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h/live/s?k=v", "", "rtmp h 1935 h live s ?k=v"},
      // vhosts
      {"rtmp://h/live?vhost=v.example", "s", "rtmp h 1935 v.example live s ?vhost=v.example"},
      {"rtmp://h/live", "s?vhost=v.example", "rtmp h 1935 v.example live s ?vhost=v.example"},
      {"rtmp://h/live?vhost=b", "s?vhost=a", "rtmp h 1935 a live s ?vhost=a&vhost=b"},
      {"rtmp://h/live", "s?k=1&&domain=d;x=2", "rtmp h 1935 d live s ?k=1&&domain=d;x=2"},
      {"rtmp://h/live", "s?domain=d,vhost=v", "rtmp h 1935 v live s ?domain=d,vhost=v"},
      {"rtmp://h/live?vhost=", "s", "rtmp h 1935 h live s ?vhost="},
      {"rtmp://h/live", "s?vhost=__defaultVhost__", "rtmp h 1935 h live s "},
      {"rtmp://h/live", "s?vhost=__defaultVhost__&k=v",
       "rtmp h 1935 h live s ?vhost=__defaultVhost__&k=v"},
      {"rtmp://h/live...vhost...v.example", "s", "rtmp h 1935 v.example live s "},
      {"rtmp://h/live...vhost...v.example/s", "", "rtmp h 1935 v.example live s "},
      {"rtmp://h/live...vhost...v.example...k...v", "s", "rtmp h 1935 v.example live s "},
      {"rtmp://h/live...domain...v.example", "s", "rtmp h 1935 v.example live s "},
      {"rtmp://h/live...vhost...a?vhost=b", "s", "rtmp h 1935 b live s ?vhost=b"},
      // instances and missing parts
      {"rtmp://h/live/_definst_", "s", "rtmp h 1935 h live s "},
      {"rtmp://h/live/_definst_/s", "", "rtmp h 1935 h live s "},
      {"rtmp://h/live/_definst_?k=v", "s", "rtmp h 1935 h live s ?k=v"},
      {"rtmp://h", "s", "rtmp h 1935 h __defaultApp__ s "},
      {"rtmp://h/", "s", "rtmp h 1935 h __defaultApp__ s "},
      {"rtmp://h?k=v", "s", "rtmp h 1935 h __defaultApp__ s ?k=v"},
      {"rtmp://h/a/b/s", "", "rtmp h 1935 h a/b s "},
      {"rtmp://h/a/b/s", "?k=v", "rtmp h 1935 h a/b s ?k=v"},
  };
  for (const Case& c : cases) {
    const auto url = resolve_stream_url(c.tc_url, c.stream);
    ASSERT_TRUE(url.ok()) << c.tc_url << " " << c.stream;
    EXPECT_EQ(text_of(url.value()), c.expected) << c.tc_url << " " << c.stream;
  }
}

TEST(StreamUrl, Refusals) {
  const auto error = [](std::string_view tc_url, std::string_view stream) {
    return resolve_stream_url(tc_url, stream).error().code;
  };
  EXPECT_EQ(error("", "s"), ErrorCode::kRtmpTcUrlMissing);
  EXPECT_EQ(error("127.0.0.1/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("://h/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp:///live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp://h:0/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp://h:65536/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp://h:x/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp://[::1]x/live", "s"), ErrorCode::kRtmpTcUrlInvalid);
  EXPECT_EQ(error("rtmp://h/live", ""), ErrorCode::kStreamNameEmpty);
  EXPECT_EQ(error("rtmp://h/live", "?k=v"), ErrorCode::kStreamNameEmpty);
  EXPECT_EQ(error("rtmp://h/", "/ /"), ErrorCode::kStreamNameEmpty);
}

TEST(StreamUrl, AtConnectTheWholePathIsTheApp) {
  EXPECT_EQ(text_of(resolve_tc_url("rtmp://h/live/room?vhost=v").value()),
            "rtmp h 1935 v live/room  ?vhost=v");
  EXPECT_EQ(text_of(resolve_tc_url("rtmp://h").value()), "rtmp h 1935 h __defaultApp__  ");
  EXPECT_EQ(text_of(resolve_tc_url("rtmp://h/live?k=v/s").value()), "rtmp h 1935 h live  ?k=v");
}

TEST(StreamUrl, TraversalIsKeptForTheCheckOfNames) {
  const auto url = resolve_stream_url("rtmp://h/live", "../../x");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->app, "live/../..");
  EXPECT_EQ(url->stream, "x");
}

TEST(StreamUrl, HostileLengthCostsLinearTime) {
  std::string app;
  for (int i = 0; i < 20000; ++i) {
    app += "/_definst_";
  }
  EXPECT_EQ(resolve_stream_url("rtmp://h" + app, "s")->app, "__defaultApp__");
  EXPECT_TRUE(resolve_stream_url("rtmp://h/live?" + std::string(2 << 20, '&'), "s").ok());
}

}  // namespace
}  // namespace millrace::rtmp
