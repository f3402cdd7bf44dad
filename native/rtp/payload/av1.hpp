#pragma once

#include <vector>

#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// AV1 into RTP. Source: RTP Payload Format For AV1 v1.0 §4: OBU elements behind an aggregation
/// header. OBUs lose their size fields; temporal delimiters, tile lists and padding are left out
/// (§5). A random access point without a sequence header gets that of the track.
class Av1Packetizer final : public Packetizer {
 public:
  Av1Packetizer(BlockPool& pool, size_t max_payload_size)
      : Packetizer(pool, CodecId::kAv1, 90000, max_payload_size) {}

 private:
  /// An OBU without size field: its header, as it is sent, and what follows it.
  struct Element {
    uint8_t header[2];
    uint8_t header_size;
    Bytes payload;
    [[nodiscard]] size_t size() const { return header_size + payload.size(); }
  };
  /// A part of an element in the packet at hand.
  struct Piece {
    const Element* element;
    size_t offset;
    size_t size;
  };

  Status write(const Frame& frame) override;
  Status collect(Bytes obus, bool& has_sequence_header);
  void write_packet(std::span<const Piece> pieces, bool continues, bool continued,
                    bool new_sequence);

  std::vector<Element> elements_;  // of the frame at hand; kept for its memory
};

/// AV1 from RTP. Frames are temporal units in low-overhead format, each OBU with a size field,
/// without temporal delimiters; the track follows the sequence header.
class Av1Depacketizer final : public VideoDepacketizer {
 public:
  explicit Av1Depacketizer(BlockPool& pool) : VideoDepacketizer(pool, CodecId::kAv1) {}

 private:
  Status append(Bytes payload) override;
  Result<Ref<Frame>> finish() override;
  void abandon() override;
  Status end_obu();

  std::vector<uint8_t> obu_;  // the OBU element at hand
  bool obu_continues_ = false;
  BufferRef sequence_header_;  // the one that track_ was made of
};

/// A random access point starts with the N bit, §4.4.
[[nodiscard]] PayloadInfo inspect_av1_payload(Bytes payload);

}  // namespace millrace::rtp
