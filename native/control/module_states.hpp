#pragma once

#include <memory>
#include <mutex>
#include <typeindex>
#include <unordered_map>

namespace millrace {

/// What a protocol module keeps once per engine, beside its sessions: a segment store, the mounts of the
/// HTTP server. Made on first use, destroyed with the engine after its loops. Objects in it are
/// thread-safe by themselves.
class ModuleStates {
 public:
  /// The one T of this engine. `T` is default-constructible. Any thread; look it up once, not per packet.
  template <typename T>
  T& get() {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<void>& state = states_[std::type_index(typeid(T))];
    if (state == nullptr) {
      state = std::make_shared<T>();
    }
    return *static_cast<T*>(state.get());
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> states_;
};

}  // namespace millrace
