#include "io/listener.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "io/shared_port.hpp"

namespace millrace {

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr auto kPauseWithoutDescriptors = milliseconds(100);

}  // namespace

Result<std::vector<Fd>> TcpListener::bind_all(const Address& address, size_t count) {
  auto sockets = bind_shared_port(address, SOCK_STREAM, count);
  if (sockets.ok()) {
    for (const Fd& socket : *sockets) {
      if (::listen(socket.get(), kBacklog) != 0) {
        return bind_error();
      }
    }
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
