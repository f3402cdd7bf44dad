#include "protocols/hls/session_table.hpp"

#include <algorithm>

#include "protocols/hls/random_name.hpp"

namespace millrace::hls {
namespace {

constexpr size_t kIdBytes = 8;
constexpr size_t kMaxIdBytes = 64;
// An admission that nobody answers must not block the id for a long window.
constexpr Duration kAdmissionLimit = std::chrono::seconds(30);

}  // namespace

// No valid id when there is no randomness: the request is refused.
std::string SessionTable::new_id() { return random_name(kIdBytes); }

bool SessionTable::is_valid_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

SessionTable::Shard& SessionTable::shard_of(std::string_view id) const {
  return shards_[Hash{}(id) >> 32 & (kShards - 1)];
}

SessionState SessionTable::find_or_begin(std::string_view id, std::string_view path,
                                         Duration idle_limit, Time now) {
  if (!is_valid_id(id)) {
    return SessionState::kInvalid;
  }
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.entries.find(id); found != shard.entries.end()) {
    Entry& entry = found->second;
    if (entry.path != path) {
      return SessionState::kOtherStream;
    }
    if (entry.state != SessionState::kAdmitting) {
      entry.last_seen = now;
    }
    return entry.state;
  }
  if (size_.fetch_add(1, std::memory_order_relaxed) >= max_sessions_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return SessionState::kTooMany;
  }
  shard.entries.emplace(
      id, Entry{.path = std::string(path), .idle_limit = idle_limit, .last_seen = now});
  return SessionState::kNew;
}

void SessionTable::admit(std::string_view id) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(id);
  // Not when it was kicked meanwhile.
  if (found != shard.entries.end() && found->second.state == SessionState::kAdmitting) {
    found->second.state = SessionState::kAdmitted;
  }
}

void SessionTable::refuse(std::string_view id) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.entries.find(id); found != shard.entries.end()) {
    shard.entries.erase(found);
    size_.fetch_sub(1, std::memory_order_relaxed);
  }
}

bool SessionTable::kick(std::string_view id) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(id);
  if (found == shard.entries.end() || found->second.state == SessionState::kEnded) {
    return false;
  }
  found->second.state = SessionState::kEnded;
  return true;
}

void SessionTable::add_bytes(std::string_view id, size_t bytes) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.entries.find(id); found != shard.entries.end()) {
    found->second.bytes += bytes;
  }
}

uint64_t SessionTable::bytes_of(std::string_view id) const {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(id);
  return found != shard.entries.end() ? found->second.bytes : 0;
}

std::vector<SessionTable::Session> SessionTable::sweep(Time now) {
  std::vector<Session> ended;
  size_t dropped = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    dropped += std::erase_if(shard.entries, [&ended, now](auto& item) {
      auto& [id, entry] = item;
      const Duration limit =
          entry.state == SessionState::kAdmitting ? kAdmissionLimit : entry.idle_limit;
      if (now - entry.last_seen < limit) {
        return false;
      }
      if (entry.state == SessionState::kAdmitted) {
        ended.push_back({.id = id, .path = std::move(entry.path), .bytes = entry.bytes});
      }
      return true;
    });
  }
  size_.fetch_sub(dropped, std::memory_order_relaxed);
  return ended;
}

std::vector<SessionTable::Session> SessionTable::list() const {
  std::vector<Session> sessions;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [id, entry] : shard.entries) {
      if (entry.state == SessionState::kAdmitted) {
        sessions.push_back({.id = id, .path = entry.path, .bytes = entry.bytes});
      }
    }
  }
  return sessions;
}

}  // namespace millrace::hls
