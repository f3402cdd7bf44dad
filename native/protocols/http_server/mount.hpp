#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::http_server {

/// App and stream that a request path names under a mount.
struct MountedName {
  std::string app;
  std::string stream;
};

/// A path template of live streams, as `[vhost]/[app]/[stream].flv`: literal text and the variables
/// `[vhost]`, `[app]` and `[stream]`, each at most once.
class MountTemplate {
 public:
  /// @param vhost  what `[vhost]` stands for; `__defaultVhost__` stands for nothing.
  MountTemplate(std::string_view text, std::string_view vhost);

  /// @param path  of the request, decoded and normalised, beginning with `/`.
  /// @return nullopt when the path is not one of this template. An app may hold slashes, a stream
  /// none.
  [[nodiscard]] std::optional<MountedName> match(std::string_view path) const;

 private:
  // `before_`[app]`between_`[stream]`after_`; without [app], `between_` is empty.
  std::string before_;
  std::string between_;
  std::string after_;
  bool has_app_ = false;
  bool has_stream_ = false;
};

}  // namespace millrace::http_server
