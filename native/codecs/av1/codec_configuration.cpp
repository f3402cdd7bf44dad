#include "codecs/av1/codec_configuration.hpp"

#include <utility>

#include "codecs/av1/obu.hpp"

namespace millrace::av1 {
namespace {

constexpr uint8_t kMarkerAndVersion = 0x81;

/// The first sequence header among OBUs; an error when there is none that can be read.
Result<SequenceHeader> find_sequence_header(Bytes obus) {
  ObuReader reader(obus);
  for (;;) {
    const auto obu = reader.next();
    if (!obu) {
      return obu.error();
    }
    if (!*obu) {
      return ErrorCode::kAv1SequenceHeaderInvalid;
    }
    if ((*obu)->type == ObuType::kSequenceHeader) {
      return SequenceHeader::parse((*obu)->payload);
    }
  }
}

}  // namespace

Result<CodecConfiguration> CodecConfiguration::parse(Bytes record) {
  ByteReader reader(record);
  CodecConfiguration out;
  const uint8_t marker_and_version = reader.u8();
  const uint8_t profile_and_level = reader.u8();
  const uint8_t flags = reader.u8();
  const uint8_t delay = reader.u8();
  if (!reader.ok() || marker_and_version != kMarkerAndVersion) {
    return ErrorCode::kAv1ConfigInvalid;
  }
  out.profile = profile_and_level >> 5;
  out.level_idx = profile_and_level & 0x1f;
  out.tier = (flags & 0x80) != 0;
  const bool high_bit_depth = (flags & 0x40) != 0;
  const bool twelve_bit = (flags & 0x20) != 0;
  out.bit_depth = high_bit_depth ? (twelve_bit ? 12 : 10) : 8;
  out.monochrome = (flags & 0x10) != 0;
  out.chroma_subsampling_x = (flags & 8) != 0;
  out.chroma_subsampling_y = (flags & 4) != 0;
  out.chroma_sample_position = flags & 3;
  if ((delay & 0x10) != 0) {
    out.initial_presentation_delay_minus_one = static_cast<int8_t>(delay & 0x0f);
  }
  out.config_obus = reader.rest();
  return out;
}

CodecConfiguration CodecConfiguration::from_sequence_header(const SequenceHeader& header,
                                                            Bytes obu) {
  CodecConfiguration out;
  out.profile = header.profile;
  out.level_idx = header.level_idx;
  out.tier = header.tier;
  out.bit_depth = header.bit_depth;
  out.monochrome = header.monochrome;
  out.chroma_subsampling_x = header.chroma_subsampling_x;
  out.chroma_subsampling_y = header.chroma_subsampling_y;
  out.chroma_sample_position = header.chroma_sample_position;
  out.config_obus = obu;
  return out;
}

void CodecConfiguration::write_to(ByteWriter& writer) const {
  writer.u8(kMarkerAndVersion);
  writer.u8(static_cast<uint32_t>(profile) << 5 | level_idx);
  writer.u8((tier ? 0x80U : 0U) | (bit_depth > 8 ? 0x40U : 0U) | (bit_depth == 12 ? 0x20U : 0U) |
            (monochrome ? 0x10U : 0U) | (chroma_subsampling_x ? 8U : 0U) |
            (chroma_subsampling_y ? 4U : 0U) | chroma_sample_position);
  writer.u8(initial_presentation_delay_minus_one < 0
                ? 0U
                : 0x10U | static_cast<uint32_t>(initial_presentation_delay_minus_one));
  writer.bytes(config_obus);
}

Result<Ref<Track>> make_track(Bytes record) {
  const auto configuration = CodecConfiguration::parse(record);
  if (!configuration) {
    return configuration.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = CodecId::kAv1;
  track->flv_signalling = FlvSignalling::kEnhanced;
  track->configuration = Buffer::copy_of(record);
  track->video.profile = configuration->profile;
  track->video.level = configuration->level_idx;
  if (const auto header = find_sequence_header(configuration->config_obus); header) {
    track->video.width = header->max_frame_width;
    track->video.height = header->max_frame_height;
  }
  return track;
}

Result<Ref<Track>> make_track_from_sequence_header(Bytes obu) {
  const auto header = find_sequence_header(obu);
  if (!header) {
    return header.error();
  }
  const auto configuration = CodecConfiguration::from_sequence_header(*header, obu);
  auto record = Buffer::make(configuration.size());
  ByteWriter writer({record->data(), record->size()});
  configuration.write_to(writer);
  return make_track(record->bytes());
}

}  // namespace millrace::av1
