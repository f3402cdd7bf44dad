#include "hub/packet_cache.hpp"

#include <algorithm>

namespace millrace {

namespace {

// Two seconds of 10 Mbit/s: who comes later in a longer group of pictures is better served with a
// new random access point than with a burst.
constexpr size_t kMaxPackets = 2048;
constexpr size_t kMaxBytes = size_t{3} << 20;

}  // namespace

PacketCache::Row& PacketCache::row_of(const PacketSourceRef& source) {
  for (const auto& row : sources_) {
    if (row->source == source) {
      return *row;
    }
  }
  std::erase_if(sources_, [&](const auto& row) { return row->source->same_place(*source); });
  sources_.push_back(std::make_unique<Row>());
  sources_.back()->source = source;
  return *sources_.back();
}

void PacketCache::add(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
  if (!source->is_video()) {
    return;  // sound of the past would have to be heard
  }
  Row& row = row_of(source);
  // Of the packets of a picture that look like its beginning the first counts.
  if (packet->info.starts_random_access && row.random_access_timestamp != packet->timestamp) {
    row.drop();
    row.random_access_timestamp = packet->timestamp;
  } else if (row.packets.empty()) {
    return;
  }
  row.packets.push_back(packet);
  row.bytes += packet->payload().size();
  if (row.packets.size() > kMaxPackets || row.bytes > kMaxBytes) {
    row.drop();
  }
}

}  // namespace millrace
