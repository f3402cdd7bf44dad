#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "media/media_time.hpp"

namespace millrace {

class LoopHub;

/// Which loop publishes a stream and which loops want it. The one thing of the hub that all loops
/// share, under a mutex that is taken when a session starts or ends, never per frame.
class Directory {
 public:
  struct Mirror {
    LoopHub* hub = nullptr;
    uint64_t id = 0;  // of the mirror in its loop
    friend bool operator==(const Mirror&, const Mirror&) = default;
  };

  struct Begun {
    uint64_t publication = 0;     // its number, unlike any before it
    std::vector<Mirror> mirrors;  // that wait for the stream
    std::optional<MediaTime>
        continue_after;  // last DTS of the publisher before, while anybody stayed
  };
  /// @return nullopt when the stream is published already.
  std::optional<Begun> begin_publish(const std::string& stream, LoopHub& hub);
  void end_publish(const std::string& stream, LoopHub& hub, MediaTime last_dts);

  [[nodiscard]] bool is_published(const std::string& stream);
  /// The loop that publishes it; null when nobody does.
  [[nodiscard]] LoopHub* publisher_of(const std::string& stream);

  /// @return the loop that publishes, to be asked for the stream; null when nobody does.
  LoopHub* begin_mirror(const std::string& stream, Mirror mirror);
  LoopHub* end_mirror(const std::string& stream, Mirror mirror);
  /// Whether the mirror still wants the stream: a request of its may arrive after it has left.
  [[nodiscard]] bool has_mirror(const std::string& stream, Mirror mirror);

 private:
  struct Entry {
    LoopHub* publisher = nullptr;
    std::optional<MediaTime> last_dts;
    std::vector<Mirror> mirrors;
    [[nodiscard]] bool unused() const { return publisher == nullptr && mirrors.empty(); }
  };
  void drop_if_unused(const std::string& stream);

  std::mutex mutex_;
  uint64_t publications_ = 0;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace millrace
