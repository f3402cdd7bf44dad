#include "io/listener.hpp"

#include <netinet/tcp.h>

#include <cerrno>

namespace millrace {

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr auto kPauseWithoutDescriptors = milliseconds(100);

Fd open_socket(const Address& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd) {
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() == AF_INET6) {
      // `::` and `0.0.0.0` are configured apart, so that each says exactly what it means.
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
  }
  return fd;
}

Error bind_error() {
  return {errno == EADDRINUSE ? ErrorCode::kPortInUse : ErrorCode::kListenFailed,
          static_cast<uint32_t>(errno)};
}

}  // namespace

Result<std::vector<Fd>> TcpListener::bind_all(const Address& address, size_t count) {
  // With SO_REUSEPORT a second server of the same user would silently share the port. A socket
  // without that option finds out first.
  Address target = address;
  {
    const Fd probe = open_socket(address);
    if (!probe || ::bind(probe.get(), address.get(), address.size()) != 0 ||
        ::listen(probe.get(), 1) != 0) {
      return bind_error();
    }
    if (address.port() == 0) {
      target = Address::local_of(probe.get());
    }
  }
  std::vector<Fd> sockets;
  for (size_t i = 0; i < count; ++i) {
    Fd fd = open_socket(target);
    const int on = 1;
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        ::bind(fd.get(), target.get(), target.size()) != 0 || ::listen(fd.get(), kBacklog) != 0) {
      return bind_error();
    }
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

TcpListener::TcpListener(Loop& loop, Fd socket, OnAccept on_accept, OnTrouble on_trouble)
    : loop_(loop),
      socket_(std::move(socket)),
      on_accept_(std::move(on_accept)),
      on_trouble_(std::move(on_trouble)),
      pause_([this] {
        loop_.rewatch(socket_.get(), EPOLLIN, *this);
        accept_some();
      }) {}

TcpListener::~TcpListener() {
  if (socket_) {
    loop_.unwatch(socket_.get(), *this);
  }
}

bool TcpListener::start() { return loop_.watch(socket_.get(), EPOLLIN, *this); }

void TcpListener::on_ready(uint32_t /*events*/) { accept_some(); }

void TcpListener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    Fd fd(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      on_accept_(std::move(fd), Address(reinterpret_cast<const sockaddr*>(&storage), size));
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EINTR:
      case ECONNABORTED:
      case EPERM:  // a firewall rule
        continue;
      default:
        // EMFILE, ENFILE, ENOBUFS, ENOMEM and network errors handed up from the new socket
        // (accept(2)): all pass. Level-triggered epoll would spin meanwhile.
        on_trouble_({errno == EMFILE || errno == ENFILE ? ErrorCode::kOutOfDescriptors
                                                        : ErrorCode::kIoError,
                     static_cast<uint32_t>(errno)});
        loop_.rewatch(socket_.get(), 0, *this);
        loop_.arm_in(pause_, kPauseWithoutDescriptors);
        return;
    }
  }
}

}  // namespace millrace
