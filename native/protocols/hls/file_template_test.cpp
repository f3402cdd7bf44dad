#include "protocols/hls/file_template.hpp"

#include <gtest/gtest.h>

namespace millrace::hls {
namespace {

const StreamName kName{"example.com", "live", "camera"};

TemplateValues segment_values() {
  return {.name = kName,
          .segment = TemplateValues::PerSegment{.sequence = 42,
                                                .duration = std::chrono::milliseconds(2020),
                                                .timestamp = 1700000000123,
                                                .started = WallTime(std::chrono::milliseconds(
                                                    1700000000123)),  // 2023-11-14 22:13:20.123 UTC
                                                .utc = true}};
}

TEST(HlsFileTemplate, Variables) {
  const struct {
    std::string_view text;
    std::string_view expanded;
  } cases[] = {
      {"[app]/[stream].m3u8", "live/camera.m3u8"},
      {"[vhost]/[app]/[stream]-[seq].ts", "example.com/live/camera-42.ts"},
      {"[app]/[2006]/[01]/[02]/[15].[04].[05].[999]_[duration].ts",
       "live/2023/11/14/22.13.20.123_2020.ts"},
      {"[stream]-[timestamp].ts", "camera-1700000000123.ts"},
      {"[stream][stream]", "cameracamera"},
      {"[unknown]-[]-[seq", "[unknown]-[]-[seq"},
      {"[[seq]]", "[42]"},
      {"", ""},
      {"plain.ts", "plain.ts"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(expand(one.text, segment_values()), one.expanded) << one.text;
  }
}

TEST(HlsFileTemplate, PlaylistsHaveNoSegmentVariables) {
  EXPECT_EQ(expand("[app]/[stream]-[seq]-[2006].m3u8", {.name = kName, .segment = std::nullopt}),
            "live/camera-[seq]-[2006].m3u8");
}

TEST(HlsFileTemplate, ValuesAreNotExpandedAgain) {
  const StreamName name{"v", "live", "[app]"};
  EXPECT_EQ(expand("[stream]", {.name = name, .segment = std::nullopt}), "[app]");
}

TEST(HlsFileTemplate, SafePaths) {
  for (const auto* path :
       {"a", "live/camera-1.ts", "a/b/c.d/e~f_g", "..a/b..", "a/...", "\xc3\xa4.ts"}) {
    EXPECT_TRUE(is_safe_relative_path(path)) << path;
  }
  for (const auto* path : {"", "/etc/passwd", "..", "../x", "a/../x", "a/..", "a//b", "./a", "a/.",
                           "a/", "a\\b", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(is_safe_relative_path(path)) << path;
  }
  EXPECT_FALSE(is_safe_relative_path(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_safe_relative_path(std::string(240, 'a')));
  EXPECT_FALSE(is_safe_relative_path(std::string(241, 'a')));
  std::string deep = "a";
  while (deep.size() < 1024) {
    deep += "/a";
  }
  EXPECT_FALSE(is_safe_relative_path(deep));
}

}  // namespace
}  // namespace millrace::hls
