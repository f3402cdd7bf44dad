#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "codecs/vp9/frame_header.hpp"
#include "media/track.hpp"

namespace millrace::vp9 {

/// VPCodecConfigurationRecord (`vpcC`) without the version and flags of its full box; VP Codec ISO
/// Media File Format Binding §"VP Codec Configuration Box". The same record serves VP8.
struct CodecConfiguration {
  static constexpr size_t kSize = 8;

  uint8_t profile = 0;
  uint8_t level = 0;  // ten times the level; 0: not known
  uint8_t bit_depth = 8;
  uint8_t chroma_subsampling = 1;  // 0, 1 4:2:0 (vertical, colocated), 2 4:2:2, 3 4:4:4
  bool full_range = false;
  uint8_t colour_primaries = 2;  // 2: unspecified, as in ITU-T H.273
  uint8_t transfer_characteristics = 2;
  uint8_t matrix_coefficients = 2;

  /// Takes the record with and without the four bytes of version and flags: encoders send both.
  /// @return kVp9ConfigInvalid.
  [[nodiscard]] static Result<CodecConfiguration> parse(Bytes record);
  /// The record for a stream with this key frame; the level follows from the picture size.
  [[nodiscard]] static CodecConfiguration from_key_frame(const FrameHeader& header);

  /// Writes kSize bytes.
  void write_to(ByteWriter& writer) const;
};

/// A track from a `vpcC`. The picture size stays 0, for only key frames tell it.
/// @param codec  kVp8 or kVp9.
/// @return kVp9ConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(CodecId codec, Bytes record);

/// A VP9 track like the stream that has this key frame.
[[nodiscard]] Ref<Track> make_track(const FrameHeader& key_frame);

}  // namespace millrace::vp9
