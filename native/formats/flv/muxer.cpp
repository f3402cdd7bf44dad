#include "formats/flv/muxer.hpp"

#include <algorithm>
#include <cassert>

#include "codecs/registry.hpp"
#include "formats/flv/audio_tag.hpp"
#include "formats/flv/four_cc.hpp"
#include "formats/flv/video_tag.hpp"
#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

// AMF0 string "onMetaData": marker, length, text.
constexpr std::string_view kMetadataName("\x02\x00\x0aonMetaData", 13);

// SoundFormat 10 with 44.1 kHz, 16 bit, stereo, which FLV E.4.2.1 asks for whatever the AAC is.
constexpr uint8_t kAacFlags = 0xaf;

constexpr int64_t kMaxCompositionTime = (1 << 23) - 1;

constexpr uint32_t kEnhancedVideo = 0x80;

bool is_enhanced(const Track& track) {
  switch (track.codec) {
    case CodecId::kH264:
    case CodecId::kH265:
    case CodecId::kAac:
    case CodecId::kMp3:
      return track.flv_signalling == FlvSignalling::kEnhanced;
    case CodecId::kG711A:
    case CodecId::kG711U:
      return false;
    default:
      return true;
  }
}

bool has_composition_time(CodecId codec) {
  return codec == CodecId::kH264 || codec == CodecId::kH265;
}

/// pts - dts in ms. Of two rounded times, so that a player gets the rounded pts back.
int32_t composition_time_ms(const Frame& frame) {
  return static_cast<int32_t>(std::clamp<int64_t>(to_ms(frame.pts) - to_ms(frame.dts),
                                                  -kMaxCompositionTime - 1, kMaxCompositionTime));
}

VideoPacketType video_packet_type(const Frame& frame) {
  if (frame.end_of_sequence) {
    return VideoPacketType::kSequenceEnd;
  }
  return is_enhanced(*frame.track) && has_composition_time(frame.track->codec) &&
                 composition_time_ms(frame) == 0
             ? VideoPacketType::kCodedFramesX
             : VideoPacketType::kCodedFrames;
}

AudioPacketType audio_packet_type(const Frame& frame) {
  return frame.end_of_sequence ? AudioPacketType::kSequenceEnd : AudioPacketType::kCodedFrames;
}

void write_four_cc(CodecId codec, ByteWriter& writer) {
  const auto name = four_cc_of(codec);
  assert(name);
  writer.u32(name.value_or(0));
}

void write_enhanced_video(VideoFrameType frame_type, VideoPacketType packet_type, CodecId codec,
                          ByteWriter& writer) {
  writer.u8(kEnhancedVideo | static_cast<uint32_t>(frame_type) << 4 |
            static_cast<uint32_t>(packet_type));
  write_four_cc(codec, writer);
}

void write_enhanced_audio(AudioPacketType packet_type, CodecId codec, ByteWriter& writer) {
  writer.u8(static_cast<uint32_t>(SoundFormat::kExHeader) << 4 |
            static_cast<uint32_t>(packet_type));
  write_four_cc(codec, writer);
}

void write_legacy_video(VideoFrameType frame_type, VideoPacketType packet_type, CodecId codec,
                        int32_t composition_time, ByteWriter& writer) {
  writer.u8(static_cast<uint32_t>(frame_type) << 4 |
            (codec == CodecId::kH265 ? kLegacyCodecHevc : kLegacyCodecAvc));
  writer.u8(static_cast<uint32_t>(packet_type));
  writer.u24(static_cast<uint32_t>(composition_time) & 0xffffff);
}

/// SoundFormat, SoundRate, SoundSize and SoundType of codecs without packet type, FLV E.4.2.1.
uint8_t sound_flags(const Track& track) {
  constexpr uint32_t k16Bit = 2;
  const uint32_t rate = track.audio.sample_rate;
  const uint32_t stereo = track.audio.channels >= 2 ? 1 : 0;
  if (track.codec != CodecId::kMp3) {  // G.711 is 8 kHz by definition; its rate bits say nothing
    const auto format =
        track.codec == CodecId::kG711A ? SoundFormat::kG711ALaw : SoundFormat::kG711MuLaw;
    return static_cast<uint8_t>(static_cast<uint32_t>(format) << 4 | k16Bit | stereo);
  }
  if (rate == 8000) {
    return static_cast<uint8_t>(static_cast<uint32_t>(SoundFormat::kMp38kHz) << 4 | k16Bit |
                                stereo);
  }
  // The nearest below; players read the frame's own header.
  const uint32_t rate_code = rate >= 44100 ? 3 : rate >= 22050 ? 2 : rate >= 11025 ? 1 : 0;
  return static_cast<uint8_t>(static_cast<uint32_t>(SoundFormat::kMp3) << 4 | rate_code << 2 |
                              k16Bit | stereo);
}

bool has_sequence_header(const Track& track) {
  return track.configuration && track.configuration->size() != 0 && has_configuration(track.codec);
}

}  // namespace

bool can_carry(CodecId codec) { return codec != CodecId::kUnknown; }

TagType tag_type(TrackKind kind) {
  switch (kind) {
    case TrackKind::kVideo:
      return TagType::kVideo;
    case TrackKind::kAudio:
      return TagType::kAudio;
    case TrackKind::kData:
      break;
  }
  return TagType::kScript;
}

uint32_t timestamp_ms(const Frame& frame) { return static_cast<uint32_t>(to_ms(frame.dts)); }

size_t body_header_size(const Frame& frame) {
  const Track& track = *frame.track;
  switch (track.kind) {
    case TrackKind::kVideo:
      if (!is_enhanced(track)) {
        return 5;
      }
      return has_composition_time(track.codec) &&
                     video_packet_type(frame) == VideoPacketType::kCodedFrames
                 ? 8
                 : 5;
    case TrackKind::kAudio:
      if (is_enhanced(track)) {
        return 5;
      }
      return track.codec == CodecId::kAac ? 2 : 1;
    case TrackKind::kData:
      break;
  }
  return kMetadataName.size();
}

void write_body_header(const Frame& frame, ByteWriter& writer) {
  const Track& track = *frame.track;
  assert(can_carry(track.codec));
  if (track.kind == TrackKind::kData) {
    writer.text(kMetadataName);
    return;
  }
  if (track.kind == TrackKind::kVideo) {
    const VideoPacketType packet_type = video_packet_type(frame);
    const VideoFrameType frame_type = frame.random_access || frame.end_of_sequence
                                          ? VideoFrameType::kKey
                                          : VideoFrameType::kInter;
    const int32_t composition_time = frame.end_of_sequence ? 0 : composition_time_ms(frame);
    if (!is_enhanced(track)) {
      write_legacy_video(frame_type, packet_type, track.codec, composition_time, writer);
      return;
    }
    write_enhanced_video(frame_type, packet_type, track.codec, writer);
    if (has_composition_time(track.codec) && packet_type == VideoPacketType::kCodedFrames) {
      writer.u24(static_cast<uint32_t>(composition_time) & 0xffffff);
    }
    return;
  }
  if (is_enhanced(track)) {
    write_enhanced_audio(audio_packet_type(frame), track.codec, writer);
  } else if (track.codec == CodecId::kAac) {
    writer.u8(kAacFlags);
    writer.u8(static_cast<uint32_t>(AudioPacketType::kCodedFrames));
  } else {
    writer.u8(sound_flags(track));
  }
}

size_t body_size(const Frame& frame) { return body_header_size(frame) + frame.payload().size(); }

void write_body(const Frame& frame, ByteWriter& writer) {
  write_body_header(frame, writer);
  writer.bytes(frame.payload());
}

size_t sequence_header_size(const Track& track) {
  if (!has_sequence_header(track)) {
    return 0;
  }
  const size_t header = track.kind == TrackKind::kVideo || is_enhanced(track) ? 5 : 2;
  return header + track.configuration->size();
}

void write_sequence_header(const Track& track, ByteWriter& writer) {
  assert(has_sequence_header(track));
  if (track.kind == TrackKind::kVideo) {
    if (is_enhanced(track)) {
      write_enhanced_video(VideoFrameType::kKey, VideoPacketType::kSequenceStart, track.codec,
                           writer);
    } else {
      write_legacy_video(VideoFrameType::kKey, VideoPacketType::kSequenceStart, track.codec, 0,
                         writer);
    }
  } else if (is_enhanced(track)) {
    write_enhanced_audio(AudioPacketType::kSequenceStart, track.codec, writer);
  } else {
    writer.u8(kAacFlags);
    writer.u8(static_cast<uint32_t>(AudioPacketType::kSequenceStart));
  }
  writer.bytes(track.configuration->bytes());
}

void write_tag_header(TagType type, size_t body_size, uint32_t timestamp_ms, ByteWriter& writer) {
  assert(body_size < size_t{1} << 24);
  writer.u8(static_cast<uint32_t>(type));
  writer.u24(static_cast<uint32_t>(body_size));
  writer.u24(timestamp_ms & 0xffffff);
  writer.u8(timestamp_ms >> 24);  // TimestampExtended: the upper eight bits come last
  writer.u24(0);                  // StreamID
}

void write_back_pointer(size_t body_size, ByteWriter& writer) {
  writer.u32(static_cast<uint32_t>(kTagHeaderSize + body_size));
}

}  // namespace millrace::flv
