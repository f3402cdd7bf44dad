#include "protocols/srt/loop_port.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

namespace millrace::srt {

LoopPort::LoopPort() : wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

LoopPort::~LoopPort() = default;

bool LoopPort::start(Loop& loop) {
  if (loop_ == nullptr && wakeup_ && loop.watch(wakeup_.get(), EPOLLIN, *this)) {
    loop_ = &loop;
  }
  return loop_ != nullptr;
}

void LoopPort::notify(SRTSOCKET socket, int events) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = ready_.empty();
    ready_.emplace_back(socket, events);
  }
  if (first) {
    const uint64_t one = 1;
    (void)!::write(wakeup_.get(), &one, sizeof one);
  }
}

void LoopPort::on_ready(uint32_t /*events*/) {
  uint64_t count = 0;
  (void)!::read(wakeup_.get(), &count, sizeof count);
  taken_.clear();
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(ready_);
  }
  for (const auto& [socket, events] : taken_) {
    // An owner may have gone by what one before it did.
    if (const auto at = owners_.find(socket); at != owners_.end()) {
      at->second->on_socket_ready(events);
    }
  }
}

}  // namespace millrace::srt
