#include "hub/directory.hpp"

#include <algorithm>

namespace millrace {

std::optional<Directory::Begun> Directory::begin_publish(const std::string& stream, LoopHub& hub) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[stream];
  if (entry.publisher != nullptr) {
    return std::nullopt;
  }
  entry.publisher = &hub;
  return Begun{++publications_, entry.mirrors, entry.last_dts};
}

void Directory::end_publish(const std::string& stream, LoopHub& hub, MediaTime last_dts) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(stream);
      found != entries_.end() && found->second.publisher == &hub) {
    found->second.publisher = nullptr;
    found->second.last_dts = last_dts;
    drop_if_unused(stream);
  }
}

bool Directory::is_published(const std::string& stream) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  return found != entries_.end() && found->second.publisher != nullptr;
}

LoopHub* Directory::publisher_of(const std::string& stream) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  return found != entries_.end() ? found->second.publisher : nullptr;
}

LoopHub* Directory::begin_mirror(const std::string& stream, Mirror mirror) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[stream];
  entry.mirrors.push_back(mirror);
  return entry.publisher;
}

LoopHub* Directory::end_mirror(const std::string& stream, Mirror mirror) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  if (found == entries_.end()) {
    return nullptr;
  }
  LoopHub* publisher = found->second.publisher;
  std::erase(found->second.mirrors, mirror);
  drop_if_unused(stream);
  return publisher;
}

bool Directory::has_mirror(const std::string& stream, Mirror mirror) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  return found != entries_.end() && std::ranges::count(found->second.mirrors, mirror) != 0;
}

void Directory::drop_if_unused(const std::string& stream) {
  if (const auto found = entries_.find(stream); found != entries_.end() && found->second.unused()) {
    entries_.erase(found);
  }
}

}  // namespace millrace
