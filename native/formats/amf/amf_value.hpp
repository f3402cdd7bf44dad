#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millrace {

/// What one message may make us build. A value costs some sixty bytes here for one on the wire, so
/// counts are bounded besides the message's length.
struct AmfLimits {
  /// Objects and arrays inside each other.
  uint32_t max_depth = 64;
  /// Values of one message, with those inside others.
  uint32_t max_values = 16384;
  /// Characters of all strings and names; more than the message holds, because AMF3 names a string
  /// again by its number.
  uint32_t max_text_bytes = 1U << 20;
};

class AmfValue;
struct AmfProperty;

struct AmfUndefined {};
struct AmfNull {};
/// Properties in the order of the wire; names may come twice.
struct AmfObject {
  std::vector<AmfProperty> properties;
  std::string class_name;  // of a typed object; empty for an anonymous one
};
struct AmfEcmaArray {
  std::vector<AmfProperty> properties;
};
struct AmfStrictArray {
  std::vector<AmfValue> elements;
};
struct AmfDate {
  double milliseconds = 0;  // since 1970, UTC
  int16_t time_zone = 0;    // reserved, should be 0
};
struct AmfXml {
  std::string text;
};

/// One value of AMF0 or AMF3. What only AMF3 has is kept as the nearest type of AMF0: integers as
/// numbers, byte arrays as strings, vectors as strict arrays.
class AmfValue {
 public:
  using Variant = std::variant<AmfUndefined, AmfNull, bool, double, std::string, AmfObject,
                               AmfEcmaArray, AmfStrictArray, AmfDate, AmfXml>;

  AmfValue();
  template <typename T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, AmfValue>)
  AmfValue(T&& value) : variant(std::forward<T>(value)) {}  // NOLINT: a value is what it holds
  AmfValue(const AmfValue&);
  AmfValue(AmfValue&&) noexcept;
  AmfValue& operator=(const AmfValue&);
  AmfValue& operator=(AmfValue&&) noexcept;
  ~AmfValue();

  /// Null pointers for values of another type.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&variant); }
  [[nodiscard]] const double* number() const { return std::get_if<double>(&variant); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&variant); }
  /// Of an object or an ECMA array.
  [[nodiscard]] const std::vector<AmfProperty>* properties() const;
  [[nodiscard]] std::vector<AmfProperty>* properties();
  [[nodiscard]] const std::vector<AmfValue>* elements() const;
  /// The first property of this name, or null.
  [[nodiscard]] const AmfValue* find(std::string_view name) const;
  /// A property's text; empty when it is missing or not a string.
  [[nodiscard]] std::string text_of(std::string_view name) const;
  /// A property's number; `otherwise` when it is missing or not a number.
  [[nodiscard]] double number_of(std::string_view name, double otherwise = 0) const;

  Variant variant;
};

struct AmfProperty {
  std::string name;
  AmfValue value;
};

}  // namespace millrace
