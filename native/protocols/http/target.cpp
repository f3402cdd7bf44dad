#include "protocols/http/target.hpp"

#include <algorithm>
#include <cstdint>

#include "protocols/http/header_text.hpp"
#include "protocols/http/percent.hpp"

namespace millrace::http {

namespace {

Error invalid(size_t offset) {
  return Error{ErrorCode::kHttpPathInvalid, static_cast<uint32_t>(offset)};
}

constexpr bool is_visible_ascii(char byte) { return byte > 0x20 && byte < 0x7f; }

/// Cuts the segments `.` and `..` and empty ones as they come; `out` always begins with `/`.
class PathBuilder {
 public:
  explicit PathBuilder(std::string& out) : out_(out) { out_.assign(1, '/'); }

  void add(char byte) { out_.push_back(byte); }

  /// The segment that ends here is judged by its decoded text.
  /// @return false for `..`.
  [[nodiscard]] bool end_segment(bool slash_follows) {
    const std::string_view segment = std::string_view(out_).substr(segment_at_);
    if (segment == "..") {
      return false;
    }
    if (segment == ".") {
      out_.resize(segment_at_);
    } else if (!segment.empty() && slash_follows) {
      out_.push_back('/');
    }
    segment_at_ = out_.size();
    return true;
  }

 private:
  std::string& out_;
  size_t segment_at_ = 1;
};

/// @return the offset of what is refused, or nullopt.
std::optional<size_t> normalise_path(std::string_view path, std::string& storage) {
  PathBuilder builder(storage);
  for (size_t at = 1; at < path.size(); ++at) {
    const char byte = path[at];
    if (byte == '/') {
      if (!builder.end_segment(true)) {
        return at;
      }
    } else if (byte == '%') {
      const std::optional<char> decoded = decode_percent(path.substr(at));
      const auto value = static_cast<uint8_t>(decoded.value_or('\0'));
      if (value < 0x20 || value == 0x7f || value == '/' || value == '\\') {
        return at;
      }
      builder.add(static_cast<char>(value));
      at += 2;
    } else if (!is_visible_ascii(byte) || byte == '\\' || byte == '#') {
      return at;
    } else {
      builder.add(byte);
    }
  }
  if (!builder.end_segment(false) || !is_utf8(storage)) {
    return path.size();
  }
  return std::nullopt;
}

/// @return the target without `http://` or `https://`, empty when it has neither.
std::string_view after_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view target, std::string& storage) {
  Target out;
  if (target == "*") {
    out.path = target;
    return out;
  }
  std::string_view rest = target;
  if (!target.starts_with('/')) {
    rest = after_scheme(target);
    const size_t end = std::min(rest.find_first_of("/?"), rest.size());
    out.authority = rest.substr(0, end);
    if (out.authority.empty() || !is_host(out.authority)) {
      return invalid(0);
    }
    rest.remove_prefix(end);
  }
  const size_t question_mark = std::min(rest.find('?'), rest.size());
  const std::string_view path = rest.substr(0, question_mark);
  out.query = rest.substr(std::min(question_mark + 1, rest.size()));
  if (const auto offset = normalise_path(path, storage)) {
    return invalid(*offset);
  }
  for (const char byte : out.query) {
    if (!is_visible_ascii(byte) || byte == '#') {
      return invalid(static_cast<size_t>(&byte - target.data()));
    }
  }
  out.path = storage;
  return out;
}

bool is_host(std::string_view authority) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) {
      return false;
    }
    const std::string_view address = authority.substr(1, bracket - 1);
    if (address.empty() || address.find_first_not_of("0123456789abcdefABCDEF:.") != address.npos) {
      return false;
    }
    port = authority.substr(bracket + 1);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    const std::string_view name = authority.substr(0, colon);
    const bool named = std::all_of(name.begin(), name.end(), [](char byte) {
      return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
             (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
             byte == '~';
    });
    if (!named) {
      return false;
    }
    port = authority.substr(colon);
  }
  if (port.empty()) {
    return true;
  }
  port.remove_prefix(1);  // ':' or, after a bracket, anything: then what is left is no number
  return authority[authority.size() - port.size() - 1] == ':' &&
         (port.empty() || parse_decimal(port).value_or(UINT64_MAX) <= UINT16_MAX);
}

std::string_view host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
  }
  return authority.substr(0, authority.find(':'));
}

}  // namespace millrace::http
