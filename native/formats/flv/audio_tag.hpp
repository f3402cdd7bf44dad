#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "media/codec_id.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// SoundFormat, FLV E.4.2.1, with ExHeader of Enhanced RTMP.
enum class SoundFormat : uint8_t {
  kMp3 = 2,
  kG711ALaw = 7,
  kG711MuLaw = 8,
  kExHeader = 9,
  kAac = 10,
  kMp38kHz = 14,
};

/// AudioPacketType of Enhanced RTMP. The first two are also AACPacketType of FLV E.4.2.2.
enum class AudioPacketType : uint8_t {
  kSequenceStart = 0,
  kCodedFrames = 1,
  kSequenceEnd = 2,
  kMultichannelConfig = 4,
  kMultitrack = 5,
  kModEx = 7,
};

/// Body of an FLV audio tag, which is also that of an RTMP audio message.
/// Source: FLV 10.1 E.4.2, Enhanced RTMP v2 "Enhanced Audio".
struct AudioTag {
  FlvSignalling signalling = FlvSignalling::kLegacy;
  AudioPacketType packet_type = AudioPacketType::kCodedFrames;
  CodecId codec = CodecId::kUnknown;   // kUnknown: not carried by the server
  uint32_t codec_tag = 0;              // SoundFormat or FourCC as on the wire
  bool stereo = false;                 // SoundType; says nothing in AAC and with FourCC
  uint32_t timestamp_offset_nano = 0;  // ModEx: ns to add to the time
  uint8_t track_id = 0;                // of a multitrack message, of which one track is taken
  bool has_other_tracks = false;
  Bytes data;  // decoder configuration record or codec frame; borrowed from the body

  /// @return kFlvTagMalformed when the header is cut, kFlvPacketTypeUnknown (detail: the type).
  [[nodiscard]] static Result<AudioTag> parse(Bytes body);
};

}  // namespace millrace::flv
