#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "codecs/h265/nal_unit.hpp"
#include "codecs/h265/parameter_sets.hpp"
#include "media/track.hpp"

namespace millrace::h265 {

/// HEVCDecoderConfigurationRecord (`hvcC`), ISO/IEC 14496-15 §8.3.3.1. Borrows the bytes it was
/// parsed from.
struct DecoderConfiguration {
  /// Most NAL units in a record. The standard has 16 VPS, 16 SPS and 64 PPS.
  static constexpr size_t kMaxUnits = 128;

  /// NAL units of one type.
  struct Array {
    bool completeness = true;  // all units of the type are here, none comes with the frames
    NalUnitType type = NalUnitType::kVps;
    std::vector<Bytes> units;
  };

  ProfileTierLevel profile_tier_level;
  uint16_t min_spatial_segmentation_idc = 0;  // 12 bits
  uint8_t parallelism_type = 0;               // 2 bits; 0: not known
  uint32_t chroma_format_idc = 1;
  uint32_t bit_depth_luma = 8;
  uint32_t bit_depth_chroma = 8;
  uint16_t average_frame_rate = 0;  // frames per 256 s; 0: not known
  uint8_t constant_frame_rate = 0;  // 2 bits; 0: not known
  uint8_t temporal_layers = 1;      // 3 bits; 0: not known
  bool temporal_id_nested = false;
  uint8_t nal_length_size = 4;  // bytes, 1 to 4
  std::vector<Array> arrays;

  /// @return kHevcConfigInvalid when it is cut, its version is over 1, or there are more than
  /// kMaxUnits.
  [[nodiscard]] static Result<DecoderConfiguration> parse(Bytes record);

  /// The record for these sets, with 4-byte NAL unit lengths.
  /// @return kHevcParameterSetInvalid when the first SPS cannot be read, or there are too many
  /// sets.
  [[nodiscard]] static Result<DecoderConfiguration> from_parameter_sets(std::span<const Bytes> vps,
                                                                        std::span<const Bytes> sps,
                                                                        std::span<const Bytes> pps);

  [[nodiscard]] size_t size() const;
  void write_to(ByteWriter& writer) const;
};

/// Bytes of the lengths in frames that go with this `hvcC`, 1 to 4. The record must have been
/// parsed.
[[nodiscard]] constexpr unsigned nal_length_size(Bytes record) { return (record[21] & 3U) + 1; }

/// A track from an `hvcC`. Its configuration is the record with the length size set to 4 bytes,
/// which is what frames have. An SPS that cannot be read leaves the picture size at 0.
/// @return kHevcConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes record);

/// A track from parameter sets that came with the frames (MPEG-TS, RTP), without start codes.
/// @return kHevcParameterSetInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(std::span<const Bytes> vps, std::span<const Bytes> sps,
                                            std::span<const Bytes> pps);

}  // namespace millrace::h265
