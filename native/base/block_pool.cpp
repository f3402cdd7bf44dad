#include "base/block_pool.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <new>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace millrace {

struct alignas(std::max_align_t) BlockPool::Header {
  BlockPool* pool;
  Header* next;
  uint32_t size_class;
  size_t capacity;
};

namespace {

constexpr size_t kSmallest = 256;
constexpr uint32_t kOversized = BlockPool::kClasses;
// So much freed at once is worth a walk over malloc's free lists.
constexpr size_t kReturnToSystemBytes = size_t{4} << 20;

/// malloc keeps what is freed below the top of its heaps, which after a burst is nearly all of it.
void return_to_system() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

/// Class whose size is the least of 2^k * {4, 5, 6, 7} / 4 that holds `size`.
uint32_t class_of(size_t size) {
  if (size <= kSmallest) {
    return 0;
  }
  const auto doubling = static_cast<uint32_t>(std::bit_width(size - 1)) - 1;  // 2^doubling < size
  const size_t quarter = size_t{1} << (doubling - 2);
  const size_t steps = (size - (size_t{1} << doubling) + quarter - 1) / quarter;
  const auto index = (doubling - 8) * 4 + static_cast<uint32_t>(steps);
  return index < kOversized ? index : kOversized;
}

size_t class_size(uint32_t index) {
  const size_t base = kSmallest << (index / 4);
  return base + base / 4 * (index % 4);
}

/// A different address in each thread.
uintptr_t this_thread() {
  static thread_local char mark;
  return reinterpret_cast<uintptr_t>(&mark);
}

void* payload(BlockPool::Header* header) { return header + 1; }
BlockPool::Header* header_of(void* block) { return static_cast<BlockPool::Header*>(block) - 1; }

}  // namespace

BlockPool::BlockPool(size_t max_free_bytes) : max_free_bytes_(max_free_bytes) {
  bind_to_this_thread();
}

BlockPool::~BlockPool() {
  bind_to_this_thread();
  drain_returned();
  assert(outstanding() == 0);
  for (Header* list : free_) {
    while (list != nullptr) {
      Header* next = list->next;
      std::free(list);
      list = next;
    }
  }
}

void BlockPool::bind_to_this_thread() { owner_.store(this_thread(), std::memory_order_relaxed); }

void* BlockPool::take(size_t size) {
  assert(owner_.load(std::memory_order_relaxed) == this_thread());
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  const uint32_t index = class_of(size);
  if (index != kOversized) {
    if (free_[index] == nullptr) {
      drain_returned();
    }
    if (Header* header = free_[index]; header != nullptr) {
      free_[index] = header->next;
      // Of many streams the free blocks have long left the caches: the next one is fetched while
      // this one is filled, instead of being waited for.
      __builtin_prefetch(header->next, 1);
      free_bytes_ -= header->capacity;
      low_water_bytes_ = std::min(low_water_bytes_, free_bytes_);
      shed_water_bytes_ = std::min(shed_water_bytes_, free_bytes_);
      return payload(header);
    }
  }
  ++misses_;
  const size_t capacity = index == kOversized ? size : class_size(index);
  void* memory = std::malloc(sizeof(Header) + capacity);
  if (memory == nullptr) {
    std::abort();  // As operator new would without exceptions: there is nothing left to serve with.
  }
  return payload(new (memory) Header{this, nullptr, index, capacity});
}

void BlockPool::give_back(void* block) {
  Header* header = header_of(block);
  BlockPool* pool = header->pool;
  if (pool->owner_.load(std::memory_order_relaxed) == this_thread()) {
    pool->outstanding_.fetch_sub(1, std::memory_order_relaxed);
    pool->keep_or_free(header);
    return;
  }
  Header* top = pool->returned_.load(std::memory_order_relaxed);
  do {
    header->next = top;
  } while (!pool->returned_.compare_exchange_weak(top, header, std::memory_order_release,
                                                  std::memory_order_relaxed));
}

size_t BlockPool::capacity(const void* block) {
  return (static_cast<const Header*>(block) - 1)->capacity;
}

void BlockPool::keep_or_free(Header* header) {
  if (header->size_class == kOversized || free_bytes_ + header->capacity > max_free_bytes_) {
    std::free(header);
    return;
  }
  header->next = free_[header->size_class];
  free_[header->size_class] = header;
  free_bytes_ += header->capacity;
}

void BlockPool::trim() {
  drain_returned();
  free_up_to(low_water_bytes_ / 2);
  low_water_bytes_ = free_bytes_;
}

void BlockPool::shed(size_t keep_bytes) {
  drain_returned();
  if (shed_water_bytes_ > keep_bytes) {
    free_up_to(shed_water_bytes_ - keep_bytes);
    low_water_bytes_ = std::min(low_water_bytes_, free_bytes_);
  }
  shed_water_bytes_ = free_bytes_;
}

void BlockPool::free_up_to(size_t surplus_bytes) {
  size_t left = surplus_bytes;
  for (size_t index = kClasses; index > 0 && left > 0; --index) {
    Header*& list = free_[index - 1];
    while (list != nullptr && list->capacity <= left) {
      Header* header = list;
      list = header->next;
      left -= header->capacity;
      free_bytes_ -= header->capacity;
      std::free(header);
    }
  }
  if (surplus_bytes - left >= kReturnToSystemBytes) {
    return_to_system();
  }
}

void BlockPool::drain_returned() {
  // The owner takes the whole stack at once, so no other thread can pop and ABA cannot happen.
  Header* list = returned_.exchange(nullptr, std::memory_order_acquire);
  while (list != nullptr) {
    Header* next = list->next;
    outstanding_.fetch_sub(1, std::memory_order_relaxed);
    keep_or_free(list);
    list = next;
  }
}

}  // namespace millrace
