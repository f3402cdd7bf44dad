#pragma once

// For tests only: several loops, as an engine has them.

#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "hub/loop_hub.hpp"
#include "io/testing/loop_thread.hpp"

namespace millrace::testing {

/// Some loops with their hubs.
class Loops {
 protected:
  struct Worker {
    Worker(unsigned index, Directory& directory) : thread(index) {
      hub = thread.call([&] { return std::make_unique<LoopHub>(thread.loop(), directory); });
    }
    LoopThread thread;
    std::unique_ptr<LoopHub> hub;
  };

  /// A loop that stands still.
  class Halted {
   public:
    /// @param then  what the loop does first when it goes on.
    explicit Halted(
        Worker& worker, std::function<void()> then = [] {}) {
      worker.thread.loop().post([this, then = std::move(then), wait = go_on_.get_future().share()] {
        halted_.set_value();
        wait.wait();
        then();
      });
      halted_.get_future().wait();
    }
    void go_on() { go_on_.set_value(); }

   private:
    std::promise<void> halted_;
    std::promise<void> go_on_;
  };

  explicit Loops(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(i, directory_));
    }
  }
  ~Loops() {
    for (auto& worker : workers_) {
      worker->thread.finish_turn();
      worker->thread.stop();
    }
    for (auto& worker : workers_) {
      worker->thread.loop().discard();
      worker->hub->discard();
    }
    for (auto& worker : workers_) {
      worker->hub.reset();
    }
  }
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  template <typename Function>
  auto on(size_t worker, Function function) {
    return workers_[worker]->thread.call(function);
  }
  /// What is under way between the loops has arrived: a request, its answer, and what follows.
  void settle() {
    for (int round = 0; round < 3; ++round) {
      for (auto& worker : workers_) {
        worker->thread.finish_turn();
      }
    }
  }

  Directory directory_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace millrace::testing
