#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/ref.hpp"
#include "media/codec_id.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace {

/// One row of RTP packets that a publisher sends: an SSRC, of video perhaps one layer of simulcast.
/// Immutable, shared by all threads. An encoder that begins anew is another source of the same kind
/// and rid, and takes the place of the one before.
class PacketSource {
 public:
  struct Description {
    uint32_t number = 0;  // within the publication, from 1 on
    TrackKind kind = TrackKind::kVideo;
    CodecId codec = CodecId::kUnknown;
    uint32_t clock_rate = 90'000;
    std::string rid;  // of a layer, RFC 8852; empty: there is one only
  };

  static Ref<const PacketSource> make(Description description) {
    return Ref<const PacketSource>::adopt(new PacketSource(std::move(description)));
  }

  [[nodiscard]] const Description& description() const { return description_; }
  [[nodiscard]] bool is_video() const { return description_.kind == TrackKind::kVideo; }
  /// Whether packets of one follow those of the other.
  [[nodiscard]] bool same_place(const PacketSource& other) const {
    return description_.kind == other.description_.kind &&
           description_.rid == other.description_.rid;
  }

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  explicit PacketSource(Description description) : description_(std::move(description)) {}
  ~PacketSource() = default;

  const Description description_;
  mutable std::atomic<uint32_t> references_{1};
};
using PacketSourceRef = Ref<const PacketSource>;

/// A packet and what it is of.
struct SourcedPacket {
  PacketSourceRef source;
  rtp::MediaPacketRef packet;
};

/// What takes a stream's RTP packets as they came: in the order of arrival, which need not be that
/// of their numbers, each once. On the loop of the stream that feeds it.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  virtual void on_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) = 0;
};

}  // namespace millrace
