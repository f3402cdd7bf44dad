#include "io/machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

namespace millrace {

namespace {

size_t machine_memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page_bytes)
                                     : 0;
}

/// `memory.max` holds a number or "max" (Linux, admin-guide/cgroup-v2). @return 0 for no limit.
size_t limit_of_group(const std::string& folder) {
  std::ifstream file(folder + "/memory.max");
  uint64_t bytes = 0;
  return file >> bytes ? bytes : 0;
}

/// Path of this process's group below the root of cgroup v2, as "/system.slice/millrace.service".
std::string own_group(const std::string& membership_file) {
  std::ifstream file(membership_file);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) {
      return line.substr(3);
    }
  }
  return "/";
}

/// A group has no more than any of those around it.
size_t cgroup_limit_bytes(const std::string& root, std::string group) {
  size_t lowest = 0;
  for (;;) {
    if (const size_t limit = limit_of_group(root + group); limit != 0) {
      lowest = lowest == 0 ? limit : std::min(lowest, limit);
    }
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos) {
      return lowest;
    }
    group.resize(slash);
  }
}

}  // namespace

size_t usable_memory_bytes(const std::string& cgroup_root, const std::string& membership_file) {
  const size_t machine = machine_memory_bytes();
  const size_t limit = cgroup_limit_bytes(cgroup_root, own_group(membership_file));
  return limit == 0 ? machine : machine == 0 ? limit : std::min(machine, limit);
}

}  // namespace millrace
