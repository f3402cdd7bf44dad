#include "protocols/hls/segment_store.hpp"

#include <cstdio>

namespace millrace::hls {

std::shared_ptr<StoredObject> make_object(BufferChain body, std::string_view content_type,
                                          int64_t modified_unix_s, uint64_t version) {
  auto object = std::make_shared<StoredObject>();
  std::array<char, 64> etag{};
  const int size = std::snprintf(etag.data(), etag.size(), "\"%llx-%zx-%llx\"",
                                 static_cast<unsigned long long>(modified_unix_s), body.size,
                                 static_cast<unsigned long long>(version));
  object->etag.assign(etag.data(), static_cast<size_t>(size));
  object->body = std::move(body);
  object->content_type = content_type;
  object->modified_unix_s = modified_unix_s;
  return object;
}

SegmentStore::Shard& SegmentStore::shard_of(std::string_view path) const {
  // Other bits than those that the map takes for its buckets.
  return shards_[Hash{}(path) >> 32 & (kShards - 1)];
}

StoredRef SegmentStore::find(std::string_view path) const {
  const Shard& shard = shard_of(path);
  const std::shared_lock lock(shard.mutex);
  const auto entry = shard.entries.find(path);
  return entry == shard.entries.end() ? nullptr : entry->second.object;
}

bool SegmentStore::put(std::string path, StoredRef object) {
  const size_t size = object->body.size;
  if (bytes_.fetch_add(size, std::memory_order_relaxed) + size > max_bytes_) {
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    return false;
  }
  std::vector<Entry> replaced;
  Shard& shard = shard_of(path);
  {
    const std::unique_lock lock(shard.mutex);
    auto& entry = shard.entries[std::move(path)];
    if (entry.object) {
      replaced.push_back(std::move(entry));
    }
    entry = {.object = std::move(object), .watches = {}};
  }
  objects_.fetch_add(1, std::memory_order_relaxed);
  let_go(replaced);
  return true;
}

void SegmentStore::retire(std::string_view path, Time at) {
  Shard& shard = shard_of(path);
  const std::unique_lock lock(shard.mutex);
  if (const auto entry = shard.entries.find(path); entry != shard.entries.end()) {
    entry->second.retired_at = at;
  }
}

void SegmentStore::remove(std::string_view path) {
  std::vector<Entry> removed;
  Shard& shard = shard_of(path);
  {
    const std::unique_lock lock(shard.mutex);
    if (const auto entry = shard.entries.find(path); entry != shard.entries.end()) {
      removed.push_back(std::move(entry->second));
      shard.entries.erase(entry);
    }
  }
  let_go(removed);
}

uint64_t SegmentStore::watch(std::string_view path, const StoredRef& seen,
                             std::function<void()> changed) {
  Shard& shard = shard_of(path);
  const std::unique_lock lock(shard.mutex);
  const auto entry = shard.entries.find(path);
  if (entry == shard.entries.end() || entry->second.object != seen) {
    return 0;
  }
  const uint64_t number = next_watch_.fetch_add(1, std::memory_order_relaxed);
  entry->second.watches.push_back({.number = number, .changed = std::move(changed)});
  return number;
}

void SegmentStore::unwatch(std::string_view path, uint64_t number) {
  Shard& shard = shard_of(path);
  const std::unique_lock lock(shard.mutex);
  if (const auto entry = shard.entries.find(path); entry != shard.entries.end()) {
    std::erase_if(entry->second.watches,
                  [number](const Watch& watch) { return watch.number == number; });
  }
}

void SegmentStore::sweep(Time now) {
  std::vector<Entry> removed;
  for (Shard& shard : shards_) {
    const std::unique_lock lock(shard.mutex);
    std::erase_if(shard.entries, [&removed, now](auto& entry) {
      if (entry.second.retired_at > now) {
        return false;
      }
      removed.push_back(std::move(entry.second));
      return true;
    });
  }
  let_go(removed);
}

void SegmentStore::let_go(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    bytes_.fetch_sub(entry.object->body.size, std::memory_order_relaxed);
    for (const Watch& watch : entry.watches) {
      watch.changed();
    }
  }
  objects_.fetch_sub(entries.size(), std::memory_order_relaxed);
}

}  // namespace millrace::hls
