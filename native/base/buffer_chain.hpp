#pragma once

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/buffer.hpp"
#include "base/byte_sink.hpp"

namespace millrace {

/// Immutable bytes in several buffers, in order: a body too long for one piece of memory. Copying
/// it shares the buffers. Sent with a gathered write.
struct BufferChain {
  std::vector<BufferRef> parts;
  size_t size = 0;  // bytes in all parts

  void add(BufferRef part) {
    size += part->size();
    parts.push_back(std::move(part));
  }
};

/// Writes into blocks of one size, so that a body of unknown length grows without being moved.
class ChainSink : public ByteSink {
 public:
  /// @param block_bytes  a multiple of what is asked for at a time leaves no gap at a block's end.
  explicit ChainSink(size_t block_bytes) : block_bytes_(block_bytes) {}

  std::span<uint8_t> room(size_t at_least) override {
    if (!block_ || block_->size() - used_ < at_least) {
      end_block();
      block_ = Buffer::make(std::max(block_bytes_, at_least));
    }
    return {block_->data() + used_, block_->size() - used_};
  }
  void commit(size_t size) override {
    used_ += size;
    written_ += size;
  }

  /// Bytes committed since the last take().
  [[nodiscard]] size_t written() const { return written_; }

  /// Hands out everything written and starts anew. The last block is copied to its size, so that a
  /// body that is kept does not pin the room it did not need.
  [[nodiscard]] BufferChain take() {
    if (block_ && used_ > 0) {
      chain_.add(Buffer::copy_of(Bytes(block_->data(), used_)));
      used_ = 0;
    }
    written_ = 0;
    return std::exchange(chain_, {});
  }

 private:
  void end_block() {
    if (block_ && used_ > 0) {
      block_->shrink(used_);
      chain_.add(std::move(block_));
    }
    block_ = nullptr;
    used_ = 0;
  }

  const size_t block_bytes_;
  Ref<Buffer> block_;
  size_t used_ = 0;
  size_t written_ = 0;
  BufferChain chain_;
};

}  // namespace millrace
