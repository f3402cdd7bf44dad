#include "formats/flv/video_tag.hpp"

#include "formats/flv/enhanced_header.hpp"

namespace millrace::flv {
namespace {

CodecId legacy_codec(uint8_t id) {
  switch (id) {
    case kLegacyCodecAvc:
      return CodecId::kH264;
    case kLegacyCodecHevc:
      return CodecId::kH265;
    case kLegacyCodecAv1:
      return CodecId::kAv1;
    default:
      return CodecId::kUnknown;
  }
}

Result<VideoTag> parse_legacy(ByteReader& reader, uint8_t first) {
  VideoTag tag;
  tag.frame_type = static_cast<VideoFrameType>(first >> 4);
  tag.codec_tag = first & 0x0f;
  tag.codec = legacy_codec(first & 0x0f);
  // An info frame has one byte of command whatever its codec; other codecs have no packet type.
  if (tag.frame_type != VideoFrameType::kCommand && tag.codec != CodecId::kUnknown) {
    const uint8_t packet_type = reader.u8();
    tag.composition_time_ms = reader.s24();
    if (!reader.ok()) {
      return ErrorCode::kFlvTagMalformed;
    }
    if (packet_type > static_cast<uint8_t>(VideoPacketType::kSequenceEnd)) {
      return Error{ErrorCode::kFlvPacketTypeUnknown, packet_type};
    }
    tag.packet_type = static_cast<VideoPacketType>(packet_type);
  }
  tag.data = reader.rest();
  return tag;
}

Result<VideoTag> parse_enhanced(ByteReader& reader, uint8_t first) {
  VideoTag tag;
  tag.signalling = FlvSignalling::kEnhanced;
  tag.frame_type = static_cast<VideoFrameType>(first >> 4 & 7);
  const ModEx mod_ex = read_mod_ex(reader, first & 0x0f);
  tag.timestamp_offset_nano = mod_ex.timestamp_offset_nano;
  if (tag.frame_type == VideoFrameType::kCommand &&
      mod_ex.packet_type != static_cast<uint8_t>(VideoPacketType::kMetadata)) {
    return tag;  // one byte of command, no FourCC, no body
  }
  const auto header = EnhancedHeader::parse(reader, mod_ex.packet_type,
                                            static_cast<uint8_t>(VideoPacketType::kMultitrack));
  if (!header) {
    return header.error();
  }
  if (header->packet_type > static_cast<uint8_t>(VideoPacketType::kMpeg2TsSequenceStart)) {
    return Error{ErrorCode::kFlvPacketTypeUnknown, header->packet_type};
  }
  tag.packet_type = static_cast<VideoPacketType>(header->packet_type);
  tag.codec_tag = header->codec;
  tag.codec = video_codec_of(header->codec);
  tag.track_id = header->track_id;
  tag.has_other_tracks = header->has_other_tracks;
  ByteReader data(header->data);
  // AV1, VP8 and VP9 have no composition time: their frames are in the order of presentation.
  if (tag.packet_type == VideoPacketType::kCodedFrames &&
      (tag.codec == CodecId::kH264 || tag.codec == CodecId::kH265)) {
    tag.composition_time_ms = data.s24();
    if (!data.ok()) {
      return ErrorCode::kFlvTagMalformed;
    }
  }
  tag.data = data.rest();
  return tag;
}

}  // namespace

Result<VideoTag> VideoTag::parse(Bytes body) {
  ByteReader reader(body);
  const uint8_t first = reader.u8();
  if (!reader.ok()) {
    return ErrorCode::kFlvTagMalformed;
  }
  return (first & 0x80) != 0 ? parse_enhanced(reader, first) : parse_legacy(reader, first);
}

}  // namespace millrace::flv
