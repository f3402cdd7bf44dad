#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/ring.hpp"

namespace millrace {

/// The bytes of one output form, in order, in pooled blocks. Positions count from the start of the
/// log and never wrap; readers hold one each and send straight from the blocks. One loop's own.
class ByteLog {
 public:
  static constexpr size_t kBlockBytes = size_t{64} << 10;

  explicit ByteLog(BlockPool& pool) : pool_(pool) {}
  ~ByteLog();
  ByteLog(const ByteLog&) = delete;
  ByteLog& operator=(const ByteLog&) = delete;

  [[nodiscard]] uint64_t begin() const { return begin_; }
  [[nodiscard]] uint64_t end() const { return end_; }

  void append(Bytes bytes);
  /// Forgets what lies before `position`; whole blocks go back to the pool.
  void trim(uint64_t position);
  /// Describes [from, to) for a gathered write, as far as `pieces` reach.
  /// @return number of pieces filled; their lengths may add up to less than to - from.
  size_t gather(uint64_t from, uint64_t to, std::span<iovec> pieces) const;
  /// Copies [from, to) to the end of `out`.
  template <typename Vector>
  void copy(uint64_t from, uint64_t to, Vector& out) const {
    while (from < to) {
      iovec piece{};
      (void)gather(from, to, {&piece, 1});
      const auto* start = static_cast<const uint8_t*>(piece.iov_base);
      out.insert(out.end(), start, start + piece.iov_len);
      from += piece.iov_len;
    }
  }

 private:
  BlockPool& pool_;
  Ring<uint8_t*> blocks_;
  uint64_t first_block_ = 0;  // position of blocks_.front()
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace millrace
