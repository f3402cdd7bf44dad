#include "protocols/srt/driver.hpp"

#include <array>

#include "protocols/srt/guarded_ports.hpp"
#include "protocols/srt/reject_reason.hpp"
#include "protocols/srt/srt_session.hpp"

namespace millrace::srt {
namespace {

constexpr int kEventsAtOnce = 256;
// How soon stop() is noticed; events end the wait at once.
constexpr int64_t kWaitMs = 100;

StreamIdDefaults defaults_from(const Fields& what) {
  StreamIdDefaults defaults;
  defaults.app = what.text("default_app", defaults.app);
  defaults.stream_id = what.text("default_streamid", defaults.stream_id);
  defaults.mode = what.text("default_mode") == "publish" ? Mode::kPublish : Mode::kRequest;
  return defaults;
}

}  // namespace

/// One port. Alive as long as the driver's thread, libsrt or a session may still come back to it;
/// the socket is closed by the driver before.
struct Driver::Listener final : HandshakeGate::Listener {
  ~Listener() override { GuardedPorts::remove(fd, &gate); }

  Socket socket;
  HandshakeGate gate{*this};
  int fd = -1;
  std::vector<LoopContext*> loops;
  StreamIdDefaults defaults;
  uint16_t local_port = 0;

  void note(Error error, const Address& peer, std::string area = "srt") const {
    loops.front()->loop.post([context = loops.front(), error, peer, area = std::move(area)] {
      context->troubles.note(area, error, peer);
    });
  }
  void on_handshake_failed(int reason, const Address& peer) override {
    // With libsrt's words, e.g. "Incorrect passphrase": each reason is a line of its own.
    note({ErrorCode::kSrtHandshakeRefused, static_cast<uint32_t>(reason)}, peer,
         std::string("srt ") + reject_reason_text(reason));
  }
};

/// The gate keeps the whole listener alive, to which it reports.
std::shared_ptr<HandshakeGate> Driver::gate_of(const std::shared_ptr<Listener>& listener) {
  return {listener, &listener->gate};
}

/// The engine's hold on a port.
class Driver::OpenListener final : public ModuleListener {
 public:
  OpenListener(Driver& driver, SRTSOCKET socket, const Address& address)
      : driver_(driver), socket_(socket), address_(address) {}
  ~OpenListener() override { driver_.close(socket_); }
  [[nodiscard]] Address address() const override { return address_; }

 private:
  Driver& driver_;
  const SRTSOCKET socket_;
  const Address address_;
};

Driver::Driver() : epoll_(srt_epoll_create()) { srt_epoll_set(epoll_, SRT_EPOLL_ENABLE_EMPTY); }

Driver::~Driver() {
  stop();
  srt_epoll_release(epoll_);
}

void Driver::start() {
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

void Driver::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) {
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, listener] : listeners_) {
    listener->socket.close();
  }
  listeners_.clear();
  ports_.clear();
}

Result<std::unique_ptr<ModuleListener>> Driver::listen(std::span<LoopContext* const> loops,
                                                       const Fields& what) {
  const auto address =
      Address::parse(what.text("ip", "0.0.0.0"), static_cast<uint16_t>(what.integer("port", 0)));
  if (!address) {
    return ErrorCode::kInvalidArgument;
  }
  const Fields& settings = what.fields("srt");
  auto socket = Socket::open(SocketOptions::from(settings));
  if (!socket) {
    return socket.error();
  }
  auto listener = std::make_shared<Listener>();
  listener->loops.assign(loops.begin(), loops.end());
  for (LoopContext* context : loops) {
    // Its descriptor is taken now: a server that runs out of them later can still serve callers.
    (void)context->loop_modules.get<LoopPort>();
  }
  listener->defaults = defaults_from(settings);
  const SRTSOCKET handle = socket->get();
  srt_listen_callback(handle, &Driver::on_handshake, listener.get());
  const auto fd = socket->bind(*address);
  if (!fd) {
    return fd.error();
  }
  listener->fd = *fd;
  GuardedPorts::add(*fd, gate_of(listener));
  if (const Status status = socket->listen(); !status) {
    return status.error();
  }
  const Address local = socket->local_address();
  listener->local_port = local.port();
  listener->socket = std::move(*socket);
  {
    const std::lock_guard lock(mutex_);
    listeners_.emplace(handle, std::move(listener));
    start();
  }
  const int events = SRT_EPOLL_IN | SRT_EPOLL_ERR;
  srt_epoll_add_usock(epoll_, handle, &events);
  return std::unique_ptr<ModuleListener>(std::make_unique<OpenListener>(*this, handle, local));
}

void Driver::close(SRTSOCKET listener) {
  srt_epoll_remove_usock(epoll_, listener);
  std::shared_ptr<Listener> closing;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = listeners_.find(listener); at != listeners_.end()) {
      closing = std::move(at->second);
      listeners_.erase(at);
    }
  }
  if (closing) {
    closing->socket.close();
  }
}

void Driver::watch(SRTSOCKET socket, LoopPort& port) {
  {
    const std::lock_guard lock(mutex_);
    ports_[socket] = &port;
    start();
  }
  const auto events =
      static_cast<int>(SRT_EPOLL_IN | SRT_EPOLL_OUT | SRT_EPOLL_ERR | unsigned{SRT_EPOLL_ET});
  srt_epoll_add_usock(epoll_, socket, &events);
}

void Driver::unwatch(SRTSOCKET socket) {
  srt_epoll_remove_usock(epoll_, socket);
  const std::lock_guard lock(mutex_);
  ports_.erase(socket);
}

void Driver::run() {
  std::array<SRT_EPOLL_EVENT, kEventsAtOnce> events{};
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int count = srt_epoll_uwait(epoll_, events.data(), kEventsAtOnce, kWaitMs);
    for (int i = 0; i < count; ++i) {
      const auto& [socket, ready] = events[static_cast<size_t>(i)];
      std::shared_ptr<Listener> listener;
      {
        const std::lock_guard lock(mutex_);
        if (const auto at = ports_.find(socket); at != ports_.end()) {
          at->second->notify(socket, ready);
          continue;
        }
        if (const auto at = listeners_.find(socket); at != listeners_.end()) {
          listener = at->second;
        }
      }
      if (listener) {
        accept_all(socket, listener);
      }
    }
  }
}

/// @param port  the listener's socket, which close() may take from it at the same time.
void Driver::accept_all(SRTSOCKET port, const std::shared_ptr<Listener>& listener) {
  for (;;) {
    sockaddr_storage storage{};
    int size = sizeof storage;
    Socket socket(srt_accept(port, reinterpret_cast<sockaddr*>(&storage), &size));
    if (!socket) {
      return;
    }
    auto id = StreamId::parse(socket.stream_id(), listener->defaults);
    if (!id) {
      listener->gate.forget(socket.get());
      continue;  // checked before, in the callback
    }
    LoopContext* context = listener->loops[id->hash() % listener->loops.size()];
    SrtSession::Caller caller{
        .socket = std::move(socket),
        .peer = {reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(size)},
        .local_port = listener->local_port,
        .id = std::move(*id),
        .gate = gate_of(listener)};
    context->loop.post([this, context, caller = std::move(caller)]() mutable {
      SrtSession::begin(*context, *this, std::move(caller));
    });
  }
}

/// On libsrt's receiving thread: must not wait. @return -1 refuses.
int Driver::on_handshake(void* opaque, SRTSOCKET socket, int /*version*/, const sockaddr* peer,
                         const char* stream_id) {
  auto& listener = *static_cast<Listener*>(opaque);
  const Address from(peer,
                     peer->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  const auto id = StreamId::parse(stream_id, listener.defaults);
  if (!id) {
    srt_setrejectreason(socket, reject_reason(id.error().code));
    listener.note(id.error(), from);
    return -1;
  }
#ifdef MILLRACE_SRT_GATE
  listener.gate.hold_next(socket, from);
#endif
  return 0;
}

}  // namespace millrace::srt
