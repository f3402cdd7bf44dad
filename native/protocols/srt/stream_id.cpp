#include "protocols/srt/stream_id.hpp"

#include <algorithm>
#include <functional>

namespace millrace::srt {
namespace {

constexpr std::string_view kStandardPrefix = "#!::";

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trim_slashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == '/') {
    text.remove_suffix(1);
  }
  return text;
}

/// `app/stream`, `stream`.
void set_resource(StreamId& id, std::string_view resource, const StreamIdDefaults& defaults) {
  resource = trim_slashes(resource);
  const size_t slash = resource.rfind('/');
  id.app = slash == std::string_view::npos ? defaults.app : resource.substr(0, slash);
  id.stream = slash == std::string_view::npos ? resource : resource.substr(slash + 1);
}

void add_param(StreamId& id, std::string_view key, std::string_view value) {
  if (!id.param.empty()) {
    id.param += '&';
  }
  id.param.append(key);
  id.param += '=';
  id.param.append(value);
}

Status set_mode(StreamId& id, std::string_view mode) {
  if (equals_ignoring_case(mode, "publish")) {
    id.mode = Mode::kPublish;
  } else if (equals_ignoring_case(mode, "request")) {
    id.mode = Mode::kRequest;
  } else {
    return ErrorCode::kSrtModeInvalid;
  }
  return {};
}

Status parse_standard(StreamId& id, std::string_view text, const StreamIdDefaults& defaults) {
  std::string_view resource;
  std::string_view host;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(",?"), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) {
      continue;
    }
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return ErrorCode::kSrtStreamIdInvalid;
    }
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (key == "r") {
      resource = value;
    } else if (key == "h") {
      host = value;
    } else if (key == "m") {
      if (const Status status = set_mode(id, value); !status) {
        return status;
      }
    } else {
      if (key == "u") {
        id.user = value;
      } else if (key == "s") {
        id.session = value;
      } else if (key == "t") {
        id.type = value;
        if (!value.empty() && value != "stream") {
          return ErrorCode::kUnsupported;
        }
      }
      add_param(id, key, value);
    }
  }
  if (resource.empty() && !host.empty()) {
    // The older form has the resource in h, behind the vhost when there are three levels.
    host = trim_slashes(host);
    resource = host;
    const auto levels = std::count(host.begin(), host.end(), '/');
    if (levels < 2) {
      host = {};
    } else {
      const size_t slash = host.find('/');
      resource = host.substr(slash + 1);
      host = host.substr(0, slash);
    }
  }
  set_resource(id, resource, defaults);
  if (!host.empty()) {
    id.vhost = host;
    add_param(id, "vhost", host);
  }
  return {};
}

void parse_short(StreamId& id, std::string_view text, const StreamIdDefaults& defaults) {
  const size_t question = std::min(text.find('?'), text.size());
  set_resource(id, text.substr(0, question), defaults);
  text.remove_prefix(std::min(question + 1, text.size()));
  id.param = text;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.starts_with("vhost=")) {
      id.vhost = pair.substr(6);
    }
  }
}

}  // namespace

Result<StreamId> StreamId::parse(std::string_view text, const StreamIdDefaults& defaults) {
  if (text.empty()) {
    text = defaults.stream_id;
  }
  if (text.size() > kMaxBytes || std::ranges::any_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      })) {
    return ErrorCode::kSrtStreamIdInvalid;
  }
  StreamId id;
  if (text.starts_with(kStandardPrefix)) {
    text.remove_prefix(kStandardPrefix.size());
    if (const Status status = parse_standard(id, text, defaults); !status) {
      return status.error();
    }
  } else if (text.starts_with("#!")) {
    return ErrorCode::kSrtStreamIdInvalid;  // the nested form `#!:{` and what may come
  } else {
    id.mode = defaults.mode;
    parse_short(id, text, defaults);
  }
  if (id.stream.empty()) {
    return ErrorCode::kSrtStreamIdInvalid;
  }
  return id;
}

std::string StreamId::to_string() const {
  std::string text(kStandardPrefix);
  text += "r=" + app + '/' + stream;
  text += mode == Mode::kPublish ? ",m=publish" : ",m=request";
  if (!vhost.empty()) {
    text += ",h=" + vhost;
  }
  std::string_view rest = param;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // A short form may have a parameter whose key means something in the standard form.
    const std::string_view key = pair.substr(0, pair.find('='));
    if (!pair.empty() && key != "vhost" && key != "r" && key != "h" && key != "m") {
      text += ',';
      text.append(pair);
    }
  }
  return text;
}

size_t StreamId::hash() const { return std::hash<std::string>{}(app + '/' + stream); }

}  // namespace millrace::srt
