#include "codecs/vp9/codec_configuration.hpp"

#include <array>
#include <cassert>

namespace millrace::vp9 {
namespace {

constexpr size_t kFullBoxHeaderSize = 4;

/// The lowest level that has room for a luma picture of this size; VP9 levels,
/// "MaxLumaPictureSize".
uint8_t level_of(uint64_t luma_samples) {
  struct Level {
    uint32_t max_luma_samples;
    uint8_t level;
  };
  constexpr std::array<Level, 9> kLevels{{{36864, 10},
                                          {73728, 11},
                                          {122880, 20},
                                          {245760, 21},
                                          {552960, 30},
                                          {983040, 31},
                                          {2228224, 40},
                                          {8912896, 50},
                                          {35651584, 60}}};
  for (const Level& level : kLevels) {
    if (luma_samples <= level.max_luma_samples) {
      return level.level;
    }
  }
  return 62;
}

Ref<Track> track_with(CodecId codec, const CodecConfiguration& configuration) {
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = codec;
  track->flv_signalling = FlvSignalling::kEnhanced;
  auto record = Buffer::make(CodecConfiguration::kSize);
  ByteWriter writer({record->data(), record->size()});
  configuration.write_to(writer);
  track->configuration = record;
  track->video.profile = configuration.profile;
  track->video.level = configuration.level;
  return track;
}

}  // namespace

Result<CodecConfiguration> CodecConfiguration::parse(Bytes record) {
  // A bare record cannot start like a full box of version 1: its third byte would say a depth of 0.
  if (record.size() >= kFullBoxHeaderSize + kSize && record[0] == 1 && record[1] == 0 &&
      record[2] == 0 && record[3] == 0) {
    record = record.subspan(kFullBoxHeaderSize);
  }
  ByteReader reader(record);
  CodecConfiguration out;
  out.profile = reader.u8();
  out.level = reader.u8();
  const uint8_t format = reader.u8();
  out.bit_depth = format >> 4;
  out.chroma_subsampling = format >> 1 & 7;
  out.full_range = (format & 1) != 0;
  out.colour_primaries = reader.u8();
  out.transfer_characteristics = reader.u8();
  out.matrix_coefficients = reader.u8();
  reader.skip(2);  // codecInitializationDataSize: 0 for VP8 and VP9
  if (!reader.ok() || out.profile > 3 ||
      (out.bit_depth != 8 && out.bit_depth != 10 && out.bit_depth != 12)) {
    return ErrorCode::kVp9ConfigInvalid;
  }
  return out;
}

CodecConfiguration CodecConfiguration::from_key_frame(const FrameHeader& header) {
  CodecConfiguration out;
  out.profile = header.profile;
  out.level = level_of(uint64_t{header.width} * header.height);
  out.bit_depth = header.bit_depth;
  if (header.chroma_subsampling_x) {
    out.chroma_subsampling = header.chroma_subsampling_y ? 1 : 2;
  } else {
    out.chroma_subsampling = 3;
  }
  out.full_range = header.full_range;
  return out;
}

void CodecConfiguration::write_to(ByteWriter& writer) const {
  writer.u8(profile);
  writer.u8(level);
  writer.u8(static_cast<uint32_t>(bit_depth) << 4 | static_cast<uint32_t>(chroma_subsampling) << 1 |
            (full_range ? 1U : 0U));
  writer.u8(colour_primaries);
  writer.u8(transfer_characteristics);
  writer.u8(matrix_coefficients);
  writer.u16(0);  // codecInitializationDataSize
}

Result<Ref<Track>> make_track(CodecId codec, Bytes record) {
  assert(codec == CodecId::kVp8 || codec == CodecId::kVp9);
  const auto configuration = CodecConfiguration::parse(record);
  if (!configuration) {
    return configuration.error();
  }
  return track_with(codec, *configuration);
}

Ref<Track> make_track(const FrameHeader& key_frame) {
  auto track = track_with(CodecId::kVp9, CodecConfiguration::from_key_frame(key_frame));
  track->video.width = key_frame.width;
  track->video.height = key_frame.height;
  return track;
}

}  // namespace millrace::vp9
