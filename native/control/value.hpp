#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/buffer.hpp"
#include "base/clock.hpp"

namespace millrace {

class Value;

/// Plain data by name, in order: what crosses between the control plane and the engine, both ways.
/// Names are snake_case. Small, so looked up by walking.
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string, Value>> entries);

  void set(std::string name, Value value);
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& entries() const {
    return entries_;
  }

  /// The field, or `otherwise` when it is missing or of another kind.
  [[nodiscard]] bool boolean(std::string_view name, bool otherwise) const;
  [[nodiscard]] double number(std::string_view name, double otherwise) const;
  /// Clamped to what an int64 from JavaScript can be.
  [[nodiscard]] int64_t integer(std::string_view name, int64_t otherwise) const;
  [[nodiscard]] Duration duration_ms(std::string_view name, Duration otherwise) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = {}) const;
  /// Empty when missing.
  [[nodiscard]] const Fields& fields(std::string_view name) const;
  [[nodiscard]] const std::vector<Value>& list(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

/// One value: null, boolean, number, text, bytes, list or fields, as in JavaScript.
class Value {
 public:
  using List = std::vector<Value>;

  Value() = default;
  Value(bool value) : data_(value) {}    // NOLINT(google-explicit-constructor)
  Value(double value) : data_(value) {}  // NOLINT(google-explicit-constructor)
  template <typename Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  Value(Integer value)
      : data_(static_cast<double>(value)) {}             // NOLINT(google-explicit-constructor)
  Value(std::string value) : data_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view value)
      : data_(std::string(value)) {}                       // NOLINT(google-explicit-constructor)
  Value(const char* value) : data_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Value(BufferRef value) : data_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Value(List value) : data_(std::move(value)) {}           // NOLINT(google-explicit-constructor)
  Value(Fields value) : data_(std::move(value)) {}         // NOLINT(google-explicit-constructor)

  using Data = std::variant<std::monostate, bool, double, std::string, BufferRef, List, Fields>;
  [[nodiscard]] const Data& data() const { return data_; }
  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&data_);
  }

 private:
  Data data_;
};

}  // namespace millrace
