#pragma once

#include <memory>
#include <string>

#include "io/address.hpp"
#include "io/udp_socket.hpp"

namespace millrace::webrtc {

/// A peer's TCP connection, RFC 4571.
class TcpCarrier {
 public:
  virtual ~TcpCarrier() = default;
  /// Sends one packet with its length. @return false when the peer does not keep up.
  virtual bool send(Bytes packet) = 0;
  /// The peer has ended, or uses another path: closes.
  virtual void release() = 0;
};

/// How a peer is reached. For UDP `socket` is set, for TCP `tcp`.
struct Path {
  std::shared_ptr<UdpSocket> socket;
  LocalIp local;
  TcpCarrier* tcp = nullptr;
  Address remote;
  bool tell_local = true;  // false: the system takes `local` by itself

  [[nodiscard]] bool usable() const { return socket != nullptr || tcp != nullptr; }
  [[nodiscard]] bool same(const Path& other) const;

  /// Finds out whether the system has to be told of `local`. What it would do may change.
  void settle() { tell_local = socket == nullptr || !socket->chooses(remote, local); }
  /// Sends one packet, or many of `segment` bytes of which the last may be shorter.
  bool send(Bytes bytes, size_t segment) const;
  bool send(Bytes bytes) const { return send(bytes, bytes.size()); }
};

/// `192.0.2.1:8000`, `[2001:db8::1]:8000`.
[[nodiscard]] std::string text_of(const Address& address);

/// Addresses as keys of maps.
struct AddressKey {
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;
  bool is_v6 = false;

  explicit AddressKey(const Address& address);
  friend bool operator==(const AddressKey&, const AddressKey&) = default;
};
struct AddressKeyHash {
  size_t operator()(const AddressKey& key) const;
};

}  // namespace millrace::webrtc
