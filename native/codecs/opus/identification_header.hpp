#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::opus {

/// All Opus decoders give this rate, whatever the encoder was fed.
constexpr uint32_t kSampleRate = 48000;

/// OpusHead, RFC 7845 §5.1.
struct IdentificationHeader {
  uint8_t channels = 2;
  uint16_t pre_skip = 0;           // samples at 48 kHz to throw away at the start
  uint32_t input_sample_rate = 0;  // Hz, for information; 0: not known
  int16_t output_gain = 0;         // dB in Q7.8
  uint8_t channel_mapping_family = 0;
  Bytes channel_mapping_table;  // stream count, coupled count, mapping; empty in family 0. Borrowed

  /// @return kOpusConfigInvalid when it is cut, has no magic, no channel or another major version.
  [[nodiscard]] static Result<IdentificationHeader> parse(Bytes bytes);

  [[nodiscard]] size_t size() const { return 19 + channel_mapping_table.size(); }
  void write_to(ByteWriter& writer) const;
};

/// Do the bytes begin with the magic of the comment header (OpusTags, RFC 7845 §5.2)?
[[nodiscard]] bool is_comment_header(Bytes bytes);

/// A track from an OpusHead.
/// @return kOpusConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes identification_header);

/// A track of 1 or 2 channels, as RTP has it, with a header of its own.
[[nodiscard]] Ref<Track> make_track(uint8_t channels);

}  // namespace millrace::opus
