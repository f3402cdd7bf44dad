#include "io/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "io/fd.hpp"

namespace millrace {
namespace {

Error error_of(int number) {
  const bool descriptors = number == EMFILE || number == ENFILE;
  return {descriptors ? ErrorCode::kOutOfDescriptors : ErrorCode::kIoError,
          static_cast<uint32_t>(number)};
}

/// Makes the folders above `path`, from the outermost on. What already exists is no error; what
/// cannot be made shows when the file is opened.
void make_folders_above(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  }
}

Result<Fd> open_for_writing(const std::string& path) {
  // No O_EXCL: a leftover of a killed process is to be written over.
  const auto attempt = [&path] {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  };
  Fd fd(attempt());
  if (!fd && errno == ENOENT) {
    make_folders_above(path);
    fd = Fd(attempt());
  }
  if (!fd) {
    return error_of(errno);
  }
  return fd;
}

Status write_all(int fd, const BufferChain& body) {
  std::array<iovec, 64> pieces{};
  size_t part = 0;
  size_t offset = 0;  // within parts[part]
  while (part < body.parts.size()) {
    size_t count = 0;
    for (size_t i = part; i < body.parts.size() && count < pieces.size(); ++i, ++count) {
      const size_t skip = i == part ? offset : 0;
      pieces[count].iov_base = const_cast<uint8_t*>(body.parts[i]->data()) + skip;
      pieces[count].iov_len = body.parts[i]->size() - skip;
    }
    const ssize_t written = ::writev(fd, pieces.data(), static_cast<int>(count));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return error_of(errno);
    }
    offset += static_cast<size_t>(written);
    while (part < body.parts.size() && offset >= body.parts[part]->size()) {
      offset -= body.parts[part]->size();
      ++part;
    }
  }
  return {};
}

}  // namespace

Status SystemFiles::write(const std::string& path, const BufferChain& body) {
  const std::string temporary = path + ".tmp";
  auto fd = open_for_writing(temporary);
  if (!fd.ok()) {
    return fd.error();
  }
  Status status = write_all(fd->get(), body);
  // Some file systems tell only here that there was no room.
  if (::close(fd->release()) != 0 && status.ok()) {
    status = error_of(errno);
  }
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = error_of(errno);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
  }
  return status;
}

Status SystemFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return error_of(errno);
  }
  return {};
}

Result<BufferRef> SystemFiles::read(const std::string& path, size_t limit) {
  // Not blocking: a FIFO in the file's place would else hold the thread for ever.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return error_of(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return error_of(EINVAL);
  }
  auto buffer = Buffer::make(std::min(limit, static_cast<size_t>(status.st_size)));
  size_t size = 0;
  while (size < buffer->size()) {
    const ssize_t got = ::read(fd.get(), buffer->data() + size, buffer->size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return error_of(errno);
    }
    if (got == 0) {
      break;
    }
    size += static_cast<size_t>(got);
  }
  buffer->shrink(size);
  return BufferRef(std::move(buffer));
}

}  // namespace millrace
