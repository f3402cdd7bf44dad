#include "io/file_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

namespace millrace {

namespace {

// O_NONBLOCK: opening a pipe must not wait for its writer.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
// RESOLVE_BENEATH gives EAGAIN when a rename elsewhere could have let the walk escape.
constexpr int kTriesAgainstRenames = 4;

Error error_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:  // a link that leads out
    case ENAMETOOLONG:
    case EINVAL:
    case ENXIO:  // a socket
      return Error{ErrorCode::kNotFound, static_cast<uint32_t>(number)};
    case EMFILE:
    case ENFILE:
      return Error{ErrorCode::kOutOfDescriptors, static_cast<uint32_t>(number)};
    default:
      return Error{ErrorCode::kIoError, static_cast<uint32_t>(number)};
  }
}

}  // namespace

Result<Fd> FileRoot::open(std::string_view name) {
  if (!root_ && !open_folder()) {
    return error_of(errno);
  }
  const std::string path(name.empty() ? "." : name);
  Fd file = open_beneath(path);
  if (!file && errno == ENOENT && folder_was_removed()) {
    root_.reset();
    if (!open_folder()) {
      return error_of(errno);
    }
    file = open_beneath(path);
  }
  if (!file) {
    return error_of(errno);
  }
  return file;
}

bool FileRoot::open_folder() {
  root_ = Fd(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return static_cast<bool>(root_);
}

bool FileRoot::folder_was_removed() const {
  struct stat status {};
  const bool removed = ::fstat(root_.get(), &status) != 0 || status.st_nlink == 0;
  errno = ENOENT;
  return removed;
}

Fd FileRoot::open_beneath(const std::string& name) {
  if (lookup_ == Lookup::kKernel) {
    open_how how{};
    how.flags = kReadFlags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (int attempt = 0; attempt < kTriesAgainstRenames; ++attempt) {
      const auto fd =
          static_cast<int>(::syscall(SYS_openat2, root_.get(), name.c_str(), &how, sizeof how));
      if (fd >= 0) {
        return Fd(fd);
      }
      if (errno != EAGAIN && errno != EINTR) {
        break;
      }
    }
    // EPERM: sandboxes made before the call existed refuse what they do not know.
    if (errno != ENOSYS && errno != EPERM) {
      return {};
    }
    lookup_ = Lookup::kWithoutLinks;
  }
  return open_without_links(name);
}

Fd FileRoot::open_without_links(const std::string& name) const {
  Fd folder;
  size_t at = 0;
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', at)) {
    const std::string segment = name.substr(at, slash - at);
    if (segment == "..") {
      errno = EXDEV;
      return {};
    }
    const int from = folder ? folder.get() : root_.get();
    folder = Fd(::openat(from, segment.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
      return {};
    }
    at = slash + 1;
  }
  const std::string segment = name.substr(at);
  if (segment == "..") {
    errno = EXDEV;
    return {};
  }
  return Fd(
      ::openat(folder ? folder.get() : root_.get(), segment.c_str(), kReadFlags | O_NOFOLLOW));
}

}  // namespace millrace
