#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

enum class TrackKind : uint8_t { kVideo, kAudio, kData };

/// What the bytes of a track's frames are.
enum class CodecId : uint8_t {
  kUnknown,
  // Video. Frames are access units.
  kH264,  // ITU-T H.264; NAL units
  kH265,  // ITU-T H.265; NAL units
  kAv1,   // AV1 bitstream; one temporal unit in low-overhead OBU format, without temporal delimiter
  kVp8,   // RFC 6386 frame
  kVp9,   // VP9 frame or superframe
  // Audio. Frames are one codec frame.
  kAac,    // ISO/IEC 14496-3 raw_data_block, without ADTS
  kMp3,    // ISO/IEC 11172-3 / 13818-3 frame with its header
  kOpus,   // RFC 6716 packet
  kG711A,  // ITU-T G.711 A-law
  kG711U,  // ITU-T G.711 mu-law
  kAc3,    // ETSI TS 102 366 syncframe
  kEac3,
  kFlac,
  // Data.
  kAmfMetadata,  // AMF0: the values of an onMetaData message after its name
};

/// Name as in the HTTP API, logs and metrics: "H264", "AAC".
constexpr std::string_view codec_name(CodecId codec) {
  switch (codec) {
    case CodecId::kH264:
      return "H264";
    case CodecId::kH265:
      return "H265";
    case CodecId::kAv1:
      return "AV1";
    case CodecId::kVp8:
      return "VP8";
    case CodecId::kVp9:
      return "VP9";
    case CodecId::kAac:
      return "AAC";
    case CodecId::kMp3:
      return "MP3";
    case CodecId::kOpus:
      return "Opus";
    case CodecId::kG711A:
      return "PCMA";
    case CodecId::kG711U:
      return "PCMU";
    case CodecId::kAc3:
      return "AC-3";
    case CodecId::kEac3:
      return "E-AC-3";
    case CodecId::kFlac:
      return "FLAC";
    case CodecId::kAmfMetadata:
      return "AMF metadata";
    case CodecId::kUnknown:
      break;
  }
  return "unknown";
}

constexpr TrackKind kind_of(CodecId codec) {
  switch (codec) {
    case CodecId::kH264:
    case CodecId::kH265:
    case CodecId::kAv1:
    case CodecId::kVp8:
    case CodecId::kVp9:
      return TrackKind::kVideo;
    case CodecId::kAmfMetadata:
    case CodecId::kUnknown:
      return TrackKind::kData;
    default:
      return TrackKind::kAudio;
  }
}

}  // namespace millrace
