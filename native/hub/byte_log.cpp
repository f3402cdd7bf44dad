#include "hub/byte_log.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace millrace {

ByteLog::~ByteLog() {
  for (; !blocks_.empty(); blocks_.pop_front()) {
    BlockPool::give_back(blocks_.front());
  }
}

void ByteLog::append(Bytes bytes) {
  while (!bytes.empty()) {
    const uint64_t room_end = first_block_ + blocks_.size() * kBlockBytes;
    if (end_ == room_end) {
      blocks_.push_back(static_cast<uint8_t*>(pool_.take(kBlockBytes)));
      continue;
    }
    const size_t at = (end_ - first_block_) % kBlockBytes;
    const size_t size = std::min(bytes.size(), kBlockBytes - at);
    std::memcpy(blocks_.back() + at, bytes.data(), size);
    end_ += size;
    bytes = bytes.subspan(size);
  }
}

void ByteLog::trim(uint64_t position) {
  begin_ = std::max(begin_, std::min(position, end_));
  while (!blocks_.empty() && first_block_ + kBlockBytes <= begin_) {
    BlockPool::give_back(blocks_.front());
    blocks_.pop_front();
    first_block_ += kBlockBytes;
  }
}

size_t ByteLog::gather(uint64_t from, uint64_t to, std::span<iovec> pieces) const {
  assert(from >= begin_ && to <= end_);
  size_t count = 0;
  while (from < to && count < pieces.size()) {
    const size_t block = (from - first_block_) / kBlockBytes;
    const size_t at = (from - first_block_) % kBlockBytes;
    const size_t size = std::min<uint64_t>(to - from, kBlockBytes - at);
    pieces[count++] = {blocks_[block] + at, size};
    from += size;
  }
  return count;
}

}  // namespace millrace
