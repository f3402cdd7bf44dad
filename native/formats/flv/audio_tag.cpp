#include "formats/flv/audio_tag.hpp"

#include "formats/flv/enhanced_header.hpp"

namespace millrace::flv {
namespace {

CodecId legacy_codec(SoundFormat format) {
  switch (format) {
    case SoundFormat::kMp3:
    case SoundFormat::kMp38kHz:
      return CodecId::kMp3;
    case SoundFormat::kG711ALaw:
      return CodecId::kG711A;
    case SoundFormat::kG711MuLaw:
      return CodecId::kG711U;
    case SoundFormat::kAac:
      return CodecId::kAac;
    default:
      return CodecId::kUnknown;
  }
}

Result<AudioTag> parse_legacy(ByteReader& reader, uint8_t first) {
  AudioTag tag;
  tag.codec_tag = first >> 4;
  tag.codec = legacy_codec(static_cast<SoundFormat>(first >> 4));
  tag.stereo = (first & 1) != 0;
  if (tag.codec == CodecId::kAac) {
    const uint8_t packet_type = reader.u8();
    if (!reader.ok()) {
      return ErrorCode::kFlvTagMalformed;
    }
    if (packet_type > static_cast<uint8_t>(AudioPacketType::kCodedFrames)) {
      return Error{ErrorCode::kFlvPacketTypeUnknown, packet_type};
    }
    tag.packet_type = static_cast<AudioPacketType>(packet_type);
  }
  tag.data = reader.rest();
  return tag;
}

Result<AudioTag> parse_enhanced(ByteReader& reader, uint8_t first) {
  AudioTag tag;
  tag.signalling = FlvSignalling::kEnhanced;
  const ModEx mod_ex = read_mod_ex(reader, first & 0x0f);
  tag.timestamp_offset_nano = mod_ex.timestamp_offset_nano;
  const auto header = EnhancedHeader::parse(reader, mod_ex.packet_type,
                                            static_cast<uint8_t>(AudioPacketType::kMultitrack));
  if (!header) {
    return header.error();
  }
  const auto packet_type = static_cast<AudioPacketType>(header->packet_type);
  if (packet_type > AudioPacketType::kSequenceEnd &&
      packet_type != AudioPacketType::kMultichannelConfig) {
    return Error{ErrorCode::kFlvPacketTypeUnknown, header->packet_type};
  }
  tag.packet_type = packet_type;
  tag.codec_tag = header->codec;
  tag.codec = audio_codec_of(header->codec);
  tag.track_id = header->track_id;
  tag.has_other_tracks = header->has_other_tracks;
  tag.data = header->data;
  return tag;
}

}  // namespace

Result<AudioTag> AudioTag::parse(Bytes body) {
  ByteReader reader(body);
  const uint8_t first = reader.u8();
  if (!reader.ok()) {
    return ErrorCode::kFlvTagMalformed;
  }
  return static_cast<SoundFormat>(first >> 4) == SoundFormat::kExHeader
             ? parse_enhanced(reader, first)
             : parse_legacy(reader, first);
}

}  // namespace millrace::flv
