#pragma once

#include <span>
#include <vector>

#include "rtp/payload/nal_depacketizer.hpp"
#include "rtp/payload/nal_packetizer.hpp"

namespace millrace::rtp {

/// HEVC into RTP. Source: RFC 7798 §4.4: single NAL unit packets (§4.4.1), aggregation packets
/// (§4.4.2), fragmentation units (§4.4.3); single stream, without decoding order numbers
/// (sprop-max-don-diff 0).
class H265Packetizer final : public NalPacketizer {
 public:
  H265Packetizer(BlockPool& pool, size_t max_payload_size)
      : NalPacketizer(pool, CodecId::kH265, max_payload_size, 2) {}

 private:
  [[nodiscard]] Role role_of(Bytes nal) const override;
  void write_aggregation_header(std::span<uint8_t> out,
                                std::span<const Bytes> units) const override;
  void write_fragment_header(std::span<uint8_t> out, Bytes nal, bool start,
                             bool end) const override;
};

/// HEVC from RTP, without decoding order numbers. PACI packets (§4.4.4) are refused.
class H265Depacketizer final : public NalDepacketizer {
 public:
  /// @param parameter_sets  from `sprop-vps`, `sprop-sps`, `sprop-pps`, §7.1; may be empty.
  H265Depacketizer(BlockPool& pool, std::span<const BufferRef> parameter_sets);

 private:
  Status append(Bytes payload) override;
  [[nodiscard]] Role role_of(Bytes nal) const override;
  Status put_parameter_set(Bytes nal, ParameterSets& sets) override;
  Result<Ref<Track>> make_track(const ParameterSets& sets) override;
  [[nodiscard]] Picture inspect(Bytes bytes, const std::vector<NalUnit>& units) const override;
};

/// A random access point starts with a VPS or SPS, or with the first slice of an IRAP picture.
[[nodiscard]] PayloadInfo inspect_h265_payload(Bytes payload);

}  // namespace millrace::rtp
