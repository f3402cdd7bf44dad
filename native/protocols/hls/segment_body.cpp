#include "protocols/hls/segment_body.hpp"

#include <algorithm>

namespace millrace::hls {
namespace {
constexpr size_t kAesBlockBytes = 16;
}

Status SegmentBody::begin(const SegmentKey* key) {
  (void)chain_.take();
  size_ = 0;
  scratch_used_ = 0;
  failed_ = false;
  encrypted_ = key != nullptr;
  return encrypted_ ? cipher_.begin(*key) : Status{};
}

std::span<uint8_t> SegmentBody::room(size_t at_least) {
  if (!encrypted_) {
    return chain_.room(at_least);
  }
  if (scratch_ && scratch_->size() - scratch_used_ < at_least) {
    encrypt_scratch();
  }
  if (!scratch_ || scratch_->size() < at_least) {
    scratch_ = Buffer::make(std::max(kBlockBytes, at_least));
  }
  return {scratch_->data() + scratch_used_, scratch_->size() - scratch_used_};
}

void SegmentBody::commit(size_t size) {
  size_ += size;
  if (encrypted_) {
    scratch_used_ += size;
  } else {
    chain_.commit(size);
  }
}

void SegmentBody::encrypt_scratch() {
  if (scratch_used_ == 0) {
    return;
  }
  const auto room = chain_.room(scratch_used_ + kAesBlockBytes);
  const auto size = cipher_.update(Bytes(scratch_->data(), scratch_used_), room);
  scratch_used_ = 0;
  if (!size.ok()) {
    failed_ = true;
    return;
  }
  chain_.commit(*size);
}

Result<BufferChain> SegmentBody::finish() {
  if (encrypted_) {
    encrypt_scratch();
    const auto size = cipher_.finish(chain_.room(kAesBlockBytes));
    if (failed_ || !size.ok()) {
      return ErrorCode::kInternal;
    }
    chain_.commit(*size);
  }
  size_ = 0;
  return chain_.take();
}

}  // namespace millrace::hls
