#include "io/proxy_receiver.hpp"

#include <array>
#include <cerrno>

#include "io/proxy_header.hpp"

namespace millrace {

/// One connection whose header has not come yet. The bytes stay in the socket until it is whole, so
/// that nothing behind it, as the beginning of a TLS handshake, is ever taken.
class ProxyReceiver::Waiting final : public Pollable {
 public:
  Waiting(ProxyReceiver& receiver, Fd fd, const Address& proxy)
      : receiver_(receiver),
        fd_(std::move(fd)),
        proxy_(proxy),
        deadline_([this] { end({ErrorCode::kTimedOut}); }) {}
  ~Waiting() override {
    if (fd_) {
      receiver_.loop_.unwatch(fd_.get(), *this);
    }
  }

  [[nodiscard]] bool start() {
    Loop& loop = receiver_.loop_;
    loop.arm_in(deadline_, receiver_.limit_);
    return loop.watch(fd_.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, *this);
  }
  void on_ready(uint32_t events) override {
    std::array<uint8_t, kMaxProxyHeaderBytes> room;
    const ssize_t size = ::recv(fd_.get(), room.data(), room.size(), MSG_PEEK);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (size <= 0) {
      return end({ErrorCode::kPeerClosed});
    }
    const auto header = parse_proxy_header(Bytes(room).first(static_cast<size_t>(size)));
    if (!header.ok()) {
      return end(header.error());
    }
    if (!*header) {
      if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        end({ErrorCode::kPeerClosed});
      }
      return;
    }
    (void)::recv(fd_.get(), room.data(), (*header)->size, 0);
    deadline_.disarm();
    receiver_.loop_.unwatch(fd_.get(), *this);
    const Address client = (*header)->source.value_or(proxy_);
    Fd fd = std::move(fd_);
    Owner& owner = receiver_.owner_;
    receiver_.finish(*this);
    owner.on_proxied(std::move(fd), client);
  }

 private:
  void end(Error error) {
    deadline_.disarm();
    receiver_.loop_.unwatch(fd_.get(), *this);
    fd_ = Fd();
    Owner& owner = receiver_.owner_;
    receiver_.finish(*this);
    owner.on_proxy_failed(error);
  }

  ProxyReceiver& receiver_;
  Fd fd_;
  const Address proxy_;
  Timer deadline_;
};

ProxyReceiver::ProxyReceiver(Loop& loop, Duration limit, Owner& owner)
    : loop_(loop), limit_(limit), owner_(owner) {}

ProxyReceiver::~ProxyReceiver() = default;

void ProxyReceiver::take(Fd fd, const Address& proxy) {
  auto made = std::make_unique<Waiting>(*this, std::move(fd), proxy);
  Waiting& waiting = *made;
  waiting_.emplace(&waiting, std::move(made));
  if (!waiting.start()) {
    waiting_.erase(&waiting);
    owner_.on_proxy_failed({ErrorCode::kOutOfDescriptors});
  }
}

/// It is called from within: destroyed at the end of the turn.
void ProxyReceiver::finish(Waiting& waiting) {
  const auto found = waiting_.find(&waiting);
  loop_.dispose(std::move(found->second));
  waiting_.erase(found);
}

}  // namespace millrace
