#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace {

/// Memory for frames and rendition blocks that is taken again and again without malloc.
///
/// One thread, the owner, takes blocks; any thread gives them back. A block given back by the owner
/// goes to a plain free list; one from another thread goes to a lock-free stack which the owner
/// empties when its own list runs dry. Sizes are rounded up to classes of four per doubling, from
/// 256 bytes to 4 MiB; larger ones come from malloc. At most `max_free_bytes` are kept unused, and
/// what a whole interval did not need goes with trim().
///
/// The pool must outlive its blocks: the engine frees its pools after its loops have been joined.
class BlockPool {
 public:
  explicit BlockPool(size_t max_free_bytes = size_t{1} << 30);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// Owner thread only. At least `size` bytes, aligned for any type; never null (the process ends
  /// when the machine has no memory, as everywhere in C++).
  [[nodiscard]] void* take(size_t size);

  /// Gives back what take() returned, from any thread. `pool` is found in the block's header.
  static void give_back(void* block);

  /// Room behind the pointer, at least what was asked for.
  [[nodiscard]] static size_t capacity(const void* block);

  /// Binds the pool to the calling thread. Called once by the thread that will take blocks.
  void bind_to_this_thread();

  /// Frees half of what nobody needed since the last call; to be called every few seconds by the
  /// owner. Free blocks come and go with the rhythm of GOPs, so only the least there was at any
  /// time is surplus.
  void trim();

  /// Frees what nobody needed since the last call beyond `keep_bytes`: what a burst has left behind
  /// goes back to the system soon. To be called every few seconds by the owner.
  void shed(size_t keep_bytes);

  /// Bytes that lie unused in the free lists; owner thread only.
  [[nodiscard]] size_t free_bytes() const { return free_bytes_; }
  /// Blocks out at present.
  [[nodiscard]] int64_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }
  /// How often malloc was needed since the start: does not grow in steady state. Owner thread only.
  [[nodiscard]] uint64_t misses() const { return misses_; }

  struct Header;
  static constexpr size_t kClasses = 14 * 4 + 1;

 private:
  void keep_or_free(Header* header);
  void free_up_to(size_t surplus_bytes);
  void drain_returned();

  std::array<Header*, kClasses> free_{};
  std::atomic<Header*> returned_{nullptr};
  std::atomic<int64_t> outstanding_{0};
  std::atomic<uintptr_t> owner_{0};
  size_t free_bytes_ = 0;
  size_t low_water_bytes_ = 0;   // least free_bytes_ since the last trim()
  size_t shed_water_bytes_ = 0;  // least free_bytes_ since the last shed()
  uint64_t misses_ = 0;
  const size_t max_free_bytes_;
};

}  // namespace millrace
