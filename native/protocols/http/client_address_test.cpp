#include "protocols/http/client_address.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace millrace::http {
namespace {

std::string shown(std::initializer_list<Header> headers, const char* peer,
                  std::initializer_list<const char*> trusted) {
  Request request;
  request.headers = {headers.begin(), headers.size()};
  NetworkList proxies;
  for (const char* network : trusted) {
    proxies.add(*Network::parse(network));
  }
  const ClientAddress found = client_address(request, *Address::parse(peer, 80), proxies);
  return found.ip + (found.trusted ? " trusted" : "");
}

TEST(ClientAddress, WithoutTrustedProxiesIsWhatTheRequestClaims) {
  const auto address = [](std::initializer_list<Header> headers) {
    return shown(headers, "10.0.0.2", {});
  };
  EXPECT_EQ(address({}), "10.0.0.2");
  EXPECT_EQ(address({{"X-Real-IP", "192.0.2.1:4711"}}), "192.0.2.1");
  EXPECT_EQ(address({{"X-Real-IP", "2001:db8::1"}}), "2001:db8::1");
  EXPECT_EQ(address({{"X-Real-IP", "192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2"}}), "192.0.2.2");
  EXPECT_EQ(address({{"X-Forwarded-For", "192.0.2.2, 10.0.0.1"}}), "192.0.2.2");
  EXPECT_EQ(address({{"X-Forwarded-For", "[2001:db8::1]:80"}}), "2001:db8::1");
  EXPECT_EQ(address({{"X-Forwarded-For", "<script>"}}), "10.0.0.2");
  EXPECT_EQ(address({{"X-Forwarded-For", "[2001:db8::1"}}), "10.0.0.2");
  EXPECT_EQ(address({{"X-Forwarded-For", "unknown"}, {"X-Real-IP", "192.0.2.1"}}), "192.0.2.1");
}

TEST(ClientAddress, OthersThanTrustedProxiesAreNotBelieved) {
  EXPECT_EQ(shown({{"X-Forwarded-For", "192.0.2.2"}}, "203.0.113.5", {"10.0.0.0/8"}),
            "203.0.113.5");
}

TEST(ClientAddress, IsTheLastThatATrustedProxySaw) {
  const auto address = [](std::initializer_list<Header> headers) {
    return shown(headers, "10.0.0.2", {"10.0.0.0/8", "::1"});
  };
  EXPECT_EQ(address({}), "10.0.0.2 trusted");
  EXPECT_EQ(address({{"X-Forwarded-For", "192.0.2.2"}}), "192.0.2.2 trusted");
  // The client wrote the first one itself.
  EXPECT_EQ(address({{"X-Forwarded-For", "1.1.1.1, 192.0.2.2, 10.0.0.7"}}), "192.0.2.2 trusted");
  EXPECT_EQ(address({{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "192.0.2.2"}}),
            "192.0.2.2 trusted");
  EXPECT_EQ(address({{"X-Forwarded-For", "10.0.0.9, 10.0.0.7"}}), "10.0.0.9 trusted");
  EXPECT_EQ(address({{"X-Forwarded-For", "1.1.1.1, x"}}), "10.0.0.2 trusted");
  EXPECT_EQ(address({{"X-Real-IP", "192.0.2.3"}}), "192.0.2.3 trusted");
  EXPECT_EQ(address({{"X-Forwarded-For", "2001:db8::9"}}), "2001:db8::9 trusted");
}

}  // namespace
}  // namespace millrace::http
