#pragma once

#include <utility>

namespace millrace {

class Stream;

/// Keeps a stream on this loop; the last one to go lets it go.
class StreamUse {
 public:
  StreamUse() = default;
  explicit StreamUse(Stream& stream);
  StreamUse(StreamUse&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  StreamUse& operator=(StreamUse&& other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
  }
  StreamUse(const StreamUse&) = delete;
  StreamUse& operator=(const StreamUse&) = delete;
  ~StreamUse() { reset(); }

  void reset();
  Stream* operator->() const { return stream_; }
  Stream& operator*() const { return *stream_; }
  explicit operator bool() const { return stream_ != nullptr; }

 private:
  Stream* stream_ = nullptr;
};

}  // namespace millrace
