#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/frame.hpp"

namespace millrace::nal {

/// Most NAL units that one access unit may have. H.264 level 6.2 allows 1 slice per macroblock row
/// in practice; 2048 leaves room for 8K with many slices and for SEI, and bounds the list at 16 KB.
constexpr size_t kMaxUnits = 2048;

/// Finds the next start code prefix 00 00 01 of ITU-T H.264 Annex B at or after `from`.
/// @return the offset of its first byte, or bytes.size() when there is none.
[[nodiscard]] size_t find_start_code(Bytes bytes, size_t from = 0);

/// Do the bytes begin with a start code: zeros and 01, at least two zeros?
[[nodiscard]] bool starts_with_start_code(Bytes bytes);

/// Splits an Annex B byte stream (ITU-T H.264 §B.1.1, the same in H.265) into its NAL units.
/// Bytes before the first start code, trailing zeros and empty units are left out.
/// @param units  receives the units as offsets into `bytes`; its old content is dropped and its
///               memory is used again, so that a caller who keeps it does not allocate per frame.
/// @return kNalUnitsTooMany when there are more than kMaxUnits.
[[nodiscard]] Status split_annexb(Bytes bytes, std::vector<NalUnit>& units);

/// Splits NAL units with a big-endian length before each, as in FLV and ISO/IEC 14496-15 samples.
/// Units of length zero are left out: some encoders pad with them.
/// @param length_size  bytes of the length field, 1 to 4.
/// @param units        as in split_annexb().
/// @return kNalLengthInvalid (detail: offset of the length) when a unit ends past the bytes or the
///         length itself is cut, kNalUnitsTooMany.
[[nodiscard]] Status split_length_prefixed(Bytes bytes, unsigned length_size,
                                           std::vector<NalUnit>& units);

/// Size of a Frame's payload for these units: each with a 4-byte length before it.
[[nodiscard]] size_t payload_size(const std::vector<NalUnit>& units);

/// A frame whose payload holds `units` of `bytes` in the form that Frame describes. Pool's owner
/// thread only; the caller sets the times and flags.
[[nodiscard]] Ref<Frame> make_frame(BlockPool& pool, TrackRef track, Bytes bytes,
                                    const std::vector<NalUnit>& units);

/// Removes emulation_prevention_three_byte (ITU-T H.264 §7.4.1, H.265 §7.4.2) from the start of a
/// NAL unit. Stops when `room` is full: parsers of headers need only the first bytes, from the
/// stack.
/// @return the part of `room` that was written, or of `nal` itself when there was nothing to
/// remove.
[[nodiscard]] Bytes unescape(Bytes nal, std::span<uint8_t> room);

}  // namespace millrace::nal
