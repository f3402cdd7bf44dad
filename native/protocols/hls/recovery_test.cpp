#include "protocols/hls/recovery.hpp"

#include <gtest/gtest.h>

namespace millrace::hls {
namespace {

TEST(HlsRecovery, WhatWeWriteIsReadBack) {
  auto key = std::make_shared<KeyTag>();
  key->uri = "livestream-7.key";
  key->iv.fill(0xa5);
  std::deque<PlaylistEntry> entries;
  for (uint64_t i = 7; i < 10; ++i) {
    entries.push_back({.sequence = i,
                       .duration = std::chrono::milliseconds(2000 + i),
                       .discontinuity = i == 8,
                       .uri = "livestream-" + std::to_string(i) + ".ts",
                       .path = {},
                       .key = key});
  }
  const auto text = render_media_playlist(entries, std::chrono::seconds(2)).text;
  const auto read = parse_media_playlist(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(render_media_playlist(*read, std::chrono::seconds(2)).text, text);
  EXPECT_EQ((*read)[1].sequence, 8U);
}

TEST(HlsRecovery, Table) {
  const struct {
    const char* name;
    std::string_view text;
    int entries;  // -1: refused
  } cases[] = {
      {"empty file", "", -1},
      {"no playlist", "hello\n", -1},
      {"head only", "#EXTM3U\n", 0},
      {"CR LF", "#EXTM3U\r\n#EXTINF:1,\r\na.ts\r\n", 1},
      {"no end of line", "#EXTM3U\n#EXTINF:1,\na.ts", 1},
      {"unknown tags and comments", "#EXTM3U\n#EXT-X-FOO:1\n# hi\n\n#EXTINF:1.5,title\na.ts\n", 1},
      {"URI without EXTINF", "#EXTM3U\na.ts\n", -1},
      {"one EXTINF for two URIs", "#EXTM3U\n#EXTINF:1,\na.ts\nb.ts\n", -1},
      {"duration negative", "#EXTM3U\n#EXTINF:-1,\na.ts\n", -1},
      {"duration no number", "#EXTM3U\n#EXTINF:x,\na.ts\n", -1},
      {"duration huge", "#EXTM3U\n#EXTINF:99999999999999999999,\na.ts\n", -1},
      {"sequence no number", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x\n", -1},
      {"sequence at the end of counting", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n",
       -1},
      {"key cut", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\n#EXTINF:1,\na.ts\n", 1},
  };
  for (const auto& one : cases) {
    const auto read = parse_media_playlist(one.text);
    EXPECT_EQ(read.ok() ? static_cast<int>(read->size()) : -1, one.entries) << one.name;
  }
}

TEST(HlsRecovery, BoundsHold) {
  std::string many = "#EXTM3U\n";
  for (int i = 0; i < 10'001; ++i) {
    many += "#EXTINF:1,\na\n";
  }
  EXPECT_FALSE(parse_media_playlist(many).ok());
  const std::string large = "#EXTM3U\n" + std::string(kMaxRecoveredBytes, '#');
  EXPECT_FALSE(parse_media_playlist(large).ok());
}

TEST(HlsRecovery, DurationsToTheMicrosecond) {
  const auto read = parse_media_playlist("#EXTM3U\n#EXTINF:10.0000019,\na\n#EXTINF:3,\nb\n");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)[0].duration, MediaTime(10'000'001));
  EXPECT_EQ((*read)[1].duration, MediaTime(3'000'000));
}

}  // namespace
}  // namespace millrace::hls
