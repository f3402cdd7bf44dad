#pragma once

#include "base/bounded_list.hpp"
#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// VP9 payload descriptor, RFC 9628 §4.2. Of the scalability structure (§4.2.1) only the size is
/// looked at.
struct Vp9Descriptor {
  bool inter_picture_predicted = false;  // P
  bool flexible_mode = false;            // F
  bool start_of_frame = false;           // B
  bool end_of_frame = false;             // E
  bool not_reference_for_upper = false;  // Z
  int32_t picture_id = -1;               // -1: not there
  bool has_layers = false;               // L
  uint8_t temporal_id = 0;
  bool switching_up = false;  // U
  uint8_t spatial_id = 0;
  bool inter_layer_dependency = false;  // D
  int16_t tl0_pic_idx = -1;
  uint8_t picture_id_offset = 0;  // in the payload; 0: not there
  uint8_t tl0_pic_idx_offset = 0;
  uint16_t size = 0;  // bytes of the descriptor

  /// @return kRtpPayloadMalformed when the descriptor is cut or nothing follows it.
  [[nodiscard]] static Result<Vp9Descriptor> parse(Bytes payload);
};

/// VP9 into RTP: flexible mode (§4.2, F = 1), each picture refers to the one before, one layer.
class Vp9Packetizer final : public Packetizer {
 public:
  Vp9Packetizer(BlockPool& pool, size_t max_payload_size)
      : Packetizer(pool, CodecId::kVp9, 90000, max_payload_size) {}

 private:
  Status write(const Frame& frame) override;

  uint16_t picture_id_ = 0;
};

/// VP9 from RTP. The layer frames of a picture become one superframe (VP9 bitstream, Annex B).
class Vp9Depacketizer final : public VideoDepacketizer {
 public:
  explicit Vp9Depacketizer(BlockPool& pool) : VideoDepacketizer(pool, CodecId::kVp9) {}

 private:
  Status append(Bytes payload) override;
  Result<Ref<Frame>> finish() override;
  void abandon() override;

  /// A superframe has at most 8 frames.
  BoundedList<uint32_t, 8> layer_sizes_;  // bytes of the layer frames that are whole
  bool layer_is_open_ = false;
};

/// A random access point starts with the lowest layer of a picture that refers to no other.
[[nodiscard]] PayloadInfo inspect_vp9_payload(Bytes payload);

}  // namespace millrace::rtp
