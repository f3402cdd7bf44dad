#include "hub/stream_name.hpp"

namespace millrace {

namespace {

/// Not <cctype>: what a letter is must not depend on a locale.
constexpr bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '~';
}

bool is_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && !segment.starts_with("..");
}

}  // namespace

Status validate_name(NamePart part, std::string_view name) {
  const auto invalid_at = [](size_t offset) {
    return Error{ErrorCode::kNameInvalid, static_cast<uint32_t>(offset)};
  };
  if (name.size() > kMaxNameBytes) {
    return invalid_at(name.size());
  }
  size_t from = 0;  // of the segment
  for (size_t at = 0; at <= name.size(); ++at) {
    const bool ends = at == name.size() || (name[at] == '/' && part == NamePart::kApp);
    if (!ends && !is_allowed(name[at])) {
      return invalid_at(at);
    }
    if (ends) {
      if (!is_segment(name.substr(from, at - from))) {
        return invalid_at(from);
      }
      from = at + 1;
    }
  }
  return {};
}

}  // namespace millrace
