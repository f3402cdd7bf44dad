#include "io/timer.hpp"

#include <cassert>

namespace millrace {

Timer::~Timer() { disarm(); }

void Timer::disarm() {
  if (queue_ != nullptr) {
    queue_->disarm(*this);
  }
}

TimerQueue::~TimerQueue() {
  for (Timer* timer : heap_) {
    timer->queue_ = nullptr;
  }
}

void TimerQueue::place(size_t index, Timer* timer) {
  heap_[index] = timer;
  timer->index_ = index;
}

void TimerQueue::sift_up(size_t index) {
  Timer* timer = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (heap_[parent]->at_ <= timer->at_) {
      break;
    }
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, timer);
}

void TimerQueue::sift_down(size_t index) {
  Timer* timer = heap_[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) {
      break;
    }
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) {
      ++child;
    }
    if (timer->at_ <= heap_[child]->at_) {
      break;
    }
    place(index, heap_[child]);
    index = child;
  }
  place(index, timer);
}

void TimerQueue::arm(Timer& timer, Time at) {
  if (timer.queue_ == nullptr) {
    timer.queue_ = this;
    timer.at_ = at;
    heap_.push_back(&timer);
    timer.index_ = heap_.size() - 1;
    sift_up(timer.index_);
    return;
  }
  assert(timer.queue_ == this);
  timer.at_ = at;
  sift_up(timer.index_);
  sift_down(timer.index_);
}

void TimerQueue::disarm(Timer& timer) {
  if (timer.queue_ == nullptr) {
    return;
  }
  timer.queue_ = nullptr;
  const size_t index = timer.index_;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last != &timer) {
    place(index, last);
    sift_up(index);
    sift_down(last->index_);
  }
}

void TimerQueue::run_due(Time now) {
  // Bounded by what is armed now, so a timer that arms itself for the past cannot hold the loop.
  for (size_t budget = heap_.size(); budget > 0 && !heap_.empty(); --budget) {
    Timer* timer = heap_.front();
    if (timer->at_ > now) {
      return;
    }
    disarm(*timer);
    timer->on_expire_();
  }
}

}  // namespace millrace
