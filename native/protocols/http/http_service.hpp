#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "protocols/http/request_parser.hpp"
#include "protocols/http/response_writer.hpp"
#include "protocols/http/static_files.hpp"

namespace millrace::http {

/// How long a peer, or who answers it, may take.
struct HttpDeadlines {
  Duration head = seconds(15);  // from the first byte of a request to the end of its head
  Duration body =
      seconds(30);  // for a body that is collected; between two pieces of one that streams
  Duration idle = seconds(30);         // between two requests
  Duration answer = seconds(60);       // for the handler; above what it allows itself
  Duration no_progress = seconds(30);  // a peer that takes nothing of an answer for so long is cut
};

/// What the operator sets, and all connections of a listener share.
struct HttpSettings {
  std::string server = "Millrace";  // Server field
  Cors cors = Cors::kNo;            // `crossdomain`: CORS fields for requests that carry Origin
  std::vector<StaticMount> mounts;
  /// Paths that begin so never come from a folder: the API must not be shadowed by a file, nor a
  /// file be reached around the API's credentials.
  std::vector<std::string> control_prefixes{"/api/", "/rtc/", "/gb/", "/metrics", "/console/api/"};
  RequestLimits limits;
  HttpDeadlines deadlines;
};

/// What the HTTP sessions of one loop share. Replaced settings hold from each session's next
/// request.
class HttpService {
 public:
  explicit HttpService(HttpSettings settings);

  void configure(HttpSettings settings);

  [[nodiscard]] const HttpSettings& settings() const { return settings_; }
  [[nodiscard]] StaticFiles& files() { return files_; }
  /// The writer, with its Date field at the present time.
  [[nodiscard]] const ResponseWriter& writer();
  [[nodiscard]] bool is_control_path(std::string_view path) const;

 private:
  HttpSettings settings_;
  StaticFiles files_;
  ResponseWriter writer_;
};

}  // namespace millrace::http
