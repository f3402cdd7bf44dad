#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace millrace {

/// A double-ended queue in one piece of memory that doubles when full and is then kept, so that a
/// queue of steady length never allocates (std::deque does, block by block).
template <typename T>
class Ring {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] T& operator[](size_t index) {
    assert(index < size_);
    return slots_[(first_ + index) & (slots_.size() - 1)];
  }
  [[nodiscard]] const T& operator[](size_t index) const {
    assert(index < size_);
    return slots_[(first_ + index) & (slots_.size() - 1)];
  }
  [[nodiscard]] T& front() { return (*this)[0]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == slots_.size()) {
      grow();
    }
    slots_[(first_ + size_) & (slots_.size() - 1)] = std::move(value);
    ++size_;
  }
  void pop_front() {
    assert(size_ > 0);
    slots_[first_] = T{};
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
  }
  void clear() {
    while (!empty()) {
      pop_front();
    }
  }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 16 : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i) {
      larger[i] = std::move((*this)[i]);
    }
    slots_.swap(larger);
    first_ = 0;
  }

  std::vector<T> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace millrace
