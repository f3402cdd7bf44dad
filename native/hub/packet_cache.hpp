#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ring.hpp"
#include "hub/packet_source.hpp"

namespace millrace {

/// The packets of a stream since the newest random access point of each source of video: for
/// players that come later. One loop's own.
///
/// Bounded: a picture that is older than what fits is of no use to a player who wants to be live,
/// and a publisher of WebRTC can be asked for another.
class PacketCache {
 public:
  void add(const PacketSourceRef& source, const rtp::MediaPacketRef& packet);
  void clear() { sources_.clear(); }
  /// Calls `visit(source, packet)` for all that is kept, source by source in the order of arrival.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& row : sources_) {
      for (size_t i = 0; i < row->packets.size(); ++i) {
        visit(row->source, row->packets[i]);
      }
    }
  }
  [[nodiscard]] bool empty() const { return sources_.empty(); }

 private:
  struct Row {
    PacketSourceRef source;
    Ring<rtp::MediaPacketRef> packets;  // empty: waits for a random access point
    size_t bytes = 0;
    std::optional<int64_t> random_access_timestamp;
    void drop() {
      packets.clear();
      bytes = 0;
    }
  };
  Row& row_of(const PacketSourceRef& source);

  std::vector<std::unique_ptr<Row>> sources_;
};

}  // namespace millrace
