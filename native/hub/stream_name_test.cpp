#include "hub/stream_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

using std::string_literals::operator""s;

TEST(StreamName, TakesTheNamesInUse) {
  for (const char* name : {"livestream", "live_1-a~b.c", "a", ".hidden", "a..b", "UPPER", "123"}) {
    EXPECT_TRUE(validate_name(NamePart::kStream, name).ok()) << name;
    EXPECT_TRUE(validate_name(NamePart::kApp, name).ok()) << name;
    EXPECT_TRUE(validate_name(NamePart::kVhost, name).ok()) << name;
  }
  EXPECT_TRUE(validate_name(NamePart::kVhost, "__defaultVhost__").ok());
  EXPECT_TRUE(validate_name(NamePart::kApp, "live/room/7").ok());
  EXPECT_TRUE(validate_name(NamePart::kStream, std::string(256, 'a')).ok());
}

TEST(StreamName, RefusesWhatCouldLeaveItsFolderOrForgeALogLine) {
  for (const std::string& name : {""s,
                                  ".."s,
                                  "..a"s,
                                  "."s,
                                  "../../x"s,
                                  "a/../b"s,
                                  "%2e%2e"s,
                                  "a%2fb"s,
                                  "a\0b"s,
                                  "a\nb"s,
                                  "a\r"s,
                                  "a b"s,
                                  "a;rm"s,
                                  "$(x)"s,
                                  "`x`"s,
                                  "a\\b"s,
                                  "a?b"s,
                                  "a#b"s,
                                  "a:b"s,
                                  "a\x1b[0m"s,
                                  "\xc3\xa4"s,
                                  "a\"b"s,
                                  "a'b"s,
                                  "<a>"s,
                                  "a*"s,
                                  std::string(257, 'a'),
                                  std::string(70000, 'a')}) {
    for (const NamePart part : {NamePart::kVhost, NamePart::kApp, NamePart::kStream}) {
      const Status status = validate_name(part, name);
      ASSERT_FALSE(status.ok()) << name.substr(0, 20);
      EXPECT_EQ(status.error().code, ErrorCode::kNameInvalid);
    }
  }
}

TEST(StreamName, SlashesOnlyBetweenTheSegmentsOfAnApp) {
  for (const char* app : {"/live", "live/", "live//a", "/", "live/.", "live/../x", "live/..x"}) {
    EXPECT_FALSE(validate_name(NamePart::kApp, app).ok()) << app;
  }
  EXPECT_FALSE(validate_name(NamePart::kStream, "a/b").ok());
  EXPECT_FALSE(validate_name(NamePart::kVhost, "a/b").ok());
}

TEST(StreamName, SaysWhere) {
  EXPECT_EQ(validate_name(NamePart::kStream, "ab%c").error().detail, 2U);
  EXPECT_EQ(validate_name(NamePart::kApp, "ab/../c").error().detail, 3U);
}

}  // namespace
}  // namespace millrace
