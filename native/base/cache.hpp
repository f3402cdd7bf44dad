#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

constexpr size_t kCacheLine = 64;

/// Begins to fetch what will be needed soon; it need not exist.
inline void fetch_to_cache(const void* from, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(from);
  for (uintptr_t at = begin & ~uintptr_t{kCacheLine - 1}; at < begin + bytes; at += kCacheLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(at));  // NOLINT(performance-no-int-to-ptr)
  }
}

}  // namespace millrace
