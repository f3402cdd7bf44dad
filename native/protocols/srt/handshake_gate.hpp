#pragma once

#include <netinet/in.h>
#include <srt/srt.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "io/address.hpp"

namespace millrace::srt {

/// Holds back the answer to a caller's handshake until it is decided whether the caller may publish
/// or play, which may take as long as a callback server takes.
///
/// libsrt can refuse a caller with a reason only within its listener callback, on the thread that
/// receives all packets of the port: whoever waits there stops every stream. So the callback agrees
/// to everybody whose stream id can be read, libsrt checks the encryption and makes the socket, and
/// only its last step, the packet that tells the caller, comes here instead of to the kernel. It is
/// sent when the decision is there, or a refusal with its reason in its place. The caller, who asks
/// again every 250 ms meanwhile, sees a slow server.
///
/// libsrt's one call of sendmsg() is bound to millrace_srt_sendmsg (cmake/FindSrt.cmake), which has
/// no argument for us: hence one gate per process, as libsrt itself is. With the shared library
/// there is no gate: callers are connected at once, and refused ones are cut off without a reason.
class HandshakeGate {
 public:
  /// Told of handshakes that libsrt itself refuses, on its receiving thread.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_handshake_failed(int reason) = 0;
  };

  static HandshakeGate& instance();

  /// From a listener callback that agrees: the answer that this thread sends next is to be held.
  void hold_next(SRTSOCKET socket, const Address& peer, Listener& listener);
  /// Sends the held answer.
  void release(SRTSOCKET socket);
  /// Sends a refusal in its place. Nothing else that libsrt has to say to this caller goes out any
  /// more, until forget().
  void refuse(SRTSOCKET socket, int reason);
  /// The socket has gone.
  void forget(SRTSOCKET socket);

  /// In place of sendmsg().
  ssize_t send(int fd, const msghdr* message, int flags);

 private:
  struct Key {
    uint32_t peer_socket_id = 0;
    std::vector<uint8_t> address;
    friend auto operator<=>(const Key&, const Key&) = default;
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
  Table::iterator find(SRTSOCKET socket);

  std::mutex mutex_;
  std::atomic<size_t> count_{0};
  Table held_;
};

}  // namespace millrace::srt
