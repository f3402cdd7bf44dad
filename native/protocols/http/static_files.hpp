#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/fd.hpp"
#include "io/file_root.hpp"
#include "protocols/http/range.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

/// A folder that is served under a path: `http_server.dir` at `/`, and each vhost's `http_static`.
struct StaticMount {
  std::string host;    // name in Host or in the query's `vhost`; empty: any
  std::string prefix;  // begins and ends with `/`
  std::string folder;
};

/// How a file is to be answered: head and bytes, but nothing sent yet.
struct FileAnswer {
  unsigned status = 200;  // 200, 206, 304, 416; 301 for a folder without its slash
  std::string_view content_type;
  std::string_view cache_control;  // empty: no such field
  std::string etag;
  int64_t modified_unix_s = 0;
  std::string content_range;  // of 206 and 416; else empty
  std::string location;       // of 301
  /// Sent before the file's bytes: the head of an FLV that is played from its middle.
  std::vector<uint8_t> before;
  Fd file;
  uint64_t offset = 0;
  uint64_t size = 0;  // bytes of the file to send, from `offset`
};

/// Serves files. One per loop: it keeps its folders open. Opening and reading may wait for a disk,
/// as nginx's workers do; what is live is served from memory and never comes here.
class StaticFiles {
 public:
  explicit StaticFiles(const std::vector<StaticMount>& mounts);

  /// Answers GET and HEAD.
  /// - `/` at the end means index.html below it; a folder without it is redirected there, always as
  /// a
  ///   path of this server.
  /// - Range, If-Range, If-None-Match and If-Modified-Since; for `.mp4` also `?range=` and
  /// `?bytes=`.
  /// - `.flv` with `?start=` (a byte offset, as Flash players seek): file header, sequence headers,
  ///   then the bytes from there.
  /// @param host  name that was asked for, without port.
  /// @return kHttpNotFound, kHttpForbidden, kOutOfDescriptors, kIoError (detail: errno).
  [[nodiscard]] Result<FileAnswer> open(const Request& request, std::string_view host);

 private:
  struct Mount {
    std::string host;
    std::string prefix;
    std::unique_ptr<FileRoot> root;
  };
  [[nodiscard]] Mount* find(std::string_view host, std::string_view path);

  std::vector<Mount> mounts_;  // longest prefix first, those of one host before those of any
};

}  // namespace millrace::http
