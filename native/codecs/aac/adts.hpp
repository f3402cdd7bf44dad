#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "codecs/aac/audio_specific_config.hpp"

namespace millrace::aac {

/// adts_fixed_header() and adts_variable_header(), ISO/IEC 14496-3 §1.A.2.2.
struct AdtsHeader {
  static constexpr size_t kSize = 7;  // bytes without CRC
  static constexpr size_t kMaxFrameSize = (1U << 13) - 1;

  uint32_t object_type = kObjectTypeLc;  // 1 to 4: Main, LC, SSR, LTP
  uint32_t sampling_frequency_index = 0;
  uint32_t channel_configuration = 0;
  size_t header_size = kSize;    // 9 with a CRC
  size_t frame_size = 0;         // bytes, with the header
  uint32_t raw_data_blocks = 1;  // 1 to 4

  /// @param bytes  at least kSize bytes, starting at the syncword.
  /// @return kAacAdtsInvalid when there are fewer, no syncword, a reserved rate, or a frame that is
  ///         not longer than its header.
  [[nodiscard]] static Result<AdtsHeader> parse(Bytes bytes);

  /// A header without CRC, one raw_data_block.
  void write_to(ByteWriter& writer) const;

  /// The header of a raw_data_block of `payload_size` bytes in a stream with this configuration.
  /// ADTS cannot tell SBR: decoders find it in the frames.
  /// @return kAacAdtsInvalid when ADTS cannot carry it: an object type over 4, a rate outside the
  ///         table, more than 7 as channel configuration, or more than 8184 bytes.
  [[nodiscard]] static Result<AdtsHeader> describe(const AudioSpecificConfig& config,
                                                   size_t payload_size);

  /// The configuration that the header stands for.
  [[nodiscard]] AudioSpecificConfig audio_specific_config() const;
};

}  // namespace millrace::aac
