#include "protocols/http_server/mount.hpp"

#include <algorithm>
#include <utility>

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
  const size_t app = whole.find(kApp);
  const size_t stream = whole.find(kStream);
  if (stream == std::string::npos) {
    return;
  }
  size_t first = stream;
  size_t end = stream + kStream.size();
  names_ = Names::kStream;
  if (app != std::string::npos) {
    names_ = app < stream ? Names::kAppThenStream : Names::kStreamThenApp;
    first = std::min(app, stream);
    const size_t first_end = first + (app < stream ? kApp : kStream).size();
    const size_t second = std::max(app, stream);
    between_ = whole.substr(first_end, second - first_end);
    end = second + (app < stream ? kStream : kApp).size();
  }
  before_ = whole.substr(0, first);
  after_ = whole.substr(end);
}

std::optional<MountedName> MountTemplate::match(std::string_view path) const {
  if (names_ == Names::kNone || !path.starts_with(before_) || !path.ends_with(after_) ||
      path.size() <= before_.size() + after_.size()) {
    return std::nullopt;
  }
  auto name = split(path.substr(before_.size(), path.size() - before_.size() - after_.size()));
  if (!name || name->app.empty() || name->stream.empty() ||
      name->stream.find('/') != std::string::npos) {
    return std::nullopt;
  }
  return name;
}

std::optional<MountedName> MountTemplate::split(std::string_view names) const {
  if (names_ == Names::kStream) {
    return MountedName{std::string(kDefaultApp), std::string(names)};
  }
  // The stream is as short as can be, since an app may hold what stands between them.
  const bool app_first = names_ == Names::kAppThenStream;
  const size_t at = app_first ? names.rfind(between_) : names.find(between_);
  if (between_.empty() || at == std::string_view::npos) {
    return std::nullopt;
  }
  std::string head(names.substr(0, at));
  std::string tail(names.substr(at + between_.size()));
  return app_first ? MountedName{std::move(head), std::move(tail)}
                   : MountedName{std::move(tail), std::move(head)};
}

}  // namespace millrace::http_server
