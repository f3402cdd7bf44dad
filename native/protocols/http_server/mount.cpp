#include "protocols/http_server/mount.hpp"

namespace millrace::http_server {

namespace {

constexpr std::string_view kVhost = "[vhost]";
constexpr std::string_view kApp = "[app]";
constexpr std::string_view kStream = "[stream]";
constexpr std::string_view kDefaultVhost = "__defaultVhost__";
constexpr std::string_view kDefaultApp = "__defaultApp__";

}  // namespace

MountTemplate::MountTemplate(std::string_view text, std::string_view vhost) {
  std::string whole(text);
  // The vhost of a request is its host (or `?vhost=`), not a part of its path.
  if (const size_t at = whole.find(kVhost); at == 0) {
    whole.erase(0, kVhost.size());
  } else if (at != std::string::npos) {
    whole.replace(at, kVhost.size(), vhost == kDefaultVhost ? std::string_view{} : vhost);
  }
  if (whole.empty() || whole.front() != '/') {
    whole.insert(whole.begin(), '/');
  }
  size_t rest = 0;
  if (const size_t at = whole.find(kApp); at != std::string::npos) {
    has_app_ = true;
    before_ = whole.substr(0, at);
    rest = at + kApp.size();
  }
  if (const size_t at = whole.find(kStream, rest); at != std::string::npos) {
    has_stream_ = true;
    (has_app_ ? between_ : before_) = whole.substr(rest, at - rest);
    rest = at + kStream.size();
  }
  after_ = whole.substr(rest);
}

std::optional<MountedName> MountTemplate::match(std::string_view path) const {
  if (!has_stream_ || !path.starts_with(before_) || !path.ends_with(after_) ||
      path.size() <= before_.size() + after_.size()) {
    return std::nullopt;
  }
  const std::string_view middle =
      path.substr(before_.size(), path.size() - before_.size() - after_.size());
  MountedName name{std::string(kDefaultApp), std::string(middle)};
  if (has_app_) {
    const size_t at = middle.rfind(between_);
    if (between_.empty() || at == std::string_view::npos || at == 0) {
      return std::nullopt;
    }
    name.app = middle.substr(0, at);
    name.stream = middle.substr(at + between_.size());
  }
  if (name.stream.empty() || name.stream.find('/') != std::string::npos) {
    return std::nullopt;
  }
  return name;
}

}  // namespace millrace::http_server
