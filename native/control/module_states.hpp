#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <typeindex>
#include <unordered_map>
#include <vector>

namespace millrace {

/// What a protocol module keeps once per engine, beside its sessions: a segment store, the mounts
/// of the HTTP server. Made on first use, destroyed with the engine after its loops. Objects in it
/// are thread-safe by themselves.
class ModuleStates {
 public:
  /// The one T of this engine. `T` is default-constructible, and may have a `stop()`. Any thread;
  /// look it up once, not per packet.
  template <typename T>
  T& get() {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<void>& state = states_[std::type_index(typeid(T))];
    if (state == nullptr) {
      auto made = std::make_shared<T>();
      if constexpr (requires(T & made_state) { made_state.stop(); }) {
        stops_.push_back([target = made.get()] { target->stop(); });
      }
      state = std::move(made);
    }
    return *static_cast<T*>(state.get());
  }

  /// Stops what has a `stop()`, the last made first: threads that a module has of its own. Called
  /// when no loop runs any more, before the loops are destroyed.
  void stop() {
    const std::lock_guard lock(mutex_);
    for (auto at = stops_.rbegin(); at != stops_.rend(); ++at) {
      (*at)();
    }
    stops_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> stops_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> states_;
};

}  // namespace millrace
