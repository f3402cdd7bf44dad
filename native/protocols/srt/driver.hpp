#pragma once

#include <srt/srt.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "control/session.hpp"
#include "protocols/module.hpp"
#include "protocols/srt/handshake_gate.hpp"
#include "protocols/srt/library.hpp"
#include "protocols/srt/loop_port.hpp"
#include "protocols/srt/socket.hpp"
#include "protocols/srt/stream_id.hpp"

namespace millrace::srt {

/// The one thread of an engine that waits for libsrt's sockets. It accepts callers, deals them to
/// the loops and tells these what is ready; it moves no media. One per engine, in its module
/// states; started with the first listener or call.
class Driver {
 public:
  Driver();
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Engine's end: no loop runs any more.
  void stop();

  /// Main thread. Callers go to the loop that their stream's name picks, so that publisher and
  /// players of one stream meet on one.
  Result<std::unique_ptr<ModuleListener>> listen(std::span<LoopContext* const> loops,
                                                 const Fields& what);

  /// Loops: events of the socket go to `port` from now on, until unwatch(). Edge-triggered.
  void watch(SRTSOCKET socket, LoopPort& port);
  void unwatch(SRTSOCKET socket);

 private:
  struct Listener;
  class OpenListener;

  void start();
  void run();
  void accept_all(SRTSOCKET port, const std::shared_ptr<Listener>& listener);
  static std::shared_ptr<HandshakeGate> gate_of(const std::shared_ptr<Listener>& listener);
  void close(SRTSOCKET listener);
  static int on_handshake(void* opaque, SRTSOCKET socket, int version, const sockaddr* peer,
                          const char* stream_id);

  Library library_;
  const int epoll_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::mutex mutex_;
  std::unordered_map<SRTSOCKET, LoopPort*> ports_;
  std::unordered_map<SRTSOCKET, std::shared_ptr<Listener>> listeners_;
};

}  // namespace millrace::srt
