#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/clock.hpp"

namespace millrace {

class TimerQueue;

/// One deadline. Lives in the object whose deadline it is and disarms itself when that goes.
/// A deadline that moves with every packet is better checked lazily: let it fire, look at the time
/// of the last packet, arm it again.
class Timer {
 public:
  explicit Timer(std::function<void()> on_expire) : on_expire_(std::move(on_expire)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const { return queue_ != nullptr; }
  void disarm();

 private:
  friend class TimerQueue;
  std::function<void()> on_expire_;
  TimerQueue* queue_ = nullptr;
  size_t index_ = 0;
  Time at_;
};

/// The timers of one loop: a binary heap of borrowed timers that know their place in it, so arming
/// again and disarming cost log n and no allocation.
class TimerQueue {
 public:
  TimerQueue() = default;
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Arms, or moves when armed already.
  void arm(Timer& timer, Time at);
  void disarm(Timer& timer);
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Time next() const { return heap_.front()->at_; }
  /// Runs what is due at `now`. Timers armed meanwhile for `now` or before run in the next call.
  void run_due(Time now);

 private:
  void sift_up(size_t index);
  void sift_down(size_t index);
  void place(size_t index, Timer* timer);

  std::vector<Timer*> heap_;
};

}  // namespace millrace
