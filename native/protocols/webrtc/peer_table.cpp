#include "protocols/webrtc/peer_table.hpp"

#include <algorithm>

#include "control/module_states.hpp"
#include "protocols/webrtc/peer.hpp"
#include "protocols/webrtc/webrtc_session.hpp"

namespace millrace::webrtc {

namespace {

// Addresses whose datagrams go to another loop: few peers change theirs.
constexpr size_t kMaxPassed = 4096;
constexpr Duration kPassedLifetime = seconds(60);
// Datagrams on their way to another loop: what a busy one has for a tenth of a second of video.
constexpr size_t kMaxPassing = 1024;
// What a peer has sent before it heard of its end is not a stranger's.
constexpr size_t kMaxLeft = 64;
constexpr Duration kLeftLifetime = seconds(10);

}  // namespace

PeerTable& peer_table(LoopContext& context) {
  auto& holder = context.loop_modules.get<PeerTableOfLoop>();
  if (holder.table == nullptr) {
    holder.table = std::make_unique<PeerTable>(context);
  }
  return *holder.table;
}

PeerTable::PeerTable(LoopContext& context)
    : context_(context),
      service_(context.modules.get<Service>()),
      forget_passed_([this] { forget_passed(); }) {}

PeerTable::~PeerTable() = default;

void PeerTable::open_socket(uint32_t listener, Fd fd) {
  // Whoever lets go of it last may do so while this turn still has an event of it.
  const auto dispose = [loop = &loop()](UdpSocket* last) {
    loop->dispose(std::unique_ptr<UdpSocket>(last));
  };
  std::shared_ptr<UdpSocket> socket(new UdpSocket(loop(), std::move(fd), *this), dispose);
  if (socket->start()) {
    sockets_.push_back({listener, std::move(socket)});
  } else {
    context_.troubles.note("listen", {ErrorCode::kListenFailed, static_cast<uint32_t>(errno)});
  }
}

void PeerTable::close_socket(uint32_t listener) {
  for (const Socket& socket : sockets_) {
    if (socket.listener == listener) {
      closed_sockets_.push_back(socket.socket);
    }
  }
  std::erase_if(sockets_, [listener](const Socket& socket) { return socket.listener == listener; });
  std::erase_if(closed_sockets_, [](const auto& socket) { return socket.expired(); });
}

std::shared_ptr<UdpSocket> PeerTable::socket_of(const UdpSocket& socket) {
  for (const Socket& open : sockets_) {
    if (open.socket.get() == &socket) {
      return open.socket;
    }
  }
  for (const auto& closed : closed_sockets_) {
    if (auto open = closed.lock(); open.get() == &socket) {
      return open;
    }
  }
  return nullptr;
}

std::shared_ptr<UdpSocket> PeerTable::socket_of_port(uint16_t port) {
  for (const Socket& open : sockets_) {
    if (open.socket->port() == port) {
      return open.socket;
    }
  }
  return nullptr;
}

Peer* PeerTable::find(SessionId session) {
  const auto found = peers_.find(session);
  return found != peers_.end() ? found->second.get() : nullptr;
}

void PeerTable::on_datagram(UdpSocket& socket, std::span<uint8_t> bytes, const Address& from,
                            const LocalIp& to) {
  const AddressKey key(from);
  if (const auto known = addresses_.find(key); known != addresses_.end()) {
    // A check may be of another session: behind one address there may be a new one.
    if (!stun::looks_like_stun(bytes)) {
      return known->second->on_packet(bytes);
    }
  } else if (!stun::looks_like_stun(bytes)) {
    if (const auto passed = passed_.find(key); passed != passed_.end()) {
      passed->second.last = loop().now();
      pass_over(*passed->second.to, bytes, {nullptr, to, nullptr, from});
    } else if (!has_left(key)) {
      context_.troubles.note("webrtc", {ErrorCode::kWebrtcStranger});
    }
    return;
  }
  (void)on_check(bytes, {socket_of(socket), to, nullptr, from});
}

Peer* PeerTable::on_tcp_check(std::span<uint8_t> bytes, const Path& path) {
  return stun::looks_like_stun(bytes) ? on_check(bytes, path) : nullptr;
}

Peer* PeerTable::on_check(std::span<uint8_t> bytes, const Path& path) {
  const auto message = stun::Message::parse(bytes);
  if (!message.ok()) {
    context_.troubles.note("webrtc", message.error());
    return nullptr;
  }
  if (message->message_class != stun::Class::kRequest || message->method != stun::kBinding) {
    return nullptr;  // answers to nothing we asked, and indications that keep a binding alive
  }
  const auto ufrags = stun::split_username(message->username);
  const auto found = ufrags ? service_.find(ufrags->local) : Service::Found{};
  if (found.shared == nullptr) {
    context_.troubles.note("webrtc", {ErrorCode::kStunUnknownUser});
    return nullptr;
  }
  if (!message->is_authentic(found.ice.local_pwd)) {
    found.shared->note_bad_integrity(path.remote);
    context_.troubles.note("webrtc", {ErrorCode::kStunUnauthenticated}, found.shared->id);
    return nullptr;
  }
  if (found.owner != nullptr && found.owner != this) {
    if (path.tcp != nullptr) {
      return nullptr;  // a connection cannot move; the peer has its other candidates
    }
    pass_over(*found.owner, bytes, path);
    return nullptr;
  }
  Peer* peer = find(found.shared->id);
  if (peer == nullptr) {
    if (!service_.claim(found.shared->id, *this)) {
      return nullptr;
    }
    auto made = std::make_unique<Peer>(*this, found.shared);
    peer = made.get();
    peers_.emplace(found.shared->id, std::move(made));
  }
  peer->on_check(*message, found.ice, path);
  // It may have ended by what it was told.
  return find(found.shared->id);
}

/// Hands a datagram to another loop, which answers from its own socket of the same port.
void PeerTable::pass_over(PeerTable& to, Bytes bytes, const Path& path) {
  if (to.passing_.fetch_add(1, std::memory_order_relaxed) >= kMaxPassing) {
    to.passing_.fetch_sub(1, std::memory_order_relaxed);
    return context_.troubles.note("webrtc", {ErrorCode::kQueueFull});
  }
  const uint16_t port = path.socket != nullptr ? path.socket->port() : 0;
  to.loop().post([&to, this, copy = std::vector<uint8_t>(bytes.begin(), bytes.end()),
                  from = path.remote, local = path.local,
                  port]() mutable { to.receive_passed(copy, from, local, port, *this); });
}

void PeerTable::receive_passed(std::vector<uint8_t>& bytes, const Address& from,
                               const LocalIp& local, uint16_t port, PeerTable& by) {
  passing_.fetch_sub(1, std::memory_order_relaxed);
  if (!stun::looks_like_stun(bytes)) {
    if (const auto known = addresses_.find(AddressKey(from)); known != addresses_.end()) {
      known->second->on_packet(bytes);
    }
    return;
  }
  auto socket = socket_of_port(port);
  if (socket == nullptr || on_check(bytes, {std::move(socket), local, nullptr, from}) == nullptr) {
    return;
  }
  by.loop().post([&by, this, from] {
    if (by.passed_.size() < kMaxPassed) {
      by.passed_[AddressKey(from)] = {this, by.loop().now()};
    }
    if (!by.forget_passed_.armed()) {
      by.loop().arm_in(by.forget_passed_, kPassedLifetime);
    }
  });
}

void PeerTable::forget_passed() {
  std::erase_if(passed_, [before = loop().now() - kPassedLifetime](const auto& entry) {
    return entry.second.last < before;
  });
  if (!passed_.empty()) {
    loop().arm_in(forget_passed_, kPassedLifetime);
  }
}

void PeerTable::learn(const Address& address, Peer& peer) {
  addresses_[AddressKey(address)] = &peer;
  passed_.erase(AddressKey(address));
}

void PeerTable::unlearn(const Address& address, const Peer& peer) {
  if (const auto known = addresses_.find(AddressKey(address));
      known != addresses_.end() && known->second == &peer) {
    if (left_.size() < kMaxLeft) {
      left_.push_back({known->first, loop().now()});
    } else {
      left_[next_left_++ % kMaxLeft] = {known->first, loop().now()};
    }
    addresses_.erase(known);
  }
}

bool PeerTable::has_left(const AddressKey& address) const {
  return std::any_of(left_.begin(), left_.end(),
                     [&address, after = context_.loop.now() - kLeftLifetime](const Left& left) {
                       return left.address == address && left.at > after;
                     });
}

void PeerTable::drop(SessionId session, Error error) {
  const auto found = peers_.find(session);
  if (found == peers_.end()) {
    return;
  }
  std::unique_ptr<Peer> peer = std::move(found->second);
  peers_.erase(found);
  const SharedRef shared = peer->shared_ref();
  peer->stop(error);
  loop().dispose(std::move(peer));
  (void)service_.forget(session);
  at_home(*shared, [error](WebrtcSession& home) { home.on_peer_ended(error); });
}

}  // namespace millrace::webrtc
