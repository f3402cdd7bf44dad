#include "protocols/http/range.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

using Kind = RangeSelection::Kind;

constexpr size_t kMaxFieldBytes = 512;
constexpr size_t kMaxRanges = 16;

/// Digits only. A number over 2^64 - 1 is as good as the largest: both lie behind every byte.
std::optional<uint64_t> parse_position(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return parse_decimal(digits).value_or(UINT64_MAX);
}

}  // namespace

RangeSelection select_range_spec(std::string_view spec, uint64_t size) {
  const size_t dash = spec.find('-');
  if (dash == std::string_view::npos) {
    return {};
  }
  const std::string_view before = spec.substr(0, dash);
  const std::string_view after = spec.substr(dash + 1);
  if (before.empty()) {
    const auto suffix = parse_position(after);
    if (!suffix) {
      return {};
    }
    if (*suffix == 0 || size == 0) {
      return {Kind::kUnsatisfiable, {}};
    }
    return {Kind::kPart, {size - std::min(*suffix, size), size - 1}};
  }
  const auto first = parse_position(before);
  const auto last = after.empty() ? std::optional<uint64_t>(UINT64_MAX) : parse_position(after);
  if (!first || !last || *last < *first) {
    return {};
  }
  if (*first >= size) {
    return {Kind::kUnsatisfiable, {}};
  }
  return {Kind::kPart, {*first, std::min(*last, size - 1)}};
}

RangeSelection select_range(std::string_view field, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!equals_ignoring_case(field.substr(0, kUnit.size()), kUnit)) {
    return {};
  }
  if (field.size() > kMaxFieldBytes) {
    return {Kind::kUnsatisfiable, {}};
  }
  field.remove_prefix(kUnit.size());
  ListReader reader(field);
  std::string_view only;
  size_t ranges = 0;
  while (const auto spec = reader.next()) {
    only = *spec;
    ++ranges;
  }
  if (ranges > kMaxRanges) {
    return {Kind::kUnsatisfiable, {}};
  }
  return ranges == 1 ? select_range_spec(only, size) : RangeSelection{};
}

}  // namespace millrace::http
