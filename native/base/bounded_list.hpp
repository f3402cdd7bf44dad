#pragma once

#include <array>
#include <cassert>
#include <cstddef>

namespace millrace {

/// Up to N values in place, without the heap; for what a format limits to a few.
template <typename T, size_t N>
class BoundedList {
 public:
  static constexpr size_t kCapacity = N;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == N; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] T& operator[](size_t index) {
    assert(index < size_);
    return values_[index];
  }
  [[nodiscard]] const T& operator[](size_t index) const {
    assert(index < size_);
    return values_[index];
  }
  [[nodiscard]] const T* begin() const { return values_.data(); }
  [[nodiscard]] const T* end() const { return values_.data() + size_; }
  /// @return false when the list is full.
  bool push_back(const T& value) {
    if (full()) {
      return false;
    }
    values_[size_++] = value;
    return true;
  }
  void clear() { size_ = 0; }

 private:
  std::array<T, N> values_{};
  size_t size_ = 0;
};

}  // namespace millrace
