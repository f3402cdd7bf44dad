#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::hls {

using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

/// The three parts of a stream's name, checked by the control plane.
struct StreamName {
  std::string vhost;
  std::string app;
  std::string stream;
};

/// What the variables of a file name stand for. Those of one segment are missing for a playlist's
/// name, and their variables then stay as they are.
struct TemplateValues {
  const StreamName& name;
  struct PerSegment {
    uint64_t sequence = 0;
    std::chrono::milliseconds duration{0};
    /// [timestamp]: milliseconds since 1970, or the number of the fragment with hls_ts_floor.
    int64_t timestamp = 0;
    WallTime started;  // what the date variables show
    bool utc = false;  // else local time
    std::string_view random{};
  };
  std::optional<PerSegment> segment;
};

/// Replaces the variables [vhost] [app] [stream], and for segments and keys [seq] [duration] (ms)
/// [timestamp] [2006] (year) [01] (month) [02] (day) [15] (hour) [04] (minute) [05] (second) [999]
/// (ms) [random]. What is in brackets and no variable stays.
[[nodiscard]] std::string expand(std::string_view text, const TemplateValues& values);

/// May the path, which came out of a template, be used below a folder? Refuses what could leave it
/// or what a file system cannot hold: absolute paths, empty, `.` and `..` segments, backslashes,
/// control characters, segments over 240 bytes (room for a suffix in NAME_MAX), paths over 1024.
[[nodiscard]] bool is_safe_relative_path(std::string_view path);

}  // namespace millrace::hls
