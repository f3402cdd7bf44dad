#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

namespace millrace::srt {

class HandshakeGate;

/// Which UDP socket has which gate. libsrt's one call of sendmsg() is bound to
/// millrace_srt_sendmsg() (cmake/FindSrt.cmake), which has no argument for us but the descriptor:
/// hence this one table per process, as libsrt itself is one. It decides nothing; all that is
/// waited for is in the gates, which belong to the ports of their engines.
class GuardedPorts {
 public:
  /// From now on what is sent from `fd` passes the gate; an earlier gate of that descriptor, whose
  /// socket is closed, is no longer asked.
  static void add(int fd, const std::shared_ptr<HandshakeGate>& gate);
  /// What is sent from it goes to the kernel again, unless another gate has it by now.
  static void remove(int fd, const HandshakeGate* gate);
  /// A gate waits for another number of answers than before. While no gate waits for any, packets
  /// of media pass without a look at the table.
  static void add_waiting(size_t before, size_t after) {
    table().waiting.fetch_add(after - before, std::memory_order_acq_rel);
  }
  static ssize_t send(int fd, const msghdr* message, int flags);

 private:
  struct Table {
    std::atomic<size_t> waiting{0};
    std::shared_mutex mutex;
    std::unordered_map<int, std::weak_ptr<HandshakeGate>> gates;
  };
  static Table& table();
};

}  // namespace millrace::srt
