#include "protocols/hls/session_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace millrace::hls {
namespace {

constexpr Duration kLimit = seconds(120);
const Time kStart{};

TEST(HlsSessions, LifeOfASession) {
  SessionTable table(10);
  EXPECT_EQ(table.find_or_begin("abc", "/live/a.m3u8", kLimit, kStart), SessionState::kNew);
  EXPECT_EQ(table.find_or_begin("abc", "/live/a.m3u8", kLimit, kStart), SessionState::kAdmitting);
  table.admit("abc");
  table.add_bytes("abc", 100);
  table.add_bytes("abc", 50);
  EXPECT_EQ(table.find_or_begin("abc", "/live/a.m3u8", kLimit, kStart + seconds(100)),
            SessionState::kAdmitted);
  EXPECT_TRUE(table.sweep(kStart + seconds(219)).empty());
  const auto ended = table.sweep(kStart + seconds(220));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id, "abc");
  EXPECT_EQ(ended[0].path, "/live/a.m3u8");
  EXPECT_EQ(ended[0].bytes, 150U);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.find_or_begin("abc", "/live/a.m3u8", kLimit, kStart), SessionState::kNew);
}

TEST(HlsSessions, AnIdOpensOneStreamOnly) {
  SessionTable table(10);
  ASSERT_EQ(table.find_or_begin("abc", "/live/a.m3u8", kLimit, kStart), SessionState::kNew);
  table.admit("abc");
  EXPECT_EQ(table.find_or_begin("abc", "/live/b.m3u8", kLimit, kStart), SessionState::kOtherStream);
}

TEST(HlsSessions, RefusedOnesAskAgain) {
  SessionTable table(10);
  ASSERT_EQ(table.find_or_begin("abc", "/a", kLimit, kStart), SessionState::kNew);
  table.refuse("abc");
  EXPECT_EQ(table.find_or_begin("abc", "/a", kLimit, kStart), SessionState::kNew);
}

TEST(HlsSessions, KickedOnesStayOutWhileTheyAsk) {
  SessionTable table(10);
  EXPECT_FALSE(table.kick("abc"));
  ASSERT_EQ(table.find_or_begin("abc", "/a", kLimit, kStart), SessionState::kNew);
  table.admit("abc");
  EXPECT_TRUE(table.kick("abc"));
  EXPECT_FALSE(table.kick("abc"));
  table.admit("abc");  // an answer that comes late
  for (int s = 0; s < 1000; s += 100) {
    EXPECT_EQ(table.find_or_begin("abc", "/a", kLimit, kStart + seconds(s)), SessionState::kEnded);
    EXPECT_TRUE(table.sweep(kStart + seconds(s)).empty());
  }
  EXPECT_TRUE(table.list().empty());
  EXPECT_TRUE(table.sweep(kStart + seconds(5000)).empty());  // told as ended when it was kicked
  EXPECT_EQ(table.size(), 0U);
}

TEST(HlsSessions, BoundedAndExpiring) {
  SessionTable table(3000);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(table.find_or_begin("id" + std::to_string(i), "/a", kLimit, kStart),
              SessionState::kNew);
  }
  EXPECT_EQ(table.find_or_begin("more", "/a", kLimit, kStart), SessionState::kTooMany);
  EXPECT_EQ(table.size(), 3000U);
  // Nobody answered for them.
  EXPECT_TRUE(table.sweep(kStart + seconds(30)).empty());
  EXPECT_EQ(table.size(), 0U);
}

TEST(HlsSessions, Ids) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto id = SessionTable::new_id();
    EXPECT_EQ(id.size(), 8U);
    EXPECT_TRUE(SessionTable::is_valid_id(id));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 100U);
  SessionTable table(10);
  for (const auto* id : {"", "a b", "a/b", "a\nb", "<x>", "\xc3\xa4"}) {
    EXPECT_EQ(table.find_or_begin(id, "/a", kLimit, kStart), SessionState::kInvalid) << id;
  }
  EXPECT_EQ(table.find_or_begin(std::string(65, 'a'), "/a", kLimit, kStart),
            SessionState::kInvalid);
  EXPECT_EQ(table.find_or_begin(std::string(64, 'a'), "/a", kLimit, kStart), SessionState::kNew);
}

}  // namespace
}  // namespace millrace::hls
