#include "protocols/srt/handshake_gate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "protocols/srt/guarded_ports.hpp"

namespace millrace::srt {
namespace {

// SRT packet header and handshake control packet: draft-sharabayko-srt-01 §3 and §3.2.1.
constexpr size_t kHeaderBytes = 16;
constexpr size_t kHandshakeBytes = 48;
constexpr uint32_t kHandshakeType = 0x8000'0000;
constexpr size_t kDestinationSocketId = 12;
constexpr size_t kRequestType = kHeaderBytes + 20;
constexpr uint32_t kConclusion = 0xffff'ffff;
// libsrt's handshake.h: a request type of so much or more is a refusal, with the reason added.
constexpr uint32_t kFailure = 1000;

uint32_t word_at(const uint8_t* bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return ntohl(word);
}

void put_word(uint8_t* bytes, uint32_t word) {
  word = htonl(word);
  std::memcpy(bytes, &word, sizeof word);
}

std::vector<uint8_t> copy(const void* bytes, size_t size) {
  const auto* begin = static_cast<const uint8_t*>(bytes);
  return size == 0 ? std::vector<uint8_t>() : std::vector<uint8_t>(begin, begin + size);
}

/// The first bytes of a message; fewer when it has no more.
template <size_t kSize>
size_t read_head(const msghdr& message, std::array<uint8_t, kSize>& head) {
  size_t size = 0;
  for (size_t i = 0; i < message.msg_iovlen && size < kSize; ++i) {
    const size_t part = std::min(message.msg_iov[i].iov_len, kSize - size);
    std::memcpy(head.data() + size, message.msg_iov[i].iov_base, part);
    size += part;
  }
  return size;
}

std::vector<uint8_t> whole(const msghdr& message) {
  std::vector<uint8_t> packet;
  for (size_t i = 0; i < message.msg_iovlen; ++i) {
    const auto* bytes = static_cast<const uint8_t*>(message.msg_iov[i].iov_base);
    packet.insert(packet.end(), bytes, bytes + message.msg_iov[i].iov_len);
  }
  return packet;
}

}  // namespace

HandshakeGate::~HandshakeGate() {
  const std::lock_guard lock(mutex_);
  const size_t before = waiting();
  held_.clear();
  expected_.reset();
  count_change(before);
}

void HandshakeGate::count_change(size_t before) { GuardedPorts::add_waiting(before, waiting()); }

void HandshakeGate::hold_next(SRTSOCKET socket, const Address& peer) {
  const std::lock_guard lock(mutex_);
  const size_t before = waiting();
  expected_ = Expected{socket, peer, std::this_thread::get_id()};
  count_change(before);
}

HandshakeGate::Table::iterator HandshakeGate::find(SRTSOCKET socket) {
  return std::ranges::find_if(
      held_, [socket](const auto& entry) { return entry.second.socket == socket; });
}

void HandshakeGate::transmit(const Held& held) {
  iovec piece{const_cast<uint8_t*>(held.packet.data()), held.packet.size()};
  msghdr message{};
  message.msg_name = const_cast<uint8_t*>(held.address.data());
  message.msg_namelen = static_cast<socklen_t>(held.address.size());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!held.control.empty()) {
    message.msg_control = const_cast<uint8_t*>(held.control.data());
    message.msg_controllen = held.control.size();
  }
  // A packet that is lost here is asked for again.
  (void)::sendmsg(held.fd, &message, MSG_DONTWAIT);
}

void HandshakeGate::erase(SRTSOCKET socket) {
  const size_t before = waiting();
  if (const auto at = find(socket); at != held_.end()) {
    held_.erase(at);
  }
  count_change(before);
}

void HandshakeGate::release(SRTSOCKET socket) {
  const std::lock_guard lock(mutex_);
  if (const auto at = find(socket); at != held_.end()) {
    transmit(at->second);
    erase(socket);
  }
}

void HandshakeGate::refuse(SRTSOCKET socket, int reason) {
  const std::lock_guard lock(mutex_);
  if (const auto at = find(socket); at != held_.end()) {
    Held& held = at->second;
    held.packet.resize(kHeaderBytes + kHandshakeBytes);
    put_word(held.packet.data() + kRequestType, kFailure + static_cast<uint32_t>(reason));
    held.refused = true;
    transmit(held);
  }
}

void HandshakeGate::forget(SRTSOCKET socket) {
  const std::lock_guard lock(mutex_);
  erase(socket);
}

bool HandshakeGate::answers_expected(const msghdr& message) const {
  return expected_ && expected_->thread == std::this_thread::get_id() &&
         message.msg_namelen >= expected_->peer.size() &&
         std::memcmp(message.msg_name, expected_->peer.get(), expected_->peer.size()) == 0;
}

bool HandshakeGate::take(int fd, const msghdr& message) {
  std::array<uint8_t, kHeaderBytes + kHandshakeBytes> head{};
  const size_t size = read_head(message, head);
  if (size < kHeaderBytes) {
    return false;
  }
  const bool handshake = size == head.size() && word_at(head.data()) == kHandshakeType;

  const std::lock_guard lock(mutex_);
  if (waiting() == 0) {
    return false;
  }
  const Key key{word_at(head.data() + kDestinationSocketId),
                copy(message.msg_name, message.msg_namelen)};
  auto at = held_.find(key);
  if (handshake && answers_expected(message)) {
    const size_t before = waiting();
    const Expected answered = *std::exchange(expected_, std::nullopt);
    const uint32_t type = word_at(head.data() + kRequestType);
    if (type == kConclusion) {
      at = held_.try_emplace(key).first;
      at->second = {answered.socket, fd, false, {}, {}, {}};
    } else if (type >= kFailure && type < kFailure + 1000) {
      listener_.on_handshake_failed(static_cast<int>(type - kFailure), answered.peer);
    }
    count_change(before);
  }
  if (at == held_.end()) {
    return false;
  }
  Held& held = at->second;
  if (held.refused) {
    if (handshake) {
      transmit(held);  // the caller asked again: the refusal was lost
    }
  } else if (handshake) {
    held.packet = whole(message);
    held.address = key.address;
    held.control = copy(message.msg_control, message.msg_controllen);
  }
  // Keep-alives and the like: a caller that is not connected yet has no use for them.
  return true;
}

}  // namespace millrace::srt
