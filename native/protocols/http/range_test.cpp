#include "protocols/http/range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace::http {

std::ostream& operator<<(std::ostream& out, const RangeSelection& selection) {
  return out << static_cast<int>(selection.kind) << ":" << selection.range.first << "-"
             << selection.range.last;
}

namespace {

using Kind = RangeSelection::Kind;

constexpr RangeSelection kWhole{};
constexpr RangeSelection kNothing{Kind::kUnsatisfiable, {}};
constexpr RangeSelection part(uint64_t first, uint64_t last) {
  return {Kind::kPart, {first, last}};
}

TEST(Range, Rfc9110Section14) {
  struct Case {
    std::string_view field;
    RangeSelection selection;
  };
  const Case cases[] = {
      {"bytes=0-499", part(0, 499)},
      {"bytes=500-999", part(500, 999)},
      {"bytes=500-", part(500, 999)},
      {"bytes=-500", part(500, 999)},
      {"bytes=-5000", part(0, 999)},
      {"bytes=0-0", part(0, 0)},
      {"bytes=999-999", part(999, 999)},
      {"bytes=900-2000", part(900, 999)},
      {"Bytes= 0-1 ", part(0, 1)},
      {"bytes=1000-", kNothing},
      {"bytes=5000-6000", kNothing},
      {"bytes=-0", kNothing},
      // CVE-2017-7529 and the like: numbers that wrap.
      {"bytes=-9223372036854775608", part(0, 999)},
      {"bytes=0-18446744073709551615", part(0, 999)},
      {"bytes=0-18446744073709551616", part(0, 999)},
      {"bytes=18446744073709551616-", kNothing},
      {"bytes=99999999999999999999999-99999999999999999999999", kNothing},
      // Ignored: not the grammar, not the unit, or several.
      {"", kWhole},
      {"bytes", kWhole},
      {"bytes=", kWhole},
      {"bytes=-", kWhole},
      {"bytes=a-b", kWhole},
      {"bytes=+1-2", kWhole},
      {"bytes=1 - 2", kWhole},
      {"bytes=5-4", kWhole},
      {"bytes=--1", kWhole},
      {"bytes=1--2", kWhole},
      {"bytes 0-1/2", kWhole},
      {"items=0-1", kWhole},
      {"bytes=0-1,3-4", kWhole},
      {"bytes=0-,0-,0-", kWhole},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(select_range(c.field, 1000), c.selection) << c.field;
  }
}

TEST(Range, EmptyRepresentationHasNoBytes) {
  EXPECT_EQ(select_range("bytes=0-", 0), kNothing);
  EXPECT_EQ(select_range("bytes=-1", 0), kNothing);
}

// CVE-2011-3192: a small request must not become a large answer.
TEST(Range, AbuseIsUnsatisfiable) {
  std::string many = "bytes=0-1";
  for (int i = 0; i < 1000; ++i) {
    many += ",0-1";
  }
  EXPECT_EQ(select_range(many, 1000), kNothing);
  EXPECT_EQ(select_range(
                "bytes=0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1", 1000),
            kNothing);
}

TEST(Range, SpecOfAQuery) {
  EXPECT_EQ(select_range_spec("10-19", 100), part(10, 19));
  EXPECT_EQ(select_range_spec("10-", 100), part(10, 99));
  EXPECT_EQ(select_range_spec("100-", 100), kNothing);
  EXPECT_EQ(select_range_spec("nonsense", 100), kWhole);
}

}  // namespace
}  // namespace millrace::http
