#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/codec_id.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// FLV E.4.3.1; the same numbers in Enhanced RTMP.
enum class VideoFrameType : uint8_t {
  kKey = 1,
  kInter = 2,
  kDisposableInter = 3,
  kGeneratedKey = 4,
  kCommand = 5,  // info frame: a server's command to a player, no picture
};

/// VideoPacketType of Enhanced RTMP. The first three are also AVCPacketType of FLV E.4.3.2.
enum class VideoPacketType : uint8_t {
  kSequenceStart = 0,
  kCodedFrames = 1,
  kSequenceEnd = 2,
  kCodedFramesX = 3,  // composition time 0, not written
  kMetadata = 4,      // AMF: colorInfo
  kMpeg2TsSequenceStart = 5,
  kMultitrack = 6,
  kModEx = 7,
};

/// CodecID of FLV E.4.3.1. HEVC and AV1 were never in the specification; encoders agreed on them.
constexpr uint8_t kLegacyCodecAvc = 7;
constexpr uint8_t kLegacyCodecHevc = 12;
constexpr uint8_t kLegacyCodecAv1 = 13;

/// Body of an FLV video tag, which is also that of an RTMP video message.
/// Source: FLV 10.1 E.4.3, Enhanced RTMP v2 "Enhanced Video".
struct VideoTag {
  FlvSignalling signalling = FlvSignalling::kLegacy;
  VideoFrameType frame_type = VideoFrameType::kInter;
  VideoPacketType packet_type = VideoPacketType::kCodedFrames;
  CodecId codec = CodecId::kUnknown;   // kUnknown: not carried by the server
  uint32_t codec_tag = 0;              // CodecID or FourCC as on the wire
  int32_t composition_time_ms = 0;     // pts - dts; signed 24 bits
  uint32_t timestamp_offset_nano = 0;  // ModEx: ns to add to pts
  uint8_t track_id = 0;                // of a multitrack message, of which one track is taken
  bool has_other_tracks = false;
  Bytes data;  // decoder configuration record or coded picture; borrowed from the body

  /// @return kFlvTagMalformed when the header is cut, kFlvPacketTypeUnknown (detail: the type).
  [[nodiscard]] static Result<VideoTag> parse(Bytes body);
};

}  // namespace millrace::flv
