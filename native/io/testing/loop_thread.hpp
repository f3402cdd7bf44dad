#pragma once

// For tests only: a loop on a thread of its own, and calls into it.

#include <future>
#include <thread>
#include <type_traits>
#include <utility>

#include "io/loop.hpp"

namespace millrace::testing {

/// Runs a loop on its own thread from construction to stop().
class LoopThread {
 public:
  explicit LoopThread(unsigned index = 0) : loop_(index), thread_([this] { loop_.run(); }) {}
  ~LoopThread() { stop(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }

  /// Calls `function` on the loop and waits for its result.
  template <typename Function>
  std::invoke_result_t<Function> call(Function function) {
    std::promise<std::invoke_result_t<Function>> result;
    auto future = result.get_future();
    loop_.post([&function, &result] {
      if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
        function();
        result.set_value();
      } else {
        result.set_value(function());
      }
    });
    return future.get();
  }

  /// Returns when the turn in which the last call ran has ended, with its turn ends and
  /// destructions.
  void finish_turn() {
    call([] {});
  }

  /// Joins the thread. Tasks that were not run stay in the loop.
  void stop() {
    if (thread_.joinable()) {
      loop_.stop();
      thread_.join();
    }
  }

 private:
  Loop loop_;
  std::thread thread_;
};

}  // namespace millrace::testing
