#include "protocols/hls/requests.hpp"

#include <gtest/gtest.h>

#include "protocols/hls/playlist.hpp"

namespace millrace::hls {
namespace {

using Kind = Answer::Kind;
constexpr std::string_view kPath = "/live/a.m3u8";
const Time kStart{};

class HlsRequests : public testing::Test {
 protected:
  void put_playlist(size_t segments, PlaylistTraits traits = {}) {
    std::deque<PlaylistEntry> entries;
    for (size_t i = 0; i < segments; ++i) {
      entries.push_back({.sequence = i,
                         .duration = seconds(2),
                         .discontinuity = false,
                         .uri = "a-" + std::to_string(i) + ".ts",
                         .path = {},
                         .key = nullptr});
    }
    const auto rendered = render_media_playlist(entries, seconds(2));
    BufferChain body;
    if (segments > 0) {
      body.add(Buffer::copy_of(std::string_view(rendered.text)));
    }
    traits.uri_ends = rendered.uri_ends;
    traits.window = seconds(60);
    auto object = make_object(std::move(body), kPlaylistType, 0, 0);
    object->playlist = std::make_unique<PlaylistTraits>(traits);
    text_ = rendered.text;
    ASSERT_TRUE(store_.put(std::string(kPath), std::move(object)));
  }
  void put_segment(size_t size) {
    BufferChain body;
    body.add(Buffer::make(size));
    ASSERT_TRUE(store_.put("/live/a-0.ts", make_object(std::move(body), kSegmentType, 0, 0)));
  }
  Answer ask(std::string_view query) { return requests_.answer(kPath, query, kStart); }

  SegmentStore store_{1 << 20};
  SessionTable sessions_{100};
  Requests requests_{store_, sessions_};
  std::string text_;
};

TEST_F(HlsRequests, TheWayOfAPlayer) {
  put_playlist(2);
  put_segment(1000);
  const auto first = ask("token=x");
  ASSERT_EQ(first.kind, Kind::kAdmit);
  ASSERT_EQ(first.context_id.size(), 8U);

  const auto multivariant = requests_.admitted(kPath, kPath, "token=x", first.context_id, kStart);
  ASSERT_EQ(multivariant.kind, Kind::kText);
  EXPECT_EQ(multivariant.text,
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1\n/live/a.m3u8?hls_ctx=" +
                first.context_id + "&token=x\n");

  const std::string query = "hls_ctx=" + first.context_id + "&token=x";
  const auto media = ask(query);
  ASSERT_EQ(media.kind, Kind::kText);
  EXPECT_NE(media.text.find("a-1.ts?hls_ctx=" + first.context_id + "\n"), std::string::npos);

  const auto segment = requests_.answer("/live/a-0.ts", "hls_ctx=" + first.context_id, kStart);
  ASSERT_EQ(segment.kind, Kind::kObject);
  EXPECT_EQ(segment.object->body.size, 1000U);
  ASSERT_EQ(sessions_.list().size(), 1U);
  EXPECT_EQ(sessions_.list()[0].bytes, multivariant.text.size() + media.text.size() + 1000);

  ASSERT_TRUE(sessions_.kick(first.context_id));
  const auto gone = ask(query);
  EXPECT_EQ(gone.kind, Kind::kGone);
  EXPECT_EQ(gone.text, "HLS stream " + first.context_id + " is EOF");
}

TEST_F(HlsRequests, AnIdOfThePlayersOwnIsAdoptedAfterAdmission) {
  put_playlist(1);
  const auto first = ask("hls_ctx=mine");
  ASSERT_EQ(first.kind, Kind::kAdmit);
  EXPECT_EQ(first.context_id, "mine");
  EXPECT_EQ(ask("hls_ctx=mine").kind, Kind::kBusy);
  const auto media = requests_.admitted(kPath, kPath, "hls_ctx=mine", "mine", kStart);
  ASSERT_EQ(media.kind, Kind::kText);
  EXPECT_NE(media.text.find("a-0.ts?hls_ctx=mine\n"), std::string::npos);
}

TEST_F(HlsRequests, RefusedPlayersLeaveNothing) {
  put_playlist(1);
  const auto first = ask("");
  requests_.refused(first.context_id);
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(HlsRequests, WithoutContextsTheObjectIsServed) {
  PlaylistTraits traits;
  traits.context = false;
  put_playlist(1, traits);
  const auto media = ask("");
  EXPECT_EQ(media.kind, Kind::kObject);
  EXPECT_EQ(media.object->body.size, text_.size());
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(HlsRequests, WithoutSegmentContextsThePlaylistIsOneForAll) {
  PlaylistTraits traits;
  traits.segment_context = false;
  put_playlist(1, traits);
  (void)ask("hls_ctx=mine");
  EXPECT_EQ(requests_.admitted(kPath, kPath, "hls_ctx=mine", "mine", kStart).kind, Kind::kObject);
}

TEST_F(HlsRequests, RelativeMasterPath) {
  PlaylistTraits traits;
  traits.master_path_relative = true;
  put_playlist(1, traits);
  const auto first = ask("");
  const auto multivariant = requests_.admitted(kPath, "/live/a.m3u8", "", first.context_id, kStart);
  EXPECT_NE(multivariant.text.find("\na.m3u8?hls_ctx="), std::string::npos);
}

TEST_F(HlsRequests, APendingPlaylistIsWaitedFor) {
  put_playlist(0);
  const auto first = ask("");
  ASSERT_EQ(first.kind, Kind::kAdmit);
  EXPECT_EQ(requests_.admitted(kPath, kPath, "", first.context_id, kStart).kind, Kind::kText);
  const auto waiting = ask("hls_ctx=" + first.context_id);
  ASSERT_EQ(waiting.kind, Kind::kWait);
  bool changed = false;
  ASSERT_NE(store_.watch(kPath, waiting.object, [&changed] { changed = true; }), 0U);
  put_playlist(1);
  EXPECT_TRUE(changed);
  EXPECT_EQ(ask("hls_ctx=" + first.context_id).kind, Kind::kText);
}

TEST_F(HlsRequests, NothingForPlayersOfStreamsThatAreNot) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(requests_.answer("/live/x" + std::to_string(i) + ".m3u8", "", kStart).kind,
              Kind::kNotFound);
  }
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(HlsRequests, AnIdThatCannotBeDoesNotLeadToTheFile) {
  put_playlist(1);
  EXPECT_EQ(ask("hls_ctx=a%0d%0ab").kind, Kind::kGone);
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(HlsRequests, AnIdOpensNoOtherPlaylist) {
  put_playlist(1);
  const std::string id = ask("").context_id;
  (void)requests_.admitted(kPath, kPath, "", id, kStart);
  auto other = make_object({}, kPlaylistType, 0, 0);
  other->playlist = std::make_unique<PlaylistTraits>();
  ASSERT_TRUE(store_.put("/live/b.m3u8", std::move(other)));
  EXPECT_EQ(requests_.answer("/live/b.m3u8", "hls_ctx=" + id, kStart).kind, Kind::kGone);
}

TEST_F(HlsRequests, TheStreamGoesDuringAdmission) {
  put_playlist(1);
  const auto first = ask("");
  store_.remove(kPath);
  EXPECT_EQ(requests_.admitted(kPath, kPath, "", first.context_id, kStart).kind, Kind::kNotFound);
}

}  // namespace
}  // namespace millrace::hls
