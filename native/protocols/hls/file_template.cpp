#include "protocols/hls/file_template.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace millrace::hls {
namespace {

constexpr size_t kMaxPathBytes = 1024;
constexpr size_t kMaxSegmentNameBytes = 240;

std::tm broken_down(const TemplateValues::PerSegment& segment) {
  const std::time_t seconds =
      WallClock::to_time_t(std::chrono::floor<std::chrono::seconds>(segment.started));
  std::tm time{};
  if (segment.utc) {
    ::gmtime_r(&seconds, &time);
  } else {
    ::localtime_r(&seconds, &time);
  }
  return time;
}

std::string padded(int value, int width) {
  std::array<char, 16> text{};
  const int size = std::snprintf(text.data(), text.size(), "%0*d", width, value);
  return {text.data(), static_cast<size_t>(size)};
}

std::optional<std::string> value_of(std::string_view variable, const TemplateValues& values) {
  if (variable == "vhost") {
    return values.name.vhost;
  }
  if (variable == "app") {
    return values.name.app;
  }
  if (variable == "stream") {
    return values.name.stream;
  }
  if (!values.segment) {
    return std::nullopt;
  }
  const auto& segment = *values.segment;
  if (variable == "seq") {
    return std::to_string(segment.sequence);
  }
  if (variable == "duration") {
    return std::to_string(segment.duration.count());
  }
  if (variable == "timestamp") {
    return std::to_string(segment.timestamp);
  }
  if (variable == "random") {
    return std::string(segment.random);
  }
  if (variable == "2006") {
    return padded(broken_down(segment).tm_year + 1900, 4);
  }
  if (variable == "01") {
    return padded(broken_down(segment).tm_mon + 1, 2);
  }
  if (variable == "02") {
    return padded(broken_down(segment).tm_mday, 2);
  }
  if (variable == "15") {
    return padded(broken_down(segment).tm_hour, 2);
  }
  if (variable == "04") {
    return padded(broken_down(segment).tm_min, 2);
  }
  if (variable == "05") {
    return padded(broken_down(segment).tm_sec, 2);
  }
  if (variable == "999") {
    const auto whole = std::chrono::floor<std::chrono::seconds>(segment.started);
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(segment.started - whole);
    return padded(static_cast<int>(rest.count()), 3);
  }
  return std::nullopt;
}

}  // namespace

std::string expand(std::string_view text, const TemplateValues& values) {
  std::string out;
  out.reserve(text.size() + 64);
  while (!text.empty()) {
    const size_t open = text.find('[');
    if (open == std::string_view::npos) {
      break;
    }
    out += text.substr(0, open);
    text.remove_prefix(open);
    const size_t close = text.find_first_of("[]", 1);
    if (close == std::string_view::npos) {
      break;
    }
    if (text[close] == '[') {  // "[[seq]": the first bracket is text
      out += text.substr(0, close);
      text.remove_prefix(close);
      continue;
    }
    if (const auto value = value_of(text.substr(1, close - 1), values)) {
      out += *value;
    } else {
      out += text.substr(0, close + 1);
    }
    text.remove_prefix(close + 1);
  }
  out += text;
  return out;
}

bool is_safe_relative_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxPathBytes) {
    return false;
  }
  if (std::any_of(path.begin(), path.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f || c == '\\';
      })) {
    return false;
  }
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment.empty() || segment == "." || segment == ".." ||
        segment.size() > kMaxSegmentNameBytes) {
      return false;
    }
    if (slash == std::string_view::npos) {
      return true;
    }
    path.remove_prefix(slash + 1);
  }
}

}  // namespace millrace::hls
