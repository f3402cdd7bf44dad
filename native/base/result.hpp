#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/error_codes.hpp"

namespace millrace {

/// What went wrong: a code of the error table and one number that says where or how much
/// (a length, an offset, an errno). Built without allocation, so parsers may return it per packet.
struct [[nodiscard]] Error {
  ErrorCode code;
  uint32_t detail = 0;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an Error. `std::nullopt` inside a Result means "more bytes are needed" and is never
/// an error. Reading the value of a failed Result is our own mistake and asserts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Result(Error error) : error_(error) {}           // NOLINT(google-explicit-constructor)
  Result(ErrorCode code) : error_(Error{code}) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *value_;
  }
  [[nodiscard]] T& value() & {
    assert(ok());
    return *value_;
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return *std::move(value_);
  }
  [[nodiscard]] const T* operator->() const {
    assert(ok());
    return &*value_;
  }
  [[nodiscard]] T* operator->() {
    assert(ok());
    return &*value_;
  }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] Error error() const {
    assert(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  Error error_{};
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}           // NOLINT(google-explicit-constructor)
  Result(ErrorCode code) : error_(Error{code}) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] Error error() const {
    assert(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace millrace
