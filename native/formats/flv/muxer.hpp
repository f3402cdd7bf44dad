#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_writer.hpp"
#include "formats/flv/file_header.hpp"
#include "formats/flv/tag_parser.hpp"
#include "media/frame.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// The inverse of Demuxer: bodies of FLV tags and RTMP messages, written into the caller's room.
///
/// A body is a header of a few bytes and the frame's payload as it is, so a caller that can gather
/// writes the header alone. AV1, VP8, VP9, Opus, AC-3 and FLAC are always signalled in the enhanced
/// way, for they have no other; H.264, HEVC, AAC and MP3 as their track says.

/// Longest body header there is, in bytes: that of metadata, its name.
constexpr size_t kMaxBodyHeaderSize = 13;

/// Can FLV carry the codec?
[[nodiscard]] bool can_carry(CodecId codec);

/// What kind of tag, or RTMP message, the track's frames go into.
[[nodiscard]] TagType tag_type(TrackKind kind);

/// The timestamp of the frame's tag or message, in ms; wraps after 2^32.
[[nodiscard]] uint32_t timestamp_ms(const Frame& frame);

/// Size of what comes before the payload, in bytes. The track's codec must be one that can_carry().
[[nodiscard]] size_t body_header_size(const Frame& frame);
void write_body_header(const Frame& frame, ByteWriter& writer);

/// Header and payload.
[[nodiscard]] size_t body_size(const Frame& frame);
void write_body(const Frame& frame, ByteWriter& writer);

/// Size of the body of the track's sequence header, in bytes; 0 when the codec has none (MP3,
/// G.711, AC-3).
[[nodiscard]] size_t sequence_header_size(const Track& track);
void write_sequence_header(const Track& track, ByteWriter& writer);

/// Size of the tag around a body of this size, with the back pointer that follows it.
[[nodiscard]] constexpr size_t tag_size(size_t body_size) {
  return kTagHeaderSize + body_size + kBackPointerSize;
}
/// @param body_size  at most 2^24 - 1.
void write_tag_header(TagType type, size_t body_size, uint32_t timestamp_ms, ByteWriter& writer);
/// PreviousTagSize, which follows each tag.
void write_back_pointer(size_t body_size, ByteWriter& writer);

}  // namespace millrace::flv
