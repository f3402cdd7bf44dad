#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::h264 {

/// AVCDecoderConfigurationRecord (`avcC`), ISO/IEC 14496-15 §5.3.3.1. Borrows the bytes it was
/// parsed from.
struct DecoderConfiguration {
  uint8_t profile_indication = 0;
  uint8_t profile_compatibility = 0;
  uint8_t level_indication = 0;
  uint8_t nal_length_size = 4;  // bytes: 1, 2 or 4; 3 is reserved but taken
  std::vector<Bytes> sps;       // at most 31
  std::vector<Bytes> pps;       // at most 255
  /// What follows the PPS: chroma format and bit depths of High profiles, SPS extensions. Kept as
  /// it is, for half of the encoders leave it out.
  Bytes extension;

  /// @return kH264ConfigInvalid when it is cut or its version is not 1. No SPS at all is allowed:
  ///         the sets then come with the frames.
  [[nodiscard]] static Result<DecoderConfiguration> parse(Bytes record);

  /// The record for these sets, with 4-byte NAL unit lengths.
  /// @return kH264ParameterSetInvalid when there is no SPS with profile and level in it.
  [[nodiscard]] static Result<DecoderConfiguration> from_parameter_sets(std::span<const Bytes> sps,
                                                                        std::span<const Bytes> pps);

  [[nodiscard]] size_t size() const;
  void write_to(ByteWriter& writer) const;
};

/// Bytes of the lengths in frames that go with this `avcC`, 1 to 4. The record must have been
/// parsed.
[[nodiscard]] constexpr unsigned nal_length_size(Bytes record) { return (record[4] & 3U) + 1; }

/// A track from an `avcC`. Its configuration is the record with the length size set to 4 bytes,
/// which is what frames have. An SPS that cannot be read leaves the picture size at 0: the stream
/// may still play where the size is not needed.
/// @return kH264ConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes record);

/// A track from parameter sets that came with the frames (MPEG-TS, RTP), without start codes.
/// @return kH264ParameterSetInvalid when the first SPS cannot be read.
[[nodiscard]] Result<Ref<Track>> make_track(std::span<const Bytes> sps, std::span<const Bytes> pps);

}  // namespace millrace::h264
