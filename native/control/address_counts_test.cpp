#include "control/address_counts.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

Address address(const char* ip) { return *Address::parse(ip, 1); }

TEST(AddressCounts, CountsEachAddress) {
  AddressCounts counts;
  auto first = counts.take(address("192.0.2.1"), 2);
  auto second = counts.take(address("192.0.2.1"), 2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(counts.take(address("192.0.2.1"), 2));
  EXPECT_FALSE(counts.take(address("::ffff:192.0.2.1"), 2));
  EXPECT_TRUE(counts.take(address("192.0.2.2"), 2));
  second.reset();
  EXPECT_TRUE(counts.take(address("192.0.2.1"), 2));
}

TEST(AddressCounts, ForgetsAddressesThatHaveGone) {
  AddressCounts counts;
  {
    std::vector<AddressCounts::Place> places;
    for (const char* ip : {"192.0.2.1", "192.0.2.1", "2001:db8::1", "198.51.100.1"}) {
      places.push_back(*counts.take(address(ip), 5));
    }
    EXPECT_EQ(counts.size(), 3U);
    AddressCounts::Place moved = std::move(places.front());
    places.front() = std::move(moved);
    EXPECT_EQ(counts.size(), 3U);
  }
  EXPECT_EQ(counts.size(), 0U);
}

TEST(AddressCounts, AnIpv6NetworkIsOneCustomer) {
  AddressCounts counts;
  const auto place = counts.take(address("2001:db8:0:1::1"), 1);
  EXPECT_TRUE(place);
  EXPECT_FALSE(counts.take(address("2001:db8:0:1:ffff::2"), 1));
  EXPECT_TRUE(counts.take(address("2001:db8:0:2::1"), 1));
}

}  // namespace
}  // namespace millrace
