#include "protocols/hls/paths.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace millrace::hls {
namespace {

const StreamName kName{"__defaultVhost__", "live", "livestream"};

Segment segment_of(uint64_t sequence) {
  Segment segment;
  segment.sequence = sequence;
  segment.duration = std::chrono::milliseconds(2020);
  segment.started = WallTime(std::chrono::milliseconds(1700000000123));
  segment.floor_number = 170000000;
  return segment;
}

TEST(HlsPaths, SegmentsAndTheirUris) {
  const struct {
    const char* m3u8;
    const char* ts;
    const char* prefix;
    const char* path;
    const char* uri;
  } cases[] = {
      {"[app]/[stream].m3u8", "[app]/[stream]-[seq].ts", "", "live/livestream-3.ts",
       "livestream-3.ts"},
      {"[stream].m3u8", "[stream]-[seq].ts", "", "livestream-3.ts", "livestream-3.ts"},
      {"[app]/[stream].m3u8", "[app]/[stream]/[seq].ts", "", "live/livestream/3.ts",
       "livestream/3.ts"},
      {"[app]/a/[stream].m3u8", "[app]/b/[seq].ts", "", "live/b/3.ts", "../b/3.ts"},
      {"a/b/c.m3u8", "[seq].ts", "", "3.ts", "../../3.ts"},
      {"[app]/[stream].m3u8", "[app]/[stream]-[seq].ts", "http://cdn.example.com",
       "live/livestream-3.ts", "http://cdn.example.com/live/livestream-3.ts"},
      {"[app]/[stream].m3u8", "[app]/[timestamp]_[duration].ts", "", "live/1700000000123_2020.ts",
       "1700000000123_2020.ts"},
  };
  for (const auto& one : cases) {
    Options options;
    options.m3u8_file = one.m3u8;
    options.ts_file = one.ts;
    options.entry_prefix = one.prefix;
    const auto paths = Paths::of(options, kName);
    ASSERT_TRUE(paths);
    const auto location = paths->segment(options, segment_of(3));
    ASSERT_TRUE(location);
    EXPECT_EQ(location->path, one.path);
    EXPECT_EQ(location->uri, one.uri);
    EXPECT_EQ(paths->path_of_uri(options, location->uri), one.path);
  }
}

TEST(HlsPaths, RandomNamesCannotBeGuessed) {
  Options options;
  options.ts_file = "[app]/[stream]-[seq]-[random].ts";
  const auto paths = Paths::of(options, kName);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto location = paths->segment(options, segment_of(3));
    ASSERT_TRUE(location);
    ASSERT_EQ(location->path.size(), std::string_view("live/livestream-3-.ts").size() + 16);
    EXPECT_TRUE(location->path.starts_with("live/livestream-3-"));
    EXPECT_EQ(paths->path_of_uri(options, location->uri), location->path);
    seen.insert(location->path);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(HlsPaths, FloorNumberIsTheTimestamp) {
  Options options;
  options.timestamp_floor = true;
  options.ts_file = "[timestamp].ts";
  EXPECT_EQ(Paths::of(options, kName)->segment(options, segment_of(3))->path, "170000000.ts");
}

TEST(HlsPaths, NothingLeavesTheFolder) {
  Options options;
  EXPECT_FALSE(Paths::of(options, {"v", "live", "../../x"}));
  EXPECT_FALSE(Paths::of(options, {"v", "..", "x"}));
  options.m3u8_file = "/[app]/[stream].m3u8";
  EXPECT_FALSE(Paths::of(options, kName));
  options = {};
  options.ts_file = "[app]/../../[stream]-[seq].ts";
  EXPECT_FALSE(Paths::of(options, kName)->segment(options, segment_of(0)));
  options.key_file = "../[seq].key";
  EXPECT_FALSE(Paths::of(options, kName)->key(options, {}));
}

TEST(HlsPaths, UrisOfOthersAreNotOurs) {
  Options options;
  const auto paths = Paths::of(options, kName);
  for (const auto* uri : {"../../etc/passwd", "http://example.com/a.ts", "/live/a.ts",
                          "a/../../../b.ts", "index.html", ""}) {
    EXPECT_EQ(paths->path_of_uri(options, uri), "") << uri;
  }
}

TEST(HlsPaths, KeysAndTheirUris) {
  SegmentKey key;
  key.sequence = 10;
  Options options;
  const auto paths = Paths::of(options, kName);
  EXPECT_EQ(paths->key(options, key)->path, "live/livestream-10.key");
  EXPECT_EQ(paths->key(options, key)->uri, "livestream-10.key");
  options.key_url = "https://keys.example.com/";
  EXPECT_EQ(paths->key(options, key)->uri, "https://keys.example.com/live/livestream-10.key");
  options.key_url = "https://keys.example.com/?token=x";
  EXPECT_EQ(paths->key(options, key)->uri,
            "https://keys.example.com/live/livestream-10.key?token=x");
}

TEST(HlsPaths, UrlOfTheCallback) {
  const Options options;
  const auto paths = Paths::of(options, kName);
  EXPECT_EQ(paths->url_of("livestream-0.ts"), "live/livestream-0.ts");
  EXPECT_EQ(paths->url_of("http://cdn.example.com/a.ts"), "http://cdn.example.com/a.ts");
}

}  // namespace
}  // namespace millrace::hls
