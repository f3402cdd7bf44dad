#include "control/address_counts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

namespace millrace {
namespace {

Address address(const char* ip) { return *Address::parse(ip, 1); }

TEST(AddressCounts, CountsEachAddress) {
  const NetworkList exempt;
  AddressCounts counts(2, exempt);
  auto first = counts.take(address("192.0.2.1"));
  auto second = counts.take(address("192.0.2.1"));
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(counts.take(address("192.0.2.1")));
  EXPECT_FALSE(counts.take(address("::ffff:192.0.2.1")));
  EXPECT_TRUE(counts.take(address("192.0.2.2")));
  second.reset();
  EXPECT_TRUE(counts.take(address("192.0.2.1")));
}

TEST(AddressCounts, ForgetsAddressesThatHaveGone) {
  const NetworkList exempt;
  AddressCounts counts(5, exempt);
  {
    std::vector<AddressCounts::Place> places;
    for (const char* ip : {"192.0.2.1", "192.0.2.1", "2001:db8::1", "198.51.100.1"}) {
      places.push_back(*counts.take(address(ip)));
    }
    EXPECT_EQ(counts.size(), 3U);
    AddressCounts::Place moved = std::move(places.front());
    places.front() = std::move(moved);
    EXPECT_EQ(counts.size(), 3U);
  }
  EXPECT_EQ(counts.size(), 0U);
}

TEST(AddressCounts, AnIpv6NetworkIsOneCustomer) {
  const NetworkList exempt;
  AddressCounts counts(1, exempt);
  const auto place = counts.take(address("2001:db8:0:1::1"));
  EXPECT_TRUE(place);
  EXPECT_FALSE(counts.take(address("2001:db8:0:1:ffff::2")));
  EXPECT_TRUE(counts.take(address("2001:db8:0:2::1")));
}

TEST(AddressCounts, OneConnectionMayDoAsMuchAsTheAddressMayHaveConnections) {
  const NetworkList exempt;
  AddressCounts counts(2, exempt);
  std::optional<AddressCounts::Place> connection = counts.take(address("192.0.2.1"));
  const auto first = counts.take_on_connection(address("192.0.2.1"));
  auto second = counts.take_on_connection(address("192.0.2.1"));
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(counts.take_on_connection(address("192.0.2.1")));
  EXPECT_FALSE(counts.take(address("192.0.2.1")));
  second.reset();
  EXPECT_TRUE(counts.take_on_connection(address("192.0.2.1")));
  EXPECT_FALSE(counts.take(address("192.0.2.1")));
}

TEST(AddressCounts, CountsNothingWithoutALimitAndNoProxies) {
  NetworkList exempt;
  AddressCounts unlimited(0, exempt);
  exempt.add(*Network::parse("192.0.2.0/24"));
  AddressCounts counts(1, exempt);
  std::vector<AddressCounts::Place> places;
  for (int i = 0; i < 3; ++i) {
    places.push_back(*unlimited.take(address("198.51.100.1")));
    places.push_back(*counts.take(address("192.0.2.1")));
    places.push_back(*counts.take_on_connection(address("192.0.2.1")));
  }
  EXPECT_EQ(unlimited.size() + counts.size(), 0U);
}

}  // namespace
}  // namespace millrace
