#include "control/value.hpp"

#include <algorithm>
#include <cmath>

namespace millrace {

namespace {

constexpr double kLargestExact = 9007199254740991.0;  // 2^53 - 1

}  // namespace

Fields::Fields(std::initializer_list<std::pair<std::string, Value>> entries) : entries_(entries) {}

void Fields::set(std::string name, Value value) {
  for (auto& entry : entries_) {
    if (entry.first == name) {
      entry.second = std::move(value);
      return;
    }
  }
  entries_.emplace_back(std::move(name), std::move(value));
}

const Value* Fields::find(std::string_view name) const {
  for (const auto& entry : entries_) {
    if (entry.first == name) {
      return &entry.second;
    }
  }
  return nullptr;
}

bool Fields::boolean(std::string_view name, bool otherwise) const {
  const Value* value = find(name);
  const bool* found = value != nullptr ? value->as<bool>() : nullptr;
  return found != nullptr ? *found : otherwise;
}

double Fields::number(std::string_view name, double otherwise) const {
  const Value* value = find(name);
  const double* found = value != nullptr ? value->as<double>() : nullptr;
  return found != nullptr && std::isfinite(*found) ? *found : otherwise;
}

int64_t Fields::integer(std::string_view name, int64_t otherwise) const {
  const double value = number(name, static_cast<double>(otherwise));
  return static_cast<int64_t>(std::clamp(value, -kLargestExact, kLargestExact));
}

Duration Fields::duration_ms(std::string_view name, Duration otherwise) const {
  const double ms = number(name, -1);
  return ms < 0 ? otherwise
                : duration_cast<Duration>(
                      std::chrono::duration<double, std::milli>(std::min(ms, 1e12)));
}

std::string Fields::text(std::string_view name, std::string_view otherwise) const {
  const Value* value = find(name);
  const auto* found = value != nullptr ? value->as<std::string>() : nullptr;
  return found != nullptr ? *found : std::string(otherwise);
}

const Fields& Fields::fields(std::string_view name) const {
  static const Fields kNone;
  const Value* value = find(name);
  const auto* found = value != nullptr ? value->as<Fields>() : nullptr;
  return found != nullptr ? *found : kNone;
}

const std::vector<Value>& Fields::list(std::string_view name) const {
  static const std::vector<Value> kNone;
  const Value* value = find(name);
  const auto* found = value != nullptr ? value->as<Value::List>() : nullptr;
  return found != nullptr ? *found : kNone;
}

}  // namespace millrace
