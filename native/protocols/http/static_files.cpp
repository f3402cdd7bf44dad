#include "protocols/http/static_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>

#include "protocols/http/byte_selection.hpp"
#include "protocols/http/flv_seek.hpp"
#include "protocols/http/header_text.hpp"
#include "protocols/http/mime.hpp"
#include "protocols/http/percent.hpp"
#include "protocols/http/query.hpp"

namespace millrace::http {

namespace {

// Where sequence headers are looked for. Writers put them first; 128 KB leaves room for large
// metadata (an index of key frames takes 18 bytes for each).
constexpr size_t kFlvLookedThroughBytes = size_t{128} << 10;

Error http_error(Error error) {
  if (error.code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kHttpNotFound};
  }
  if (error.code == ErrorCode::kIoError && (error.detail == EACCES || error.detail == EPERM)) {
    return Error{ErrorCode::kHttpForbidden};
  }
  return error;
}

/// Nanoseconds, not seconds: a playlist is rewritten more than once within one.
std::string make_etag(const struct stat& status) {
  const auto modified_ns = static_cast<uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                           static_cast<uint64_t>(status.st_mtim.tv_nsec);
  std::array<char, 48> text;
  const int size = std::snprintf(text.data(), text.size(), "\"%" PRIx64 "-%" PRIx64 "\"",
                                 modified_ns, static_cast<uint64_t>(status.st_size));
  return {text.data(), static_cast<size_t>(size)};
}

std::string folder_location(const Request& request) {
  std::string location = encode_path(request.path);
  location.push_back('/');
  if (!request.query.empty()) {
    location.append("?").append(request.query);
  }
  return location;
}

/// `?range=a-b` or `?bytes=a-b` of an MP4, as Flash players seek.
std::optional<std::string_view> range_of_query(const Request& request) {
  if (!equals_ignoring_case(extension(request.path), "mp4")) {
    return std::nullopt;
  }
  const auto range = query_value(request.query, "range");
  return range ? range : query_value(request.query, "bytes");
}

/// The byte offset of `?start=` of an FLV; 0 when there is none that makes sense.
uint64_t flv_start(const Request& request, uint64_t size) {
  if (!equals_ignoring_case(extension(request.path), "flv")) {
    return 0;
  }
  const auto start = query_value(request.query, "start");
  const uint64_t offset = start ? parse_decimal(*start).value_or(0) : 0;
  return offset < size ? offset : 0;
}

std::vector<uint8_t> read_flv_head(int file, uint64_t size) {
  std::vector<uint8_t> beginning(
      static_cast<size_t>(std::min<uint64_t>(size, kFlvLookedThroughBytes)));
  const ssize_t got = ::pread(file, beginning.data(), beginning.size(), 0);
  return flv_seek_head(Bytes(beginning).first(static_cast<size_t>(std::max<ssize_t>(got, 0))));
}

void choose_bytes(FileAnswer& answer, const Request& request, uint64_t size) {
  const auto spec = range_of_query(request);
  ByteSelection part = spec ? select_bytes(select_range_spec(*spec, size), size)
                            : select_bytes(request, {answer.etag, answer.modified_unix_s}, size);
  const uint64_t start = flv_start(request, size);
  if (start > 0 && part.status != 304) {
    answer.before = read_flv_head(answer.file.get(), size);
    if (!answer.before.empty()) {
      part = {200, start, size - start, {}};
    }
  }
  answer.status = part.status;
  answer.offset = part.offset;
  answer.size = part.size;
  answer.content_range = std::move(part.content_range);
}

}  // namespace

StaticFiles::StaticFiles(const std::vector<StaticMount>& mounts) {
  for (const StaticMount& mount : mounts) {
    mounts_.push_back({mount.host, mount.prefix, std::make_unique<FileRoot>(mount.folder)});
  }
  std::stable_sort(mounts_.begin(), mounts_.end(), [](const Mount& a, const Mount& b) {
    if (a.host.empty() != b.host.empty()) {
      return b.host.empty();
    }
    return a.prefix.size() > b.prefix.size();
  });
}

StaticFiles::Mount* StaticFiles::find(std::string_view host, std::string_view path) {
  for (Mount& mount : mounts_) {
    if (path.starts_with(mount.prefix) &&
        (mount.host.empty() || equals_ignoring_case(mount.host, host))) {
      return &mount;
    }
  }
  return nullptr;
}

Result<FileAnswer> StaticFiles::open(const Request& request, std::string_view host) {
  Mount* mount = find(host, request.path);
  if (mount == nullptr) {
    return ErrorCode::kHttpNotFound;
  }
  std::string name(request.path.substr(mount->prefix.size()));
  if (request.path.ends_with('/')) {
    name += "index.html";
  }
  Result<Fd> file = mount->root->open(name);
  if (!file) {
    return http_error(file.error());
  }
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) {
    return Error{ErrorCode::kIoError, static_cast<uint32_t>(errno)};
  }
  FileAnswer answer;
  if (S_ISDIR(status.st_mode) && !request.path.ends_with('/')) {
    answer.status = 301;
    answer.location = folder_location(request);
    return answer;
  }
  if (!S_ISREG(status.st_mode)) {
    return ErrorCode::kHttpNotFound;
  }
  answer.file = std::move(*file);
  answer.content_type = mime_type(name);
  answer.cache_control = is_playlist(answer.content_type) ? "no-cache" : "";
  answer.etag = make_etag(status);
  answer.modified_unix_s = status.st_mtim.tv_sec;
  choose_bytes(answer, request, static_cast<uint64_t>(status.st_size));
  return answer;
}

}  // namespace millrace::http
