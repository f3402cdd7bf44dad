#include "protocols/hls/playlist.hpp"

#include <algorithm>
#include <cstdio>

namespace millrace::hls {
namespace {

/// As EXTINF says it: to the nearest millisecond.
int64_t rounded_ms(MediaTime duration) {
  return (std::max<int64_t>(duration.count(), 0) + 500) / 1000;
}

/// Seconds with three decimals.
void append_seconds(std::string& out, int64_t ms) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%lld.%03d",
                                 static_cast<long long>(ms / 1000), static_cast<int>(ms % 1000));
  out.append(text.data(), static_cast<size_t>(size));
}

void append_key(std::string& out, const KeyTag& key) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += "#EXT-X-KEY:METHOD=AES-128,URI=\"";
  out += key.uri;
  out += "\",IV=0x";
  for (const uint8_t byte : key.iv) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  out += '\n';
}

bool is_context_parameter(std::string_view pair) {
  return pair.substr(0, pair.find('=')) == kContextParameter;
}

/// Calls `take` with each `name=value` of the query.
template <typename Take>
void for_each_pair(std::string_view query, Take&& take) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    if (end > 0) {
      take(query.substr(0, end));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

}  // namespace

PlaylistText render_media_playlist(const std::deque<PlaylistEntry>& entries,
                                   MediaTime target_duration) {
  int64_t longest_ms = rounded_ms(target_duration);
  size_t size = 128;
  for (const auto& entry : entries) {
    longest_ms = std::max(longest_ms, rounded_ms(entry.duration));
    size += entry.uri.size() + 64 + (entry.key ? entry.key->uri.size() + 80 : 0);
  }
  PlaylistText out;
  out.text.reserve(size);
  out.uri_ends.reserve(entries.size());
  std::string& text = out.text;
  text += "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:";
  text += std::to_string(entries.empty() ? 0 : entries.front().sequence);
  text += "\n#EXT-X-TARGETDURATION:";
  text += std::to_string((longest_ms + 999) / 1000);
  text += '\n';
  const KeyTag* key = nullptr;
  for (const auto& entry : entries) {
    if (entry.discontinuity) {
      text += "#EXT-X-DISCONTINUITY\n";
    }
    if (entry.key.get() != key) {
      key = entry.key.get();
      if (key != nullptr) {
        append_key(text, *key);
      } else {
        text += "#EXT-X-KEY:METHOD=NONE\n";
      }
    }
    text += "#EXTINF:";
    append_seconds(text, rounded_ms(entry.duration));
    text += ", no desc\n";
    text += entry.uri;
    out.uri_ends.push_back(static_cast<uint32_t>(text.size()));
    text += '\n';
  }
  return out;
}

std::string render_multivariant_playlist(std::string_view path, std::string_view context_id,
                                         std::string_view query) {
  std::string text;
  text.reserve(128 + path.size() + query.size());
  text += "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1\n";
  text += path;
  text += '?';
  text += kContextParameter;
  text += '=';
  text += context_id;
  for_each_pair(query, [&text](std::string_view pair) {
    if (!is_context_parameter(pair)) {
      text += '&';
      text += pair;
    }
  });
  text += '\n';
  return text;
}

std::string with_context(std::string_view text, const std::vector<uint32_t>& uri_ends,
                         std::string_view context_id) {
  const size_t insertion = kContextParameter.size() + context_id.size() + 2;
  std::string out;
  out.reserve(text.size() + uri_ends.size() * insertion);
  size_t from = 0;
  for (const uint32_t end : uri_ends) {
    out += text.substr(from, end - from);
    out += '?';
    out += kContextParameter;
    out += '=';
    out += context_id;
    from = end;
  }
  out += text.substr(from);
  return out;
}

std::string_view context_of_query(std::string_view query) {
  std::string_view found;
  for_each_pair(query, [&found](std::string_view pair) {
    if (found.empty() && is_context_parameter(pair) && pair.size() > kContextParameter.size()) {
      found = pair.substr(kContextParameter.size() + 1);
    }
  });
  return found;
}

std::vector<PlaylistEntry> SegmentWindow::add(PlaylistEntry entry) {
  entries_.push_back(std::move(entry));
  MediaTime sum{0};
  size_t keep = 0;
  while (keep < entries_.size()) {
    ++keep;
    sum += entries_[entries_.size() - keep].duration;
    if (sum > window_) {
      break;
    }
  }
  std::vector<PlaylistEntry> left;
  while (entries_.size() > keep) {
    left.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  return left;
}

}  // namespace millrace::hls
