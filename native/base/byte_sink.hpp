#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"

namespace millrace {

/// Where a muxer writes: the end of a ring's block, of a segment, of a file's buffer. The muxer
/// writes straight into the room it is given, so a payload is copied once, and the sink decides
/// where blocks begin and end.
class ByteSink {
 public:
  ByteSink() = default;
  virtual ~ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  /// Room at the end, in one piece, of at least `at_least` bytes and often much more, so that a
  /// writer of small pieces asks rarely. Valid until the next call of room(); not part of the
  /// output yet.
  [[nodiscard]] virtual std::span<uint8_t> room(size_t at_least) = 0;

  /// Makes the first `size` bytes of the room that was given last part of the output; the rest of
  /// it is given up.
  virtual void commit(size_t size) = 0;

  /// Copies `bytes` to the end; they may come to lie in several blocks.
  void append(Bytes bytes) {
    while (!bytes.empty()) {
      const auto free = room(1);
      const size_t size = std::min(free.size(), bytes.size());
      std::memcpy(free.data(), bytes.data(), size);
      commit(size);
      bytes = bytes.subspan(size);
    }
  }
};

/// Collects everything in one piece. Keeps its memory, so that a muxer that uses one again and
/// again soon allocates nothing.
class VectorSink final : public ByteSink {
 public:
  std::span<uint8_t> room(size_t at_least) override {
    if (bytes_.size() - size_ < at_least) {
      bytes_.resize(std::max(size_ + at_least, bytes_.size() + std::max(bytes_.size(), kGrowth)));
    }
    return std::span(bytes_).subspan(size_);
  }
  void commit(size_t size) override { size_ += size; }

  [[nodiscard]] Bytes bytes() const { return Bytes(bytes_).first(size_); }
  void clear() { size_ = 0; }

 private:
  static constexpr size_t kGrowth = 4096;
  std::vector<uint8_t> bytes_;
  size_t size_ = 0;
};

}  // namespace millrace
