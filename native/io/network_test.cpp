#include "io/network.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

bool contains(const char* network, const char* ip) {
  const auto parsed = Network::parse(network);
  EXPECT_TRUE(parsed) << network;
  return parsed && parsed->contains(*Address::parse(ip, 80));
}

TEST(Network, HoldsWhatItsPrefixSays) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("10.1.2.0/23", "10.1.3.9"));
  EXPECT_FALSE(contains("10.1.2.0/23", "10.1.4.1"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(contains("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

TEST(Network, Ipv4IsTheSameInIpv6Notation) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
}

TEST(Network, IsNoOtherText) {
  for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "::/129", "host", "10.0.0", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

TEST(NetworkList, HoldsWhatAnyOfThemHolds) {
  NetworkList list;
  EXPECT_FALSE(list.contains(*Address::parse("10.0.0.1", 0)));
  list.add(*Network::parse("10.0.0.0/8"));
  list.add(*Network::parse("::1"));
  EXPECT_TRUE(list.contains(*Address::parse("10.0.0.1", 0)));
  EXPECT_TRUE(list.contains(*Address::parse("::1", 0)));
  EXPECT_FALSE(list.contains(Address{}));
}

}  // namespace
}  // namespace millrace
