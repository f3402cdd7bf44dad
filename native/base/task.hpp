#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace millrace {

/// A call to be made once, later, perhaps on another thread. Move-only, unlike std::function, so it
/// may carry unique owners.
class Task {
 public:
  Task() = default;
  template <typename Callable>
    requires(!std::is_same_v<std::decay_t<Callable>, Task>)
  Task(Callable&&
           callable)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : call_(std::make_unique<Holder<std::decay_t<Callable>>>(std::forward<Callable>(callable))) {}

  void operator()() { call_->run(); }
  explicit operator bool() const { return call_ != nullptr; }

 private:
  struct Call {
    virtual ~Call() = default;
    virtual void run() = 0;
  };
  template <typename Callable>
  struct Holder final : Call {
    explicit Holder(Callable callable) : callable_(std::move(callable)) {}
    void run() override { callable_(); }
    Callable callable_;
  };
  std::unique_ptr<Call> call_;
};

}  // namespace millrace
