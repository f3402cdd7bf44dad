#include "io/network.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace millrace {

namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0

bool same_bits(const AddressBytes& a, const AddressBytes& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

AddressBytes address_bytes(const Address& address) {
  AddressBytes bytes{};
  if (address.family() == AF_INET) {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr,
                4);
  } else if (address.family() == AF_INET6) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr,
                bytes.size());
  }
  return bytes;
}

std::optional<Network> Network::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash), 0);
  if (!address) {
    return std::nullopt;
  }
  Network network;
  network.prefix_ = address_bytes(*address);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const unsigned longest = address->family() == AF_INET ? 32 : 128;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > longest) {
      return std::nullopt;
    }
    network.bits_ = bits + (address->family() == AF_INET ? kMappedBits : 0);
  }
  return network;
}

bool Network::contains(const Address& address) const {
  return same_bits(address_bytes(address), prefix_, bits_);
}

bool NetworkList::contains(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return network.contains(address); });
}

}  // namespace millrace
