#include "protocols/http/target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "protocols/http/query.hpp"

namespace millrace::http {
namespace {

struct Case {
  std::string_view target;
  std::string_view path;  // empty: refused
  std::string_view query = {};
  std::string_view authority = {};
};

TEST(Target, Accepted) {
  constexpr Case kCases[] = {
      {"/", "/"},
      {"/live/livestream.flv", "/live/livestream.flv"},
      {"/live/", "/live/"},
      {"/a%20b", "/a b"},
      {"/%C3%A9", "/\xc3\xa9"},
      {"/a?b=c&d", "/a", "b=c&d"},
      {"/a?", "/a"},
      {"/a?b?c/../d", "/a", "b?c/../d"},
      {"//evil.example/x", "/evil.example/x"},
      {"/a//b///c", "/a/b/c"},
      {"/./a/./b/.", "/a/b/"},
      {"/a/...", "/a/..."},
      {"/a/..b/c..", "/a/..b/c.."},
      {"/%252e%252e/x", "/%2e%2e/x"},  // decoded once: a strange name, not a step up
      {"*", "*"},
      {"http://h/a?b", "/a", "b", "h"},
      {"HTTPS://h:443", "/", "", "h:443"},
      {"http://h?x=1", "/", "x=1", "h"},
      {"http://[::1]:8080/a", "/a", "", "[::1]:8080"},
  };
  for (const Case& c : kCases) {
    std::string storage;
    const auto target = parse_target(c.target, storage);
    ASSERT_TRUE(target.ok()) << c.target;
    EXPECT_EQ(target->path, c.path) << c.target;
    EXPECT_EQ(target->query, c.query) << c.target;
    EXPECT_EQ(target->authority, c.authority) << c.target;
  }
}

TEST(Target, TraversalInEveryEncodingIsRefused) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kRefused[] = {
      "/..",
      "/../etc/passwd",
      "/a/../../etc/passwd",
      "/a/..",
      "/a/../b",
      "/%2e%2e/etc/passwd",
      "/%2E%2E/etc/passwd",
      "/.%2e/etc/passwd",
      "/%2e./etc/passwd",
      "/..%2fetc/passwd",
      "/..%2Fetc/passwd",
      "/a%2fb",
      "/..%5cetc",
      "/..\\etc",
      "/a\\b",
      "/%c0%ae%c0%ae/etc",  // overlong dots
      "/..%c0%afetc",       // overlong slash
      "/%e0%80%ae/etc",     // overlong in three bytes
      "/%f0%80%80%ae/etc",  // overlong in four
      "/%ed%a0%80",         // surrogate
      "/%f4%90%80%80",      // over U+10FFFF
      "/%ff",
      "/%c3",
      "/a%00.flv",
      "/a\0b"sv,
      "/a%0d%0aSet-Cookie:x",
      "/a%0a",
      "/a%7f",
      "/a%09",
      "/a b",
      "/%",
      "/%2",
      "/%zz",
      "/%u002e%u002e/",
      "/a#b",
      "/a?b#c",
      "/a?b c",
      "/a?\r\nX: y",
      "",
      "a",
      "a/b",
      "..",
      "?x",
      "http://",
      "http:///a",
      "http://u@h/",
      "http://h:99999/",
      "http://h\\x/",
      "ftp://h/a",
      "file:///etc/passwd",
      "host:443",
      "**",
  };
  for (const std::string_view text : kRefused) {
    std::string storage;
    const auto target = parse_target(text, storage);
    EXPECT_FALSE(target.ok()) << text << " became " << (target.ok() ? target->path : "");
  }
}

TEST(Target, Hosts) {
  for (const std::string_view host :
       {"", "a", "a.b-c_d", "10.0.0.1:80", "a:", "[::1]", "[::1]:1", "[::ffff:1.2.3.4]"}) {
    EXPECT_TRUE(is_host(host)) << host;
  }
  for (const std::string_view host : {"a b", "a/", "a@b", "a:b", "a:70000", "[", "[]", "[::1",
                                      "[::1]x", "[::1]80", "a,b", "<a>", "a:1:2"}) {
    EXPECT_FALSE(is_host(host)) << host;
  }
  EXPECT_EQ(host_name("a.b:80"), "a.b");
  EXPECT_EQ(host_name("a.b"), "a.b");
  EXPECT_EQ(host_name("[::1]:80"), "::1");
  EXPECT_EQ(host_name(""), "");
}

TEST(Query, Pairs) {
  EXPECT_EQ(query_value("a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(query_value("a=1&&b=2=3", "b"), "2=3");
  EXPECT_EQ(query_value("a&b", "a"), "");
  EXPECT_EQ(query_value("a=1", "c"), std::nullopt);
  EXPECT_EQ(query_value("", ""), std::nullopt);
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += "a=1&";
  }
  EXPECT_EQ(query_value(many + "b=2", "b"), std::nullopt);
}

TEST(Query, Decoding) {
  EXPECT_EQ(decode_query_value("a%20b%2Fc+d"), "a b/c+d");
  EXPECT_EQ(decode_query_value("%"), std::nullopt);
  EXPECT_EQ(decode_query_value("%4"), std::nullopt);
  EXPECT_EQ(decode_query_value("%00"), std::nullopt);
}

}  // namespace
}  // namespace millrace::http
