#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

constexpr size_t kCacheLine = 64;

/// Begins to fetch what will be needed soon; it need not exist.
inline void fetch_to_cache(const void* from, size_t bytes) {
  for (size_t at = 0; at < bytes; at += kCacheLine) {
    __builtin_prefetch(static_cast<const uint8_t*>(from) + at);
  }
}

}  // namespace millrace
