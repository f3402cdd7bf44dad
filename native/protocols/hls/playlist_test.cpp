#include "protocols/hls/playlist.hpp"

#include <gtest/gtest.h>

namespace millrace::hls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

PlaylistEntry entry(uint64_t sequence, milliseconds duration, bool discontinuity = false,
                    std::shared_ptr<const KeyTag> key = nullptr) {
  return {.sequence = sequence,
          .duration = duration,
          .discontinuity = discontinuity,
          .uri = "livestream-" + std::to_string(sequence) + ".ts",
          .path = {},
          .key = std::move(key)};
}

TEST(HlsPlaylist, MediaPlaylistByteExact) {
  const auto playlist =
      render_media_playlist({entry(3, milliseconds(10000), true), entry(4, milliseconds(2020)),
                             entry(5, milliseconds(11001))},
                            seconds(10));
  EXPECT_EQ(playlist.text,
            "#EXTM3U\n"
            "#EXT-X-VERSION:3\n"
            "#EXT-X-MEDIA-SEQUENCE:3\n"
            "#EXT-X-TARGETDURATION:12\n"
            "#EXT-X-DISCONTINUITY\n"
            "#EXTINF:10.000, no desc\n"
            "livestream-3.ts\n"
            "#EXTINF:2.020, no desc\n"
            "livestream-4.ts\n"
            "#EXTINF:11.001, no desc\n"
            "livestream-5.ts\n");
}

TEST(HlsPlaylist, TargetDurationIsAtLeastTheWantedOne) {
  const auto playlist = render_media_playlist({entry(0, milliseconds(1500))}, milliseconds(2000));
  EXPECT_NE(playlist.text.find("#EXT-X-TARGETDURATION:2\n"), std::string::npos);
}

TEST(HlsPlaylist, DurationsAreRoundedToMilliseconds) {
  auto one = entry(0, milliseconds(0));
  one.duration = MediaTime(1'999'500);
  const auto playlist = render_media_playlist({one}, seconds(1));
  EXPECT_NE(playlist.text.find("#EXTINF:2.000, no desc\n"), std::string::npos);
  EXPECT_NE(playlist.text.find("#EXT-X-TARGETDURATION:2\n"), std::string::npos);
}

TEST(HlsPlaylist, KeysWhereTheyChangeAndOnTheFirstEntry) {
  const auto first = std::make_shared<KeyTag>();
  auto second = std::make_shared<KeyTag>();
  second->uri = "livestream-5.key";
  for (uint8_t i = 0; i < 16; ++i) {
    second->iv[i] = static_cast<uint8_t>(i * 17);
  }
  auto named = std::make_shared<KeyTag>(*first);
  named->uri = "livestream-0.key";
  const auto playlist =
      render_media_playlist({entry(3, seconds(2), false, named), entry(4, seconds(2), false, named),
                             entry(5, seconds(2), false, second)},
                            seconds(2));
  EXPECT_EQ(
      playlist.text,
      "#EXTM3U\n"
      "#EXT-X-VERSION:3\n"
      "#EXT-X-MEDIA-SEQUENCE:3\n"
      "#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-KEY:METHOD=AES-128,URI=\"livestream-0.key\",IV=0x00000000000000000000000000000000\n"
      "#EXTINF:2.000, no desc\n"
      "livestream-3.ts\n"
      "#EXTINF:2.000, no desc\n"
      "livestream-4.ts\n"
      "#EXT-X-KEY:METHOD=AES-128,URI=\"livestream-5.key\",IV=0x00112233445566778899aabbccddeeff\n"
      "#EXTINF:2.000, no desc\n"
      "livestream-5.ts\n");
}

TEST(HlsPlaylist, ContextGoesBehindEachSegment) {
  const auto playlist =
      render_media_playlist({entry(0, seconds(2)), entry(1, seconds(2))}, seconds(2));
  EXPECT_EQ(with_context(playlist.text, playlist.uri_ends, "abcd1234"),
            "#EXTM3U\n"
            "#EXT-X-VERSION:3\n"
            "#EXT-X-MEDIA-SEQUENCE:0\n"
            "#EXT-X-TARGETDURATION:2\n"
            "#EXTINF:2.000, no desc\n"
            "livestream-0.ts?hls_ctx=abcd1234\n"
            "#EXTINF:2.000, no desc\n"
            "livestream-1.ts?hls_ctx=abcd1234\n");
}

TEST(HlsPlaylist, MultivariantPlaylistByteExact) {
  EXPECT_EQ(render_multivariant_playlist("/live/livestream.m3u8", "abcd1234", ""),
            "#EXTM3U\n"
            "#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1\n"
            "/live/livestream.m3u8?hls_ctx=abcd1234\n");
  EXPECT_EQ(
      render_multivariant_playlist("livestream.m3u8", "abcd1234", "token=x%20y&hls_ctx=old&&a"),
      "#EXTM3U\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1\n"
      "livestream.m3u8?hls_ctx=abcd1234&token=x%20y&a\n");
}

TEST(HlsPlaylist, ContextOfQuery) {
  EXPECT_EQ(context_of_query("hls_ctx=abc"), "abc");
  EXPECT_EQ(context_of_query("a=b&hls_ctx=abc&hls_ctx=def"), "abc");
  EXPECT_EQ(context_of_query("xhls_ctx=abc"), "");
  EXPECT_EQ(context_of_query("hls_ctx"), "");
  EXPECT_EQ(context_of_query("hls_ctx="), "");
  EXPECT_EQ(context_of_query(""), "");
}

TEST(HlsWindow, KeepsUpToAndIncludingTheOneThatExceedsIt) {
  SegmentWindow window(seconds(6));
  // Sums from the newest back: 2, 4, 6 (not over), 8: four segments of 2 s stay in a window of 6 s.
  for (uint64_t sequence = 0; sequence < 4; ++sequence) {
    EXPECT_TRUE(window.add(entry(sequence, seconds(2))).empty());
  }
  auto left = window.add(entry(4, seconds(2)));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].sequence, 0U);
  left = window.add(entry(5, seconds(7)));
  ASSERT_EQ(left.size(), 4U);
  EXPECT_EQ(left[0].sequence, 1U);
  ASSERT_EQ(window.entries().size(), 1U);
  EXPECT_EQ(window.entries()[0].sequence, 5U);
}

}  // namespace
}  // namespace millrace::hls
