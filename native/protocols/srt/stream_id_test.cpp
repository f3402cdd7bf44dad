#include "protocols/srt/stream_id.hpp"

#include <gtest/gtest.h>

namespace millrace::srt {
namespace {

struct Case {
  const char* text;
  Mode mode;
  const char* vhost;
  const char* app;
  const char* stream;
  const char* param;
};

constexpr Case kCases[] = {
    {"#!::r=live/one,m=publish", Mode::kPublish, "", "live", "one", ""},
    {"#!::m=Publish,r=live/one", Mode::kPublish, "", "live", "one", ""},
    {"#!::r=live/one", Mode::kRequest, "", "live", "one", ""},
    {"#!::r=/live/one/,m=request", Mode::kRequest, "", "live", "one", ""},
    {"#!::r=one,m=publish", Mode::kPublish, "", "live", "one", ""},
    {"#!::r=a/b/c,m=publish", Mode::kPublish, "", "a/b", "c", ""},
    {"#!::h=example.com,r=live/one,m=publish,token=x,k=v", Mode::kPublish, "example.com", "live",
     "one", "token=x&k=v&vhost=example.com"},
    {"#!::r=live/one?token=x,m=publish", Mode::kPublish, "", "live", "one", "token=x"},
    {"#!::r=live/one,u=me,s=7,t=stream", Mode::kRequest, "", "live", "one", "u=me&s=7&t=stream"},
    {"#!::h=example.com/live/one,m=publish", Mode::kPublish, "example.com", "live", "one",
     "vhost=example.com"},
    {"#!::h=live/one,m=publish", Mode::kPublish, "", "live", "one", ""},
    {"#!::r=live/one,,m=publish,", Mode::kPublish, "", "live", "one", ""},
    {"#!::r=live/one,token=a=b", Mode::kRequest, "", "live", "one", "token=a=b"},
    {"live/one", Mode::kRequest, "", "live", "one", ""},
    {"one", Mode::kRequest, "", "live", "one", ""},
    {"live/one?a=b&c=d", Mode::kRequest, "", "live", "one", "a=b&c=d"},
    {"live/one?vhost=v.org", Mode::kRequest, "v.org", "live", "one", "vhost=v.org"},
    {"", Mode::kRequest, "", "live", "livestream", ""},
};

TEST(SrtStreamId, Forms) {
  for (const Case& one : kCases) {
    const auto id = StreamId::parse(one.text, {});
    ASSERT_TRUE(id) << one.text;
    EXPECT_EQ(id->mode, one.mode) << one.text;
    EXPECT_EQ(id->vhost, one.vhost) << one.text;
    EXPECT_EQ(id->app, one.app) << one.text;
    EXPECT_EQ(id->stream, one.stream) << one.text;
    EXPECT_EQ(id->param, one.param) << one.text;
  }
}

TEST(SrtStreamId, WrittenAndReadBackIsTheSame) {
  for (const Case& one : kCases) {
    const auto id = StreamId::parse(one.text, {});
    ASSERT_TRUE(id);
    const auto again = StreamId::parse(id->to_string(), {});
    ASSERT_TRUE(again) << id->to_string();
    EXPECT_EQ(again->mode, id->mode);
    EXPECT_EQ(again->vhost, id->vhost);
    EXPECT_EQ(again->app, id->app);
    EXPECT_EQ(again->stream, id->stream);
    EXPECT_EQ(again->hash(), id->hash());
  }
}

TEST(SrtStreamId, DefaultsFillIn) {
  const StreamIdDefaults defaults{
      .app = "tv", .stream_id = "#!::r=live/other,m=publish", .mode = Mode::kPublish};
  EXPECT_EQ(StreamId::parse("one", defaults)->app, "tv");
  EXPECT_EQ(StreamId::parse("one", defaults)->mode, Mode::kPublish);
  EXPECT_EQ(StreamId::parse("#!::r=one", defaults)->mode, Mode::kRequest)
      << "of the short form only";
  EXPECT_EQ(StreamId::parse("", defaults)->stream, "other");
  EXPECT_EQ(StreamId::parse("", defaults)->mode, Mode::kPublish);
}

TEST(SrtStreamId, ParametersOfAShortFormAreNoKeysOfTheStandardForm) {
  const auto id = StreamId::parse("live/one?m=publish&r=a/b&h=c&x=y", {});
  ASSERT_TRUE(id);
  EXPECT_EQ(id->mode, Mode::kRequest);
  EXPECT_EQ(id->param, "m=publish&r=a/b&h=c&x=y");
  EXPECT_EQ(id->to_string(), "#!::r=live/one,m=request,x=y");
}

TEST(SrtStreamId, WhatCannotBeReadIsRefused) {
  struct Bad {
    std::string text;
    ErrorCode code;
  };
  for (const Bad& bad : {
           Bad{"#!::m=publish", ErrorCode::kSrtStreamIdInvalid},
           Bad{"#!::", ErrorCode::kSrtStreamIdInvalid},
           Bad{"#!::r=live/,m=publish", ErrorCode::kNone},
           Bad{"#!::r", ErrorCode::kSrtStreamIdInvalid},
           Bad{"#!::=x,r=live/one", ErrorCode::kSrtStreamIdInvalid},
           Bad{"#!:{r=live/one}", ErrorCode::kSrtStreamIdInvalid},
           Bad{"#!::r=live/one,m=bidirectional", ErrorCode::kSrtModeInvalid},
           Bad{"#!::r=live/one,m=", ErrorCode::kSrtModeInvalid},
           Bad{"#!::r=live/one,t=file", ErrorCode::kUnsupported},
           Bad{"live/one\n", ErrorCode::kSrtStreamIdInvalid},
           Bad{"/", ErrorCode::kSrtStreamIdInvalid},
           Bad{std::string(513, 'a'), ErrorCode::kSrtStreamIdInvalid},
       }) {
    const auto id = StreamId::parse(bad.text, {});
    EXPECT_EQ(id ? ErrorCode::kNone : id.error().code, bad.code) << bad.text;
  }
  EXPECT_TRUE(StreamId::parse(std::string(512, 'a'), {}));
}

}  // namespace
}  // namespace millrace::srt
