#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::flac {

/// METADATA_BLOCK_STREAMINFO, RFC 9639 §8.2.
struct StreamInfo {
  static constexpr size_t kSize = 34;

  uint32_t max_block_size = 0;  // samples per frame
  uint32_t sample_rate = 0;     // Hz
  uint32_t channels = 0;
  uint32_t bits_per_sample = 0;

  /// Takes the block alone, behind its block header, or behind "fLaC" and that header: FLV has had
  /// all three. @return kCodecDecodeFailed when it is cut or says no rate.
  [[nodiscard]] static Result<StreamInfo> parse(Bytes bytes);
};

/// A track whose configuration is the bytes as they came.
/// @return kCodecDecodeFailed.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes bytes);

}  // namespace millrace::flac
