#pragma once

#include <span>
#include <vector>

#include "rtp/payload/nal_depacketizer.hpp"
#include "rtp/payload/nal_packetizer.hpp"

namespace millrace::rtp {

/// H.264 into RTP. Source: RFC 6184, packetization mode 1 (non-interleaved): single NAL unit
/// packets (§5.6), STAP-A (§5.7.1), FU-A (§5.8).
class H264Packetizer final : public NalPacketizer {
 public:
  H264Packetizer(BlockPool& pool, size_t max_payload_size, Sei sei = Sei::kKeep)
      : NalPacketizer(pool, CodecId::kH264, max_payload_size, 1), sei_(sei) {}

 private:
  [[nodiscard]] Role role_of(Bytes nal) const override;
  void write_aggregation_header(std::span<uint8_t> out,
                                std::span<const Bytes> units) const override;
  void write_fragment_header(std::span<uint8_t> out, Bytes nal, bool start,
                             bool end) const override;

  const Sei sei_;
};

/// H.264 from RTP, packetization modes 0 and 1. STAP-B, MTAP and FU-B (mode 2) are refused.
class H264Depacketizer final : public NalDepacketizer {
 public:
  /// @param parameter_sets  from `sprop-parameter-sets`, §8.1; may be empty.
  H264Depacketizer(BlockPool& pool, std::span<const BufferRef> parameter_sets);

 private:
  Status append(Bytes payload) override;
  [[nodiscard]] Role role_of(Bytes nal) const override;
  Status put_parameter_set(Bytes nal, ParameterSets& sets) override;
  Result<Ref<Track>> make_track(const ParameterSets& sets) override;
  [[nodiscard]] Picture inspect(Bytes bytes, const std::vector<NalUnit>& units) const override;
};

/// A random access point starts with an SPS, or with the first slice of an IDR picture.
[[nodiscard]] PayloadInfo inspect_h264_payload(Bytes payload);

}  // namespace millrace::rtp
