#pragma once

#include <cstddef>
#include <string>

namespace millrace {

/// Memory that this process may use: the machine's, or the limit of its control group where that is
/// lower (containers, services with MemoryMax). Bytes; 0 when neither can be read.
/// @param cgroup_root  where cgroup v2 is mounted; other values are for tests.
/// @param membership_file  says which group the process is in.
[[nodiscard]] size_t usable_memory_bytes(const std::string& cgroup_root = "/sys/fs/cgroup",
                                         const std::string& membership_file = "/proc/self/cgroup");

}  // namespace millrace
