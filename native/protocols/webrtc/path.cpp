#include "protocols/webrtc/path.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::webrtc {

std::string text_of(const Address& address) {
  const std::string ip = address.ip();
  const bool brackets = ip.find(':') != std::string::npos;
  return (brackets ? "[" + ip + "]" : ip) + ":" + std::to_string(address.port());
}

AddressKey::AddressKey(const Address& address) : port(address.port()) {
  if (address.family() == AF_INET6) {
    is_v6 = true;
    std::memcpy(ip.data(), &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr, 16);
  } else if (address.family() == AF_INET) {
    std::memcpy(ip.data(), &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr, 4);
  }
}

size_t AddressKeyHash::operator()(const AddressKey& key) const {
  uint64_t high = 0;
  uint64_t low = 0;
  std::memcpy(&high, key.ip.data(), 8);
  std::memcpy(&low, key.ip.data() + 8, 8);
  uint64_t hash = (high ^ low * 0x9E3779B97F4A7C15) + key.port;
  hash = (hash ^ hash >> 31) * 0xBF58476D1CE4E5B9;
  return hash ^ hash >> 29;
}

bool Path::same(const Path& other) const {
  return socket == other.socket && tcp == other.tcp &&
         (tcp != nullptr ||
          (AddressKey(remote) == AddressKey(other.remote) && local == other.local));
}

bool Path::send(Bytes bytes, size_t segment) const {
  if (tcp != nullptr) {
    bool taken = true;
    for (size_t at = 0; at < bytes.size(); at += segment) {
      taken = tcp->send(bytes.subspan(at, std::min(segment, bytes.size() - at))) && taken;
    }
    return taken;
  }
  return socket != nullptr && socket->send(remote, tell_local ? local : LocalIp{}, bytes, segment);
}

}  // namespace millrace::webrtc
