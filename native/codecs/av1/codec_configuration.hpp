#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "codecs/av1/sequence_header.hpp"
#include "media/track.hpp"

namespace millrace::av1 {

/// AV1CodecConfigurationRecord (`av1C`), AV1 in ISO base media file format §2.3.
struct CodecConfiguration {
  uint8_t profile = 0;
  uint8_t level_idx = 0;
  bool tier = false;
  uint8_t bit_depth = 8;
  bool monochrome = false;
  bool chroma_subsampling_x = true;
  bool chroma_subsampling_y = true;
  uint8_t chroma_sample_position = 0;
  /// initial_presentation_delay_minus_one, or -1 when it is not there.
  int8_t initial_presentation_delay_minus_one = -1;
  Bytes config_obus;  // whole OBUs, a sequence header first; may be empty. Borrowed

  /// @return kAv1ConfigInvalid when it is cut or has another marker and version than 1, 1.
  [[nodiscard]] static Result<CodecConfiguration> parse(Bytes record);
  /// The record for a stream with this sequence header.
  /// @param obu  the sequence header OBU with its header and size; borrowed.
  [[nodiscard]] static CodecConfiguration from_sequence_header(const SequenceHeader& header,
                                                               Bytes obu);

  [[nodiscard]] size_t size() const { return 4 + config_obus.size(); }
  void write_to(ByteWriter& writer) const;
};

/// A track from an `av1C`. Without a sequence header in it the picture size stays 0.
/// @return kAv1ConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes record);

/// A track from a sequence header that came with the frames (MPEG-TS, RTP): the whole OBU, with
/// size.
/// @return kAv1ObuMalformed, kAv1SequenceHeaderInvalid.
[[nodiscard]] Result<Ref<Track>> make_track_from_sequence_header(Bytes obu);

}  // namespace millrace::av1
