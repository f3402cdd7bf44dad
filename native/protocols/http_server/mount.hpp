#pragma once

#include <cstdint>
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
/// `[vhost]`, `[app]` and `[stream]`, each at most once; `[app]` and `[stream]` in either order,
/// with text between them.
class MountTemplate {
 public:
  /// @param vhost  what `[vhost]` stands for; `__defaultVhost__` stands for nothing.
  MountTemplate(std::string_view text, std::string_view vhost);

  /// @param path  of the request, decoded and normalised, beginning with `/`.
  /// @return nullopt when the path is not one of this template. An app may hold slashes, a stream
  /// none.
  [[nodiscard]] std::optional<MountedName> match(std::string_view path) const;

 private:
  [[nodiscard]] std::optional<MountedName> split(std::string_view names) const;

  enum class Names : uint8_t { kNone, kStream, kAppThenStream, kStreamThenApp };

  // `before_`[app]`between_`[stream]`after_`, or the other way round.
  Names names_ = Names::kNone;
  std::string before_;
  std::string between_;
  std::string after_;
};

}  // namespace millrace::http_server
