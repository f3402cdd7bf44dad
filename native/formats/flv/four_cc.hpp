#pragma once

#include <cstdint>
#include <optional>

#include "media/codec_id.hpp"

namespace millrace::flv {

/// Four characters as a big-endian number, the codec names of Enhanced RTMP.
using FourCc = uint32_t;

constexpr FourCc four_cc(const char (&text)[5]) {
  FourCc value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(text[i]);
  }
  return value;
}

/// @return kUnknown for names that the server does not carry, and for audio names in video and the
///         other way round.
[[nodiscard]] constexpr CodecId video_codec_of(FourCc name) {
  switch (name) {
    case four_cc("avc1"):
      return CodecId::kH264;
    case four_cc("hvc1"):
      return CodecId::kH265;
    case four_cc("av01"):
      return CodecId::kAv1;
    case four_cc("vp08"):
      return CodecId::kVp8;
    case four_cc("vp09"):
      return CodecId::kVp9;
    default:
      return CodecId::kUnknown;
  }
}

[[nodiscard]] constexpr CodecId audio_codec_of(FourCc name) {
  switch (name) {
    case four_cc("mp4a"):
      return CodecId::kAac;
    case four_cc("Opus"):
      return CodecId::kOpus;
    case four_cc(".mp3"):
      return CodecId::kMp3;
    case four_cc("ac-3"):
      return CodecId::kAc3;
    case four_cc("ec-3"):
      return CodecId::kEac3;
    case four_cc("fLaC"):
      return CodecId::kFlac;
    default:
      return CodecId::kUnknown;
  }
}

/// The name of a codec; nullopt when Enhanced RTMP has none for it.
[[nodiscard]] constexpr std::optional<FourCc> four_cc_of(CodecId codec) {
  switch (codec) {
    case CodecId::kH264:
      return four_cc("avc1");
    case CodecId::kH265:
      return four_cc("hvc1");
    case CodecId::kAv1:
      return four_cc("av01");
    case CodecId::kVp8:
      return four_cc("vp08");
    case CodecId::kVp9:
      return four_cc("vp09");
    case CodecId::kAac:
      return four_cc("mp4a");
    case CodecId::kOpus:
      return four_cc("Opus");
    case CodecId::kMp3:
      return four_cc(".mp3");
    case CodecId::kAc3:
      return four_cc("ac-3");
    case CodecId::kEac3:
      return four_cc("ec-3");
    case CodecId::kFlac:
      return four_cc("fLaC");
    default:
      return std::nullopt;
  }
}

}  // namespace millrace::flv
