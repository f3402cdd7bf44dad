#include "protocols/hls/egress_registry.hpp"

#include <utility>

namespace millrace::hls {
namespace {

constexpr Duration kMemoryWithoutDispose = std::chrono::minutes(2);

enum class End : uint8_t { kNotYet, kDispose, kForget };

End end_of(const Options& options, Duration idle) {
  if (options.dispose > std::chrono::seconds(0)) {
    return idle >= options.dispose ? End::kDispose : End::kNotYet;
  }
  return !options.memory_only && idle >= kMemoryWithoutDispose ? End::kForget : End::kNotYet;
}

}  // namespace

Result<std::unique_ptr<Egress>> EgressRegistry::take(const std::string& stream_key,
                                                     const Options& options, const StreamName& name,
                                                     const std::string& url_root) {
  std::unique_ptr<Egress> egress;
  {
    const std::lock_guard lock(mutex_);
    const auto [slot, added] = slots_.try_emplace(stream_key);
    if (!added && !slot->second.egress) {
      return ErrorCode::kStreamBusy;
    }
    egress = std::move(slot->second.egress);
  }
  if (egress && egress->options() == options) {
    return egress;
  }
  auto made = Egress::make(options, name, url_root, services_);
  if (egress) {
    if (made.ok()) {
      (*made)->continue_from(egress->next_sequence());
    }
    egress->dispose();
  }
  if (!made.ok()) {
    const std::lock_guard lock(mutex_);
    slots_.erase(stream_key);
  }
  return made;
}

void EgressRegistry::give_back(const std::string& stream_key, std::unique_ptr<Egress> egress) {
  const std::lock_guard lock(mutex_);
  slots_[stream_key] = {.egress = std::move(egress), .idle_since = services_.now()};
}

void EgressRegistry::sweep(Time now) {
  const std::lock_guard lock(mutex_);
  // Within the lock: a publisher that comes now must find all removals asked for before its own
  // files.
  std::erase_if(slots_, [now](const auto& entry) {
    const auto& [egress, idle_since] = entry.second;
    const End end = egress ? end_of(egress->options(), now - idle_since) : End::kNotYet;
    if (end == End::kDispose) {
      egress->dispose();
    } else if (end == End::kForget) {
      egress->forget();
    }
    return end != End::kNotYet;
  });
}

void EgressRegistry::dispose_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, slot] : slots_) {
    if (slot.egress && slot.egress->options().dispose > std::chrono::seconds(0)) {
      slot.egress->dispose();
    }
  }
  slots_.clear();
}

size_t EgressRegistry::idle_streams() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [key, slot] : slots_) {
    count += slot.egress ? 1 : 0;
  }
  return count;
}

}  // namespace millrace::hls
