#include "control/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millrace {
namespace {

TEST(Fields, GivesWhatItHoldsOrTheDefault) {
  const Fields fields{{"on", true},
                      {"number", 1.5},
                      {"text", "abc"},
                      {"inner", Fields{{"x", 1}}},
                      {"list", Value::List{1, "two"}},
                      {"null", Value{}}};
  EXPECT_TRUE(fields.boolean("on", false));
  EXPECT_TRUE(fields.boolean("number", true)) << "of another kind";
  EXPECT_EQ(fields.number("number", 0), 1.5);
  EXPECT_EQ(fields.integer("number", 0), 1);
  EXPECT_EQ(fields.text("text"), "abc");
  EXPECT_EQ(fields.text("on", "no"), "no");
  EXPECT_EQ(fields.fields("inner").integer("x", 0), 1);
  EXPECT_TRUE(fields.fields("missing").entries().empty());
  EXPECT_EQ(fields.list("list").size(), 2U);
  EXPECT_TRUE(fields.list("text").empty());
  EXPECT_NE(fields.find("null"), nullptr);
  EXPECT_EQ(fields.find("missing"), nullptr);
}

TEST(Fields, NumbersOutOfRangeAreClampedAndThoseThatAreNoneIgnored) {
  const Fields fields{{"huge", 1e300},
                      {"low", -1e300},
                      {"nan", std::numeric_limits<double>::quiet_NaN()},
                      {"infinite", std::numeric_limits<double>::infinity()},
                      {"negative", -5}};
  EXPECT_EQ(fields.integer("huge", 0), 9'007'199'254'740'991);
  EXPECT_EQ(fields.integer("low", 0), -9'007'199'254'740'991);
  EXPECT_EQ(fields.integer("nan", 7), 7);
  EXPECT_EQ(fields.number("infinite", 7), 7);
  EXPECT_EQ(fields.duration_ms("huge", seconds(1)),
            std::chrono::hours(24) * 365 * 31 + std::chrono::hours(24) * 259 +
                std::chrono::hours(1) + std::chrono::minutes(46) + seconds(40))
      << "10^12 ms";
  EXPECT_EQ(fields.duration_ms("negative", seconds(1)), seconds(1));
}

TEST(Fields, SetReplaces) {
  Fields fields{{"a", 1}};
  fields.set("a", 2);
  fields.set("b", 3);
  EXPECT_EQ(fields.entries().size(), 2U);
  EXPECT_EQ(fields.integer("a", 0), 2);
}

}  // namespace
}  // namespace millrace
