#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/ref.hpp"

namespace millrace {

/// Bytes that are shared between threads: written once by the one who made them, immutable from the
/// moment the first other reference exists. Held by `BufferRef`; lives in a BlockPool or on the
/// heap.
class Buffer {
 public:
  /// Room for `size` bytes on the heap; for rare things (headers, playlists, segments).
  static Ref<Buffer> make(size_t size) {
    void* memory = ::operator new(sizeof(Buffer) + size);
    return Ref<Buffer>::adopt(new (memory) Buffer(size, Home::kHeap));
  }
  /// Room for `size` bytes from a pool; for what is made per packet. Pool's owner thread only.
  static Ref<Buffer> make(BlockPool& pool, size_t size) {
    return Ref<Buffer>::adopt(new (pool.take(sizeof(Buffer) + size)) Buffer(size, Home::kPool));
  }
  static Ref<const Buffer> copy_of(Bytes bytes) {
    auto buffer = make(bytes.size());
    if (!bytes.empty()) {
      std::memcpy(buffer->data(), bytes.data(), bytes.size());
    }
    return buffer;
  }
  static Ref<const Buffer> copy_of(std::string_view text) {
    return copy_of(Bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  /// Only while the writer holds the single reference.
  [[nodiscard]] uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  [[nodiscard]] Bytes bytes() const { return {data(), size_}; }
  /// Cuts the end off, before the buffer is shared.
  void shrink(size_t size) {
    assert(size <= size_);
    size_ = size;
  }

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      auto* self = const_cast<Buffer*>(this);
      const Home home = home_;
      self->~Buffer();
      if (home == Home::kPool) {
        BlockPool::give_back(self);
      } else {
        ::operator delete(self);
      }
    }
  }

 private:
  enum class Home : uint8_t { kHeap, kPool };
  Buffer(size_t size, Home home) : size_(size), home_(home) {}
  ~Buffer() = default;

  mutable std::atomic<uint32_t> references_{1};
  size_t size_;
  Home home_;
};

using BufferRef = Ref<const Buffer>;

}  // namespace millrace
