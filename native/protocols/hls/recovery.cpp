#include "protocols/hls/recovery.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace millrace::hls {
namespace {

constexpr size_t kMaxEntries = 10'000;
// Sequence numbers go on from here, so they must leave room to count.
constexpr uint64_t kMaxSequence = uint64_t{1} << 62;
constexpr int64_t kMaxDurationSeconds = 1'000'000;

/// Takes the next line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::optional<uint64_t> parse_integer(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// decimal-floating-point of RFC 8216 §4.2, as microseconds.
std::optional<MediaTime> parse_duration(std::string_view text) {
  const size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_integer(text.substr(0, point));
  if (!whole || *whole > kMaxDurationSeconds) {
    return std::nullopt;
  }
  int64_t us = static_cast<int64_t>(*whole) * 1'000'000;
  int64_t unit = 100'000;
  for (size_t i = point + 1; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    us += (text[i] - '0') * unit;
  }
  return MediaTime(us);
}

/// Value of an attribute, RFC 8216 §4.2, without the quotes of a quoted-string.
std::optional<std::string_view> attribute(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t equals = list.find('=');
    if (equals == std::string_view::npos) {
      return std::nullopt;
    }
    const bool found = list.substr(0, equals) == name;
    list.remove_prefix(equals + 1);
    std::string_view value;
    if (list.starts_with('"')) {
      const size_t quote = list.find('"', 1);
      if (quote == std::string_view::npos) {
        return std::nullopt;
      }
      value = list.substr(1, quote - 1);
      list.remove_prefix(quote + 1);
    } else {
      value = list.substr(0, list.find(','));
      list.remove_prefix(value.size());
    }
    if (found) {
      return value;
    }
    if (list.starts_with(',')) {
      list.remove_prefix(1);
    }
  }
  return std::nullopt;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// Can the text stand in a quoted-string, RFC 8216 §4.2?
bool is_quotable(std::string_view text) {
  return !has_control(text) && text.find('"') == std::string_view::npos;
}

/// 128 bits as `0x` and 32 hexadecimal digits.
bool parse_iv(std::string_view text, std::array<uint8_t, 16>& iv) {
  if (text.size() != 34 || (!text.starts_with("0x") && !text.starts_with("0X"))) {
    return false;
  }
  for (size_t i = 0; i < iv.size(); ++i) {
    const char* digits = text.data() + 2 + 2 * i;
    if (std::from_chars(digits, digits + 2, iv[i], 16).ptr != digits + 2) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<std::deque<PlaylistEntry>> parse_media_playlist(std::string_view text) {
  if (text.size() > kMaxRecoveredBytes || take_line(text) != "#EXTM3U") {
    return ErrorCode::kHlsPlaylistInvalid;
  }
  std::deque<PlaylistEntry> entries;
  uint64_t first = 0;
  PlaylistEntry next;
  bool has_duration = false;
  std::shared_ptr<const KeyTag> key;
  const auto after = [](std::string_view line,
                        std::string_view tag) -> std::optional<std::string_view> {
    return line.starts_with(tag) ? std::optional(line.substr(tag.size())) : std::nullopt;
  };
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) {
      continue;
    }
    if (const auto value = after(line, "#EXT-X-MEDIA-SEQUENCE:")) {
      const auto number = parse_integer(*value);
      if (!number || *number > kMaxSequence) {
        return ErrorCode::kHlsPlaylistInvalid;
      }
      first = *number;
    } else if (line == "#EXT-X-DISCONTINUITY") {
      next.discontinuity = true;
    } else if (const auto inf = after(line, "#EXTINF:")) {
      const auto duration = parse_duration(inf->substr(0, inf->find(',')));
      if (!duration) {
        return ErrorCode::kHlsPlaylistInvalid;
      }
      next.duration = *duration;
      has_duration = true;
    } else if (const auto list = after(line, "#EXT-X-KEY:")) {
      key = nullptr;
      const auto uri = attribute(*list, "URI");
      const auto iv = attribute(*list, "IV");
      auto tag = std::make_shared<KeyTag>();
      if (attribute(*list, "METHOD") == "AES-128" && uri && is_quotable(*uri) && iv &&
          parse_iv(*iv, tag->iv)) {
        tag->uri = *uri;
        key = std::move(tag);
      }
    } else if (!line.starts_with('#')) {
      if (!has_duration || entries.size() >= kMaxEntries || has_control(line)) {
        return ErrorCode::kHlsPlaylistInvalid;
      }
      next.uri = line;
      next.key = key;
      next.sequence = first + entries.size();
      entries.push_back(std::exchange(next, {}));
      has_duration = false;
    }
  }
  // The tag may stand anywhere before the first segment, but nothing forbids it later.
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i].sequence = first + i;
  }
  return entries;
}

}  // namespace millrace::hls
