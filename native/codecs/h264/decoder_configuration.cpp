#include "codecs/h264/decoder_configuration.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "codecs/h264/sequence_parameter_set.hpp"

namespace millrace::h264 {
namespace {

// Offset of the byte that holds lengthSizeMinusOne in its lowest two bits.
constexpr size_t kLengthSizeOffset = 4;

}  // namespace

Result<DecoderConfiguration> DecoderConfiguration::parse(Bytes record) {
  ByteReader reader(record);
  DecoderConfiguration configuration;
  const uint8_t version = reader.u8();
  configuration.profile_indication = reader.u8();
  configuration.profile_compatibility = reader.u8();
  configuration.level_indication = reader.u8();
  configuration.nal_length_size = static_cast<uint8_t>((reader.u8() & 3) + 1);
  const unsigned sps_count = reader.u8() & 0x1f;
  if (!reader.ok() || version != 1) {
    return ErrorCode::kH264ConfigInvalid;
  }
  for (unsigned i = 0; i < sps_count && reader.ok(); ++i) {
    if (const Bytes sps = reader.bytes(reader.u16()); !sps.empty()) {
      configuration.sps.push_back(sps);
    }
  }
  const unsigned pps_count = reader.u8();
  for (unsigned i = 0; i < pps_count && reader.ok(); ++i) {
    if (const Bytes pps = reader.bytes(reader.u16()); !pps.empty()) {
      configuration.pps.push_back(pps);
    }
  }
  if (!reader.ok()) {
    return ErrorCode::kH264ConfigInvalid;
  }
  configuration.extension = reader.rest();
  return configuration;
}

Result<DecoderConfiguration> DecoderConfiguration::from_parameter_sets(std::span<const Bytes> sps,
                                                                       std::span<const Bytes> pps) {
  if (sps.empty() || sps.size() > 31 || pps.size() > 255 || sps.front().size() < 4) {
    return ErrorCode::kH264ParameterSetInvalid;
  }
  DecoderConfiguration configuration;
  // profile_idc to level_idc are the three bytes after the NAL header. No emulation prevention byte
  // can be among them, for profile_idc and level_idc are not 0.
  configuration.profile_indication = sps.front()[1];
  configuration.profile_compatibility = sps.front()[2];
  configuration.level_indication = sps.front()[3];
  for (const Bytes set : sps) {
    if (set.size() > UINT16_MAX) {
      return ErrorCode::kH264ParameterSetInvalid;
    }
    configuration.sps.push_back(set);
  }
  for (const Bytes set : pps) {
    if (set.size() > UINT16_MAX) {
      return ErrorCode::kH264ParameterSetInvalid;
    }
    configuration.pps.push_back(set);
  }
  return configuration;
}

size_t DecoderConfiguration::size() const {
  size_t size = 7 + extension.size();
  for (const Bytes set : sps) {
    size += 2 + set.size();
  }
  for (const Bytes set : pps) {
    size += 2 + set.size();
  }
  return size;
}

void DecoderConfiguration::write_to(ByteWriter& writer) const {
  writer.u8(1);  // configurationVersion
  writer.u8(profile_indication);
  writer.u8(profile_compatibility);
  writer.u8(level_indication);
  writer.u8(0xfcU | (nal_length_size - 1U));
  writer.u8(0xe0U | static_cast<uint32_t>(sps.size()));
  for (const Bytes set : sps) {
    writer.u16(static_cast<uint32_t>(set.size()));
    writer.bytes(set);
  }
  writer.u8(static_cast<uint32_t>(pps.size()));
  for (const Bytes set : pps) {
    writer.u16(static_cast<uint32_t>(set.size()));
    writer.bytes(set);
  }
  writer.bytes(extension);
}

Result<Ref<Track>> make_track(Bytes record) {
  const auto configuration = DecoderConfiguration::parse(record);
  if (!configuration) {
    return configuration.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = CodecId::kH264;
  auto copy = Buffer::make(record.size());
  std::memcpy(copy->data(), record.data(), record.size());
  copy->data()[kLengthSizeOffset] |= 3;
  track->configuration = std::move(copy);
  for (const Bytes set : configuration->sps) {
    track->parameter_sets.push_back(Buffer::copy_of(set));
  }
  for (const Bytes set : configuration->pps) {
    track->parameter_sets.push_back(Buffer::copy_of(set));
  }
  track->video.profile = configuration->profile_indication;
  track->video.level = configuration->level_indication;
  if (!configuration->sps.empty()) {
    if (const auto sps = SequenceParameterSet::parse(configuration->sps.front()); sps) {
      track->video.width = sps->width;
      track->video.height = sps->height;
    }
  }
  return track;
}

Result<Ref<Track>> make_track(std::span<const Bytes> sps, std::span<const Bytes> pps) {
  auto configuration = DecoderConfiguration::from_parameter_sets(sps, pps);
  if (!configuration) {
    return configuration.error();
  }
  const auto first = SequenceParameterSet::parse(sps.front());
  if (!first) {
    return first.error();
  }
  // ISO/IEC 14496-15 asks for the four bytes in High profiles; some decoders insist on them.
  std::array<uint8_t, 4> extension{};
  if (first->profile_idc != 66 && first->profile_idc != 77 && first->profile_idc != 88) {
    extension = {static_cast<uint8_t>(0xfc | first->chroma_format_idc),
                 static_cast<uint8_t>(0xf8 | (first->bit_depth_luma - 8)),
                 static_cast<uint8_t>(0xf8 | (first->bit_depth_chroma - 8)), 0};
    configuration->extension = extension;
  }
  auto record = Buffer::make(configuration->size());
  ByteWriter writer({record->data(), record->size()});
  configuration->write_to(writer);
  return make_track(record->bytes());
}

}  // namespace millrace::h264
