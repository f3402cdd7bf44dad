#pragma once

#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// What the payload formats of H.264 (RFC 6184) and HEVC (RFC 7798) share: small units go together
/// into aggregation packets, units over the maximum size are cut into fragmentation units, and the
/// parameter sets of the track go before each random access point that does not bring its own.
class NalPacketizer : public Packetizer {
 protected:
  /// What a unit is to the packetizer.
  enum class Role : uint8_t {
    kMedia,
    kParameterSet,
    kLeftOut,  // delimiters and filler data: receivers of RTP have no use for them
  };

  /// @param header_size  bytes of the NAL unit header: 1 in H.264, 2 in HEVC.
  NalPacketizer(BlockPool& pool, CodecId codec, size_t max_payload_size, size_t header_size)
      : Packetizer(pool, codec, 90000, max_payload_size), header_size_(header_size) {}

  Status write(const Frame& frame) final;

  [[nodiscard]] virtual Role role_of(Bytes nal) const = 0;
  /// Writes the payload header of an aggregation packet, header_size bytes.
  virtual void write_aggregation_header(std::span<uint8_t> out,
                                        std::span<const Bytes> units) const = 0;
  /// Writes payload header and FU header of a fragment, header_size + 1 bytes.
  virtual void write_fragment_header(std::span<uint8_t> out, Bytes nal, bool start,
                                     bool end) const = 0;

 private:
  void write_single(Bytes nal);
  void write_aggregate(std::span<const Bytes> units, size_t payload_size);
  void write_fragments(Bytes nal);

  const size_t header_size_;
  std::vector<Bytes> units_;  // of the frame at hand; kept for its memory
};

}  // namespace millrace::rtp
