#pragma once

// For tests only: an engine, and the thread of its control plane.

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace millrace::testing {

/// An engine whose events are answered on a thread of its own, and kept.
class ControlledEngine {
 public:
  using Answer = std::function<void(Engine&, const Fields& event)>;

  /// @param answer  is shown every event.
  ControlledEngine(const Fields& options, Answer answer)
      : answer_(std::move(answer)), engine_(options, [this] { wake(); }) {
    control_ = std::thread([this] { control(); });
  }
  ~ControlledEngine() {
    engine_.stop();
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    control_.join();
  }
  ControlledEngine(const ControlledEngine&) = delete;
  ControlledEngine& operator=(const ControlledEngine&) = delete;

  [[nodiscard]] Engine& engine() { return engine_; }
  /// Waits until so many events fit and have been answered; those before count too. @return false
  /// after 10 s.
  bool await(const std::function<bool(const Fields&)>& fits, size_t count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] {
      return static_cast<size_t>(std::ranges::count_if(seen_, fits)) >= count;
    });
  }
  bool await(const std::string& type, size_t count = 1) {
    return await([&type](const Fields& event) { return event.text("type") == type; }, count);
  }
  /// All events of a type so far.
  std::vector<Fields> events(const std::string& type) {
    const std::lock_guard lock(mutex_);
    std::vector<Fields> found;
    std::ranges::copy_if(seen_, std::back_inserter(found),
                         [&](const Fields& event) { return event.text("type") == type; });
    return found;
  }

 private:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  void control() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return woken_ || stopped_; });
      if (!woken_) {
        return;
      }
      woken_ = false;
      lock.unlock();
      const auto events = engine_.take_events();
      for (const Fields& event : events) {
        answer_(engine_, event);
      }
      lock.lock();
      seen_.insert(seen_.end(), events.begin(), events.end());
      changed_.notify_all();
    }
  }

  const Answer answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopped_ = false;
  std::vector<Fields> seen_;
  Engine engine_;
  std::thread control_;
};

}  // namespace millrace::testing
