#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// An IPv4 or IPv6 address with port.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t size);

  /// @param ip  literal address, `::1` without brackets; names are not resolved here.
  static std::optional<Address> parse(std::string_view ip, uint16_t port);
  /// The address that a socket is bound to; port chosen by the system included.
  static Address local_of(int fd);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  [[nodiscard]] int family() const { return get()->sa_family; }
  [[nodiscard]] uint16_t port() const;
  /// "192.0.2.1", "2001:db8::1"; IPv4-mapped IPv6 as IPv4. Empty when unknown.
  [[nodiscard]] std::string ip() const;

 private:
  sockaddr_in6 storage_{};  // sockaddr_in fits too; sockaddr_storage would be four times as large
  socklen_t size_ = 0;
};

}  // namespace millrace
