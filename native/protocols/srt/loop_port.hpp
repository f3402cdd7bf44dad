#pragma once

#include <srt/srt.h>

#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/fd.hpp"
#include "io/loop.hpp"

namespace millrace::srt {

/// How the driver's thread tells one loop which of its sockets are ready: a list, and one wake-up
/// for each burst. One per loop, in its module states.
class LoopPort final : public Pollable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// @param events  SRT_EPOLL_IN, _OUT, _ERR. The owner may remove itself.
    virtual void on_socket_ready(int events) = 0;
  };

  LoopPort();
  ~LoopPort() override;
  LoopPort(const LoopPort&) = delete;
  LoopPort& operator=(const LoopPort&) = delete;

  /// On the loop, before anything else here; again has no effect.
  /// @return false when the loop has no descriptor left.
  [[nodiscard]] bool start(Loop& loop);
  void add(SRTSOCKET socket, Owner& owner) { owners_[socket] = &owner; }
  void remove(SRTSOCKET socket) { owners_.erase(socket); }

  /// Any thread.
  void notify(SRTSOCKET socket, int events);

  void on_ready(uint32_t events) override;

 private:
  using Ready = std::pair<SRTSOCKET, int>;

  Loop* loop_ = nullptr;
  Fd wakeup_;
  std::unordered_map<SRTSOCKET, Owner*> owners_;
  std::vector<Ready> taken_;
  std::mutex mutex_;
  std::vector<Ready> ready_;
};

}  // namespace millrace::srt
