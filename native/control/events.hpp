#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "control/value.hpp"

namespace millrace {

/// What the control plane is told, from all loops, in one queue: whoever puts the first event into
/// an empty queue wakes the reader, who then takes all there are. One wake-up for each burst.
///
/// Bounded by what causes the events: a session has at most a request and its end in it, and
/// repeated faults are counted per second before they come here.
class EventQueue {
 public:
  /// @param wake  called on the sending thread, never twice before a take().
  explicit EventQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Any thread. `event` has a field "type".
  void send(Fields event) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = events_.empty();
      events_.push_back(std::move(event));
    }
    if (first) {
      wake_();
    }
  }
  /// The reader's thread.
  std::vector<Fields> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Fields> events_;
};

}  // namespace millrace
