#include "io/loop.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace millrace {

namespace {

constexpr int kMaxEvents = 256;
// Larger than the usual burst of one publisher; one for the whole loop.
constexpr size_t kReadBufferBytes = size_t{256} << 10;

void block_sigpipe() {
  // A write to a closed socket must be an error of that call. OpenSSL's socket BIO uses write(),
  // which has no MSG_NOSIGNAL, so the signal is blocked for the thread.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Loop::Loop(unsigned index)
    : index_(index),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      now_(Clock::now()),
      read_buffer_(kReadBufferBytes) {
  if (!epoll_ || !wakeup_) {
    std::abort();  // Two descriptors at start: without them there is no server.
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
}

Loop::~Loop() { discard(); }

void Loop::discard() {
  pool_.bind_to_this_thread();
  // Moved out first: what is destroyed may look for itself here, or dispose of more.
  while (!tasks_.empty() || !disposed_.empty() || !kept_.empty()) {
    const auto tasks = std::exchange(tasks_, {});
    const auto kept = std::exchange(kept_, {});
    const auto disposed = std::exchange(disposed_, {});
  }
}

void Loop::drop(const void* object) {
  if (const auto found = kept_.find(object); found != kept_.end()) {
    disposed_.push_back(std::move(found->second));
    kept_.erase(found);
  }
}

void Loop::run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  pool_.bind_to_this_thread();
  block_sigpipe();
  while (!stopping_.load(std::memory_order_acquire)) {
    turn();
  }
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void Loop::post(Task task) {
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks_.push_back(std::move(task));
  }
  wake();
}

void Loop::wake() {
  if (!awake_.exchange(true, std::memory_order_acq_rel)) {
    const uint64_t one = 1;
    (void)!::write(wakeup_.get(), &one, sizeof one);
  }
}

bool Loop::watch(int fd, uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Loop::rewatch(int fd, uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0;
}

void Loop::unwatch(int fd, const Pollable& pollable) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (epoll_event& event : ready_) {
    if (event.data.ptr == &pollable) {
      event.data.ptr = nullptr;
    }
  }
}

void Loop::at_turn_end(TurnEnd& turn_end) {
  if (!turn_end.asked_) {
    turn_end.asked_ = true;
    turn_ends_.push_back(&turn_end);
  }
}

void Loop::forget_turn_end(TurnEnd& turn_end) {
  if (turn_end.asked_) {
    turn_end.asked_ = false;
    std::erase(turn_ends_, &turn_end);
    std::replace(turn_ends_running_.begin(), turn_ends_running_.end(), &turn_end,
                 static_cast<TurnEnd*>(nullptr));
  }
}

void Loop::run_tasks() {
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks_running_.swap(tasks_);
  }
  for (Task& task : tasks_running_) {
    task();
  }
  tasks_running_.clear();
}

void Loop::turn() {
  std::array<epoll_event, kMaxEvents> events;
  int timeout_ms = -1;
  if (!turn_ends_.empty() || !disposed_.empty()) {
    timeout_ms = 0;
  } else if (!timers_.empty()) {
    const auto wait = std::chrono::ceil<milliseconds>(timers_.next() - Clock::now()).count();
    timeout_ms = static_cast<int>(std::clamp<int64_t>(wait, 0, 60'000));
  }
  const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeout_ms);
  now_ = Clock::now();

  ready_ = std::span(events).first(static_cast<size_t>(std::max(count, 0)));
  const bool woken = std::ranges::any_of(
      ready_, [](const epoll_event& event) { return event.data.ptr == nullptr; });
  if (woken) {
    uint64_t value = 0;
    (void)!::read(wakeup_.get(), &value, sizeof value);
    // Before looking, and reading what senders wrote there: whoever found it true has sent before
    // this and is seen below; whoever sends later wakes the loop once more.
    awake_.exchange(false, std::memory_order_acq_rel);
    if (inbox_ != nullptr) {
      inbox_->collect();
    }
    run_tasks();
    if (inbox_ != nullptr) {
      inbox_->process();
    }
  }
  for (const epoll_event& event : ready_) {
    if (event.data.ptr != nullptr) {
      static_cast<Pollable*>(event.data.ptr)->on_ready(event.events);
    }
  }
  ready_ = {};
  timers_.run_due(now_);

  turn_ends_running_.swap(turn_ends_);
  for (size_t i = 0; i < turn_ends_running_.size(); ++i) {
    if (TurnEnd* turn_end = turn_ends_running_[i]; turn_end != nullptr) {
      turn_end->asked_ = false;
      turn_end->on_turn_end();
    }
  }
  turn_ends_running_.clear();

  while (!disposed_.empty()) {  // a destructor may dispose of more
    std::vector<std::shared_ptr<void>> dying;
    dying.swap(disposed_);
  }

  const auto busy = static_cast<uint64_t>((Clock::now() - now_).count());
  size_t length = 0;
  while (length < kTurnBounds.size() && busy > kTurnBounds[length] * uint64_t{1'000'000}) {
    ++length;
  }
  ++turns_by_length_[length];
  turns_.fetch_add(1, std::memory_order_relaxed);
  busy_ns_.fetch_add(busy, std::memory_order_relaxed);
  uint64_t longest = longest_turn_ns_.load(std::memory_order_relaxed);
  while (busy > longest &&
         !longest_turn_ns_.compare_exchange_weak(longest, busy, std::memory_order_relaxed)) {
  }
}

}  // namespace millrace
