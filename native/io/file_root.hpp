#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "io/fd.hpp"

namespace millrace {

/// A folder whose files may be opened by names that strangers choose. Whatever the name and
/// whatever symbolic links lie in it, no file outside of the folder is ever opened: the kernel sees
/// to that (openat2, RESOLVE_BENEATH). Where a kernel or a sandbox does not have the call, every
/// symbolic link is refused instead.
///
/// One per thread. The folder may be made later than this object, and be replaced while it is used.
class FileRoot {
 public:
  /// How names are looked up. kKernel is kWithoutLinks where the kernel has no openat2.
  enum class Lookup : uint8_t { kKernel, kWithoutLinks };

  explicit FileRoot(std::string folder, Lookup lookup = Lookup::kKernel)
      : folder_(std::move(folder)), lookup_(lookup) {}

  /// Opens for reading; folders, pipes and devices too, without waiting for them.
  /// @param name  relative, without a leading slash; empty is the folder itself. Made of segments
  /// that are neither empty nor `.` nor `..`.
  /// @return kNotFound, kOutOfDescriptors, or kIoError (detail: errno; EACCES above all).
  [[nodiscard]] Result<Fd> open(std::string_view name);

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  [[nodiscard]] bool open_folder();
  [[nodiscard]] bool folder_was_removed() const;
  [[nodiscard]] Fd open_beneath(const std::string& name);
  [[nodiscard]] Fd open_without_links(const std::string& name) const;

  std::string folder_;
  Fd root_;
  Lookup lookup_;
};

}  // namespace millrace
