#pragma once

#include <srt/srt.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/byte_reader.hpp"
#include "io/address.hpp"

namespace millrace::srt {

/// Holds back the answers to callers' handshakes on one port until it is decided whether they may
/// publish or play, which may take as long as a callback server takes.
///
/// libsrt can refuse a caller with a reason only within its listener callback, on the thread that
/// receives all packets of the port: whoever waits there stops every stream. So the callback agrees
/// to everybody whose stream id can be read, libsrt checks the encryption and makes the socket, and
/// only its last step, the packet that tells the caller, comes here instead of to the kernel. It is
/// sent when the decision is there, or a refusal with its reason in its place. The caller, who asks
/// again every 250 ms meanwhile, sees a slow server.
///
/// Packets come from GuardedPorts. With the shared library none come: callers are connected at
/// once, and refused ones are cut off without a reason. Any thread may call.
class HandshakeGate {
 public:
  /// Told of handshakes that libsrt itself refuses, on its receiving thread.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_handshake_failed(int reason, const Address& peer) = 0;
  };

  explicit HandshakeGate(Listener& listener) : listener_(listener) {}
  ~HandshakeGate();
  HandshakeGate(const HandshakeGate&) = delete;
  HandshakeGate& operator=(const HandshakeGate&) = delete;

  /// From the listener callback that agrees: the answer that this thread sends next to `peer` is to
  /// be held.
  void hold_next(SRTSOCKET socket, const Address& peer);
  /// Sends the held answer.
  void release(SRTSOCKET socket);
  /// Sends a refusal in its place. Nothing else that libsrt has to say to this caller goes out any
  /// more, until forget().
  void refuse(SRTSOCKET socket, int reason);
  /// The socket has gone.
  void forget(SRTSOCKET socket);

  /// What libsrt sends from the port. @return whether it was taken here, and is not to be sent.
  bool take(int fd, const msghdr& message);

 private:
  struct Key {
    uint32_t peer_socket_id = 0;
    std::vector<uint8_t> address;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Expected {
    SRTSOCKET socket = SRT_INVALID_SOCK;
    Address peer;
    std::thread::id thread;
  };
  struct Held {
    SRTSOCKET socket = SRT_INVALID_SOCK;
    int fd = -1;
    bool refused = false;
    std::vector<uint8_t> packet;
    std::vector<uint8_t> address;
    std::vector<uint8_t> control;  // the address to send from
  };
  using Table = std::map<Key, Held>;

  static void transmit(const Held& held);
  [[nodiscard]] bool answers_expected(const msghdr& message) const;
  Table::iterator find(SRTSOCKET socket);
  void erase(SRTSOCKET socket);
  void count_change(size_t before);
  [[nodiscard]] size_t waiting() const { return held_.size() + (expected_ ? 1 : 0); }

  Listener& listener_;
  std::mutex mutex_;
  std::optional<Expected> expected_;
  Table held_;
};

}  // namespace millrace::srt
