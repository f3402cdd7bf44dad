#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/four_cc.hpp"

namespace millrace::flv {

/// The parts that ExVideoTagHeader and ExAudioTagHeader of Enhanced RTMP v2 have in common, after
/// the first byte.
struct EnhancedHeader {
  uint8_t packet_type = 0;  // of the track, never Multitrack
  FourCc codec = 0;
  uint8_t track_id = 0;  // 0 where the message is not multitrack
  bool has_other_tracks = false;
  Bytes data;  // of the track, what follows the header

  /// Reads FourCC and, in a multitrack message, picks the track with id 0, else the first one.
  /// @param packet_type      from the first byte, or after ModEx.
  /// @param multitrack_type  the packet type that means Multitrack: 6 in video, 5 in audio.
  /// @return kFlvTagMalformed.
  [[nodiscard]] static Result<EnhancedHeader> parse(ByteReader& reader, uint8_t packet_type,
                                                    uint8_t multitrack_type);
};

/// Packet type ModEx, the same in audio and video.
constexpr uint8_t kPacketTypeModEx = 7;

struct ModEx {
  uint8_t packet_type = 0;             // that follows the extensions
  uint32_t timestamp_offset_nano = 0;  // ns to add to the presentation time, below 1 ms
};

/// Reads the ModEx extensions that stand before FourCC, if there are any. Unknown ones are passed
/// over. On bytes that end too early the reader fails.
[[nodiscard]] ModEx read_mod_ex(ByteReader& reader, uint8_t packet_type);

}  // namespace millrace::flv
