#pragma once

#include <cstddef>
#include <string>

#include "base/buffer_chain.hpp"
#include "base/result.hpp"

namespace millrace {

/// The operations on files that the server makes, so that tests can have a full disk. Called on
/// worker threads only: any of them may block for as long as the disk likes. Errors are kIoError,
/// or kOutOfDescriptors for EMFILE and ENFILE; the errno is the detail.
class Files {
 public:
  virtual ~Files() = default;

  /// Writes the whole file or leaves the old one: the bytes go to `path` + ".tmp", which then takes
  /// the name. Missing folders are made. Nothing of a failed attempt stays.
  virtual Status write(const std::string& path, const BufferChain& body) = 0;

  /// A file that is not there counts as removed.
  virtual Status remove(const std::string& path) = 0;

  /// The first `limit` bytes of the file.
  virtual Result<BufferRef> read(const std::string& path, size_t limit) = 0;
};

/// The real ones.
class SystemFiles final : public Files {
 public:
  Status write(const std::string& path, const BufferChain& body) override;
  Status remove(const std::string& path) override;
  Result<BufferRef> read(const std::string& path, size_t limit) override;
};

}  // namespace millrace
