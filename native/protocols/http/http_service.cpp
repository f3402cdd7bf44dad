#include "protocols/http/http_service.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace millrace::http {

HttpService::HttpService(HttpSettings settings)
    : settings_(std::move(settings)), files_(settings_.mounts), writer_(settings_.server) {}

void HttpService::configure(HttpSettings settings) {
  settings_ = std::move(settings);
  files_ = StaticFiles(settings_.mounts);
  writer_ = ResponseWriter(settings_.server);
}

const ResponseWriter& HttpService::writer() {
  // Without a system call on Linux, so each answer may ask.
  writer_.set_time(static_cast<int64_t>(std::time(nullptr)));
  return writer_;
}

bool HttpService::is_control_path(std::string_view path) const {
  return std::any_of(settings_.control_prefixes.begin(), settings_.control_prefixes.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

}  // namespace millrace::http
