#pragma once

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/codec_id.hpp"
#include "media/track.hpp"

namespace millrace {

/// Longest decoder configuration record that is taken, in bytes. Real ones have tens to hundreds.
constexpr size_t kMaxConfigurationBytes = 65536;

/// Does the codec have a decoder configuration record, without which its frames cannot be decoded?
[[nodiscard]] bool has_configuration(CodecId codec);

/// A track from a codec's configuration record, as containers carry it (see Track::configuration).
/// The record is a peer's: sizes that it lies about are errors or stay 0.
/// @return the codec's own error, kTooLarge, or kCodecUnsupported for codecs without a record.
[[nodiscard]] Result<Ref<Track>> make_track(CodecId codec, Bytes configuration);

}  // namespace millrace
