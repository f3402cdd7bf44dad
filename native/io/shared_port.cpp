#include "io/shared_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace millrace {

namespace {

Fd open_socket(const Address& address, int type) {
  Fd fd(::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd && type == SOCK_STREAM) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (fd && address.family() == AF_INET6) {
    // `::` and `0.0.0.0` are configured apart, so that each says exactly what it means.
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  return fd;
}

}  // namespace

Error bind_error() {
  return {errno == EADDRINUSE ? ErrorCode::kPortInUse : ErrorCode::kListenFailed,
          static_cast<uint32_t>(errno)};
}

Result<std::vector<Fd>> bind_shared_port(const Address& address, int type, size_t count) {
  // With SO_REUSEPORT a second server of the same user would silently share the port. A socket
  // without that option finds out first.
  Address target = address;
  {
    const Fd probe = open_socket(address, type);
    if (!probe || ::bind(probe.get(), address.get(), address.size()) != 0 ||
        (type == SOCK_STREAM && ::listen(probe.get(), 1) != 0)) {
      return bind_error();
    }
    if (address.port() == 0) {
      target = Address::local_of(probe.get());
    }
  }
  std::vector<Fd> sockets;
  for (size_t i = 0; i < count; ++i) {
    Fd fd = open_socket(target, type);
    const int on = 1;
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        ::bind(fd.get(), target.get(), target.size()) != 0) {
      return bind_error();
    }
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

}  // namespace millrace
