#pragma once

#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// VP8 payload descriptor, RFC 7741 §4.2.
struct Vp8Descriptor {
  bool non_reference = false;       // N
  bool start_of_partition = false;  // S
  uint8_t partition = 0;            // PID
  int32_t picture_id = -1;          // -1: not there
  int16_t tl0_pic_idx = -1;
  int8_t temporal_id = -1;
  bool layer_sync = false;  // Y
  int8_t key_idx = -1;
  uint8_t picture_id_offset = 0;  // in the payload; 0: not there
  uint8_t tl0_pic_idx_offset = 0;
  uint8_t size = 0;  // bytes of the descriptor

  /// @return kRtpPayloadMalformed when the descriptor is cut or nothing follows it.
  [[nodiscard]] static Result<Vp8Descriptor> parse(Bytes payload);
};

/// VP8 into RTP with 15 bit picture ids. Source: RFC 7741 §4.
class Vp8Packetizer final : public Packetizer {
 public:
  Vp8Packetizer(BlockPool& pool, size_t max_payload_size)
      : Packetizer(pool, CodecId::kVp8, 90000, max_payload_size) {}

 private:
  Status write(const Frame& frame) override;

  uint16_t picture_id_ = 0;
};

class Vp8Depacketizer final : public VideoDepacketizer {
 public:
  explicit Vp8Depacketizer(BlockPool& pool) : VideoDepacketizer(pool, CodecId::kVp8) {}

 private:
  Status append(Bytes payload) override;
  Result<Ref<Frame>> finish() override;
  void abandon() override { bytes_.clear(); }
};

/// A random access point starts with the first partition of a key frame.
[[nodiscard]] PayloadInfo inspect_vp8_payload(Bytes payload);

}  // namespace millrace::rtp
