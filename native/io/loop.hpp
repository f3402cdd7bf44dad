#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/block_pool.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "io/fd.hpp"
#include "io/timer.hpp"

namespace millrace {

/// Something that waits for a descriptor on a loop.
class Pollable {
 public:
  virtual ~Pollable() = default;
  /// @param events  EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, EPOLLRDHUP as they came.
  virtual void on_ready(uint32_t events) = 0;
};

/// Wants to be called once at the end of the turn in which it asked; how sends are coalesced.
class TurnEnd {
 public:
  virtual ~TurnEnd() = default;
  virtual void on_turn_end() = 0;

 private:
  friend class Loop;
  bool asked_ = false;
};

/// What other threads send a loop beside tasks, in two steps so that order is kept: whatever was
/// collected was sent after all tasks that were posted before it, and those run in between.
class Inbox {
 public:
  virtual ~Inbox() = default;
  virtual void collect() = 0;
  virtual void process() = 0;
};

/// One thread's event loop: epoll, timers, tasks from other threads. Everything of a session runs
/// on the loop that accepted it; nothing here takes a lock except post().
///
/// A turn: wait; collect the inbox; run tasks; process the inbox; ready descriptors; due timers;
/// turn ends; then the objects handed to `dispose` are destroyed. So no object dies under its own
/// feet.
class Loop {
 public:
  explicit Loop(unsigned index);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs turns on the calling thread until stop().
  void run();
  /// Any thread. The turn under way is finished.
  void stop();
  /// Any thread. Runs `task` on the loop, in order of posting. Tasks of a stopped loop are
  /// destroyed unrun when the loop is.
  void post(Task task);
  /// Destroys what still waits (tasks, disposed objects), after the thread has ended. For an engine
  /// whose loops hold each other's frames: all discard before the first is destroyed.
  void discard();
  /// Any thread. Makes the next turn begin now. Costs a system call only when the loop may sleep.
  void wake();

  [[nodiscard]] unsigned index() const { return index_; }
  /// Time at the start of the turn; what one turn does happens at one time.
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] BlockPool& pool() { return pool_; }
  /// Scratch for reads; its content is gone with the next read of any session.
  [[nodiscard]] std::span<uint8_t> read_buffer() { return read_buffer_; }
  void assert_here() const {
    assert(thread_.load(std::memory_order_relaxed) == std::this_thread::get_id());
  }

  /// @return false when the kernel refuses (descriptor limit, bad descriptor); errno says why.
  [[nodiscard]] bool watch(int fd, uint32_t events, Pollable& pollable);
  bool rewatch(int fd, uint32_t events, Pollable& pollable);
  /// Takes back watch(), for the turn under way too: the pollable may be destroyed right after.
  void unwatch(int fd, const Pollable& pollable);

  void arm(Timer& timer, Time at) { timers_.arm(timer, at); }
  void arm_in(Timer& timer, Duration in) { timers_.arm(timer, now_ + in); }
  void at_turn_end(TurnEnd& turn_end);
  /// Forgets a wish to be called; for destructors.
  void forget_turn_end(TurnEnd& turn_end);
  /// Destroys `object` at the end of the turn.
  template <typename T>
  void dispose(std::unique_ptr<T> object) {
    disposed_.push_back(std::shared_ptr<T>(std::move(object)));
  }
  /// Owns `object` until drop(); for what outlives the session that made it.
  template <typename T>
  void keep(std::unique_ptr<T> object) {
    T* key = object.get();
    kept_.emplace(key, std::move(object));
  }
  /// Destroys a kept object at the end of the turn.
  void drop(const void* object);
  void set_inbox(Inbox* inbox) { inbox_ = inbox; }

  /// Upper bounds in milliseconds of the classes in which turns are counted by their length; the
  /// last class has none.
  static constexpr std::array<unsigned, 8> kTurnBounds{1, 5, 10, 25, 50, 100, 250, 1000};
  using TurnCounts = std::array<uint64_t, kTurnBounds.size() + 1>;
  /// On the loop.
  [[nodiscard]] const TurnCounts& turns_by_length() const { return turns_by_length_; }

  /// For health metrics; any thread.
  [[nodiscard]] uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t busy_ns() const { return busy_ns_.load(std::memory_order_relaxed); }
  /// Longest turn since the last call, nanoseconds.
  [[nodiscard]] uint64_t take_longest_turn_ns() {
    return longest_turn_ns_.exchange(0, std::memory_order_relaxed);
  }

 private:
  void turn();
  void run_tasks();

  const unsigned index_;
  Fd epoll_;
  Fd wakeup_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> awake_{false};  // a wake-up is on its way or not needed
  std::atomic<std::thread::id> thread_{};
  Time now_;
  BlockPool pool_;
  std::vector<uint8_t> read_buffer_;
  TimerQueue timers_;
  std::span<epoll_event> ready_;  // of the turn under way
  Inbox* inbox_ = nullptr;
  std::vector<TurnEnd*> turn_ends_;
  std::vector<TurnEnd*> turn_ends_running_;
  std::vector<std::shared_ptr<void>> disposed_;
  std::unordered_map<const void*, std::shared_ptr<void>> kept_;
  std::mutex tasks_mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> tasks_running_;
  TurnCounts turns_by_length_{};
  std::atomic<uint64_t> turns_{0};
  std::atomic<uint64_t> busy_ns_{0};
  std::atomic<uint64_t> longest_turn_ns_{0};
};

}  // namespace millrace
