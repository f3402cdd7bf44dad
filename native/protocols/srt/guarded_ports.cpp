#include "protocols/srt/guarded_ports.hpp"

#include <mutex>

#include "protocols/srt/handshake_gate.hpp"

namespace millrace::srt {

GuardedPorts::Table& GuardedPorts::table() {
  static Table table;
  return table;
}

void GuardedPorts::add(int fd, const std::shared_ptr<HandshakeGate>& gate) {
  const std::unique_lock lock(table().mutex);
  table().gates[fd] = gate;
}

void GuardedPorts::remove(int fd, const HandshakeGate* gate) {
  const std::unique_lock lock(table().mutex);
  if (const auto at = table().gates.find(fd); at != table().gates.end()) {
    const auto current = at->second.lock();
    if (current == nullptr || current.get() == gate) {
      table().gates.erase(at);
    }
  }
}

ssize_t GuardedPorts::send(int fd, const msghdr* message, int flags) {
  if (table().waiting.load(std::memory_order_acquire) == 0) {
    return ::sendmsg(fd, message, flags);
  }
  std::shared_ptr<HandshakeGate> gate;
  {
    const std::shared_lock lock(table().mutex);
    if (const auto at = table().gates.find(fd); at != table().gates.end()) {
      gate = at->second.lock();
    }
  }
  if (gate == nullptr || !gate->take(fd, *message)) {
    return ::sendmsg(fd, message, flags);
  }
  size_t size = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i) {
    size += message->msg_iov[i].iov_len;
  }
  return static_cast<ssize_t>(size);
}

}  // namespace millrace::srt

/// libsrt's sendmsg().
extern "C" ssize_t millrace_srt_sendmsg(int fd, const msghdr* message, int flags) {
  return millrace::srt::GuardedPorts::send(fd, message, flags);
}
