#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "io/address.hpp"

namespace millrace {

/// The 16 bytes of an IPv6 address; IPv4 as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), so that both
/// notations of it are the same.
using AddressBytes = std::array<uint8_t, 16>;
/// @return all zeros for an address that is neither.
[[nodiscard]] AddressBytes address_bytes(const Address& address);

/// A network in CIDR notation, or one address: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`.
class Network {
 public:
  /// @return nullopt when it is no such text. Bits behind the prefix are passed over.
  static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& address) const;

 private:
  AddressBytes prefix_{};
  unsigned bits_ = 128;  // of the 16 bytes
};

/// Several of them.
class NetworkList {
 public:
  void add(const Network& network) { networks_.push_back(network); }
  [[nodiscard]] bool empty() const { return networks_.empty(); }
  [[nodiscard]] bool contains(const Address& address) const;

 private:
  std::vector<Network> networks_;
};

}  // namespace millrace
