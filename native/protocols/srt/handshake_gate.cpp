#include "protocols/srt/handshake_gate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <utility>

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

struct Expected {
  SRTSOCKET socket = SRT_INVALID_SOCK;
  Address peer;
  HandshakeGate::Listener* listener = nullptr;
};
thread_local Expected expected;

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

}  // namespace

HandshakeGate& HandshakeGate::instance() {
  static HandshakeGate gate;
  return gate;
}

void HandshakeGate::hold_next(SRTSOCKET socket, const Address& peer, Listener& listener) {
  expected = {socket, peer, &listener};
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

void HandshakeGate::release(SRTSOCKET socket) {
  const std::lock_guard lock(mutex_);
  if (const auto at = find(socket); at != held_.end()) {
    transmit(at->second);
    held_.erase(at);
    count_.store(held_.size(), std::memory_order_release);
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
  if (const auto at = find(socket); at != held_.end()) {
    held_.erase(at);
    count_.store(held_.size(), std::memory_order_release);
  }
}

ssize_t HandshakeGate::send(int fd, const msghdr* message, int flags) {
  if (count_.load(std::memory_order_acquire) == 0 && expected.socket == SRT_INVALID_SOCK) {
    return ::sendmsg(fd, message, flags);
  }
  std::vector<uint8_t> packet;
  for (size_t i = 0; i < message->msg_iovlen; ++i) {
    const auto* bytes = static_cast<const uint8_t*>(message->msg_iov[i].iov_base);
    packet.insert(packet.end(), bytes, bytes + message->msg_iov[i].iov_len);
  }
  const auto size = static_cast<ssize_t>(packet.size());
  if (packet.size() < kHeaderBytes) {
    return ::sendmsg(fd, message, flags);
  }
  const bool handshake =
      packet.size() >= kHeaderBytes + kHandshakeBytes && word_at(packet.data()) == kHandshakeType;
  const Key key{word_at(packet.data() + kDestinationSocketId),
                copy(message->msg_name, message->msg_namelen)};

  const std::lock_guard lock(mutex_);
  auto at = held_.find(key);
  if (handshake && expected.socket != SRT_INVALID_SOCK &&
      message->msg_namelen >= expected.peer.size() &&
      std::memcmp(message->msg_name, expected.peer.get(), expected.peer.size()) == 0) {
    const Expected answer = std::exchange(expected, {});
    const uint32_t type = word_at(packet.data() + kRequestType);
    if (type == kConclusion) {
      at = held_.try_emplace(key).first;
      at->second = {answer.socket, fd, false, {}, {}, {}};
      count_.store(held_.size(), std::memory_order_release);
    } else if (type >= kFailure && type < kFailure + 1000) {
      answer.listener->on_handshake_failed(static_cast<int>(type - kFailure));
    }
  }
  if (at == held_.end()) {
    return ::sendmsg(fd, message, flags);
  }
  Held& held = at->second;
  if (held.refused) {
    if (handshake) {
      transmit(held);  // the caller asked again: the refusal was lost
    }
    return size;
  }
  if (handshake) {
    held.fd = fd;
    held.packet = std::move(packet);
    held.address = key.address;
    held.control = copy(message->msg_control, message->msg_controllen);
  }
  // Keep-alives and the like: a caller that is not connected yet has no use for them.
  return size;
}

}  // namespace millrace::srt

/// libsrt's sendmsg().
extern "C" ssize_t millrace_srt_sendmsg(int fd, const msghdr* message, int flags) {
  return millrace::srt::HandshakeGate::instance().send(fd, message, flags);
}
