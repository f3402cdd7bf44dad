#include "hub/rendition.hpp"

namespace millrace {

Reader::~Reader() {
  if (rendition_ != nullptr) {
    rendition_->remove(*this);
  }
}

void Reader::pump() {
  if (rendition_ != nullptr) {
    rendition_->pump(*this);
  }
}

void Reader::leave() {
  if (rendition_ == nullptr) {
    return;
  }
  rendition_->copy_rest_of_frame(*this, carry_);
  carry_.insert(carry_.end(), between_.begin(), between_.end());
  if (!carry_.empty()) {
    connection_.write(Bytes(carry_));
    std::vector<uint8_t>().swap(carry_);
    std::vector<uint8_t>().swap(between_);
  }
  rendition_->remove(*this);
}

uint64_t Reader::pending_bytes() const {
  uint64_t bytes = carry_.size() + between_.size() + connection_.queued_bytes();
  if (rendition_ != nullptr && position_ != kWaiting) {
    bytes += rendition_->log_.end() - position_;
  }
  return bytes;
}

void Reader::write_between_frames(Bytes bytes) {
  if (rendition_ == nullptr || (carry_.empty() && rendition_->between_frames(*this))) {
    connection_.write(bytes);
    return;
  }
  if (between_.size() + bytes.size() > Connection::kMaxQueuedBytes) {
    owner_.on_reader_stalled();
    return;
  }
  between_.insert(between_.end(), bytes.begin(), bytes.end());
}

}  // namespace millrace
