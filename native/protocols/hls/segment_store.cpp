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
  StoredRef replaced;  // freed outside of the lock
  const size_t size = object->body.size;
  if (bytes_.fetch_add(size, std::memory_order_relaxed) + size > max_bytes_) {
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    return false;
  }
  Shard& shard = shard_of(path);
  {
    const std::unique_lock lock(shard.mutex);
    auto& entry = shard.entries[std::move(path)];
    replaced = std::exchange(entry.object, std::move(object));
    entry.retired_at = Time::max();
  }
  if (replaced) {
    bytes_.fetch_sub(replaced->body.size, std::memory_order_relaxed);
  } else {
    objects_.fetch_add(1, std::memory_order_relaxed);
  }
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
  StoredRef removed;
  Shard& shard = shard_of(path);
  {
    const std::unique_lock lock(shard.mutex);
    const auto entry = shard.entries.find(path);
    if (entry == shard.entries.end()) {
      return;
    }
    removed = std::move(entry->second.object);
    shard.entries.erase(entry);
  }
  bytes_.fetch_sub(removed->body.size, std::memory_order_relaxed);
  objects_.fetch_sub(1, std::memory_order_relaxed);
}

void SegmentStore::sweep(Time now) {
  std::vector<StoredRef> removed;
  for (Shard& shard : shards_) {
    const std::unique_lock lock(shard.mutex);
    std::erase_if(shard.entries, [&removed, now](auto& entry) {
      if (entry.second.retired_at > now) {
        return false;
      }
      removed.push_back(std::move(entry.second.object));
      return true;
    });
  }
  for (const auto& object : removed) {
    bytes_.fetch_sub(object->body.size, std::memory_order_relaxed);
  }
  objects_.fetch_sub(removed.size(), std::memory_order_relaxed);
}

}  // namespace millrace::hls
