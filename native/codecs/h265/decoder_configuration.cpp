#include "codecs/h265/decoder_configuration.hpp"

#include <cstring>
#include <utility>

namespace millrace::h265 {
namespace {

constexpr size_t kHeaderSize = 23;
// Offset of the byte that holds lengthSizeMinusOne in its lowest two bits.
constexpr size_t kLengthSizeOffset = 21;

const DecoderConfiguration::Array* find(const DecoderConfiguration& configuration,
                                        NalUnitType type) {
  for (const auto& array : configuration.arrays) {
    if (array.type == type) {
      return &array;
    }
  }
  return nullptr;
}

}  // namespace

Result<DecoderConfiguration> DecoderConfiguration::parse(Bytes record) {
  ByteReader reader(record);
  DecoderConfiguration out;
  const uint8_t version = reader.u8();
  const uint8_t profile = reader.u8();
  out.profile_tier_level.profile_space = profile >> 6;
  out.profile_tier_level.tier = (profile & 0x20) != 0;
  out.profile_tier_level.profile_idc = profile & 0x1f;
  out.profile_tier_level.compatibility_flags = reader.u32();
  out.profile_tier_level.constraint_flags = uint64_t{reader.u16()} << 32;
  out.profile_tier_level.constraint_flags |= reader.u32();
  out.profile_tier_level.level_idc = reader.u8();
  out.min_spatial_segmentation_idc = reader.u16() & 0xfff;
  out.parallelism_type = reader.u8() & 3;
  out.chroma_format_idc = reader.u8() & 3;
  out.bit_depth_luma = 8 + (reader.u8() & 7U);
  out.bit_depth_chroma = 8 + (reader.u8() & 7U);
  out.average_frame_rate = reader.u16();
  const uint8_t layers = reader.u8();
  out.constant_frame_rate = layers >> 6;
  out.temporal_layers = layers >> 3 & 7;
  out.temporal_id_nested = (layers & 4) != 0;
  out.nal_length_size = static_cast<uint8_t>((layers & 3) + 1);
  const unsigned arrays = reader.u8();
  // Version 0 was written by encoders that followed a draft; the layout is the same.
  if (!reader.ok() || version > 1) {
    return ErrorCode::kHevcConfigInvalid;
  }
  size_t units = 0;
  for (unsigned i = 0; i < arrays && reader.ok(); ++i) {
    Array array;
    const uint8_t type = reader.u8();
    array.completeness = (type & 0x80) != 0;
    array.type = static_cast<NalUnitType>(type & 0x3f);
    const unsigned count = reader.u16();
    units += count;
    if (units > kMaxUnits) {
      return ErrorCode::kHevcConfigInvalid;
    }
    for (unsigned unit = 0; unit < count && reader.ok(); ++unit) {
      array.units.push_back(reader.bytes(reader.u16()));
    }
    out.arrays.push_back(std::move(array));
  }
  if (!reader.ok()) {
    return ErrorCode::kHevcConfigInvalid;
  }
  return out;
}

Result<DecoderConfiguration> DecoderConfiguration::from_parameter_sets(std::span<const Bytes> vps,
                                                                       std::span<const Bytes> sps,
                                                                       std::span<const Bytes> pps) {
  if (sps.empty() || vps.size() + sps.size() + pps.size() > kMaxUnits) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  const auto first = SequenceParameterSet::parse(sps.front());
  if (!first) {
    return first.error();
  }
  DecoderConfiguration out;
  out.profile_tier_level = first->profile_tier_level;
  out.chroma_format_idc = first->chroma_format_idc;
  out.bit_depth_luma = first->bit_depth_luma;
  out.bit_depth_chroma = first->bit_depth_chroma;
  out.temporal_layers = static_cast<uint8_t>(first->max_sub_layers);
  out.temporal_id_nested = first->temporal_id_nesting;
  const std::pair<NalUnitType, std::span<const Bytes>> sets[] = {
      {NalUnitType::kVps, vps}, {NalUnitType::kSps, sps}, {NalUnitType::kPps, pps}};
  for (const auto& [type, units] : sets) {
    for (const Bytes unit : units) {
      if (unit.size() > UINT16_MAX) {
        return ErrorCode::kHevcParameterSetInvalid;
      }
    }
    if (!units.empty()) {
      out.arrays.push_back({true, type, {units.begin(), units.end()}});
    }
  }
  return out;
}

size_t DecoderConfiguration::size() const {
  size_t size = kHeaderSize;
  for (const Array& array : arrays) {
    size += 3;
    for (const Bytes unit : array.units) {
      size += 2 + unit.size();
    }
  }
  return size;
}

void DecoderConfiguration::write_to(ByteWriter& writer) const {
  writer.u8(1);  // configurationVersion
  writer.u8(static_cast<uint32_t>(profile_tier_level.profile_space) << 6 |
            (profile_tier_level.tier ? 0x20U : 0U) | profile_tier_level.profile_idc);
  writer.u32(profile_tier_level.compatibility_flags);
  writer.u16(static_cast<uint32_t>(profile_tier_level.constraint_flags >> 32));
  writer.u32(static_cast<uint32_t>(profile_tier_level.constraint_flags));
  writer.u8(profile_tier_level.level_idc);
  writer.u16(0xf000U | min_spatial_segmentation_idc);
  writer.u8(0xfcU | parallelism_type);
  writer.u8(0xfcU | chroma_format_idc);
  writer.u8(0xf8U | ((bit_depth_luma - 8) & 7));
  writer.u8(0xf8U | ((bit_depth_chroma - 8) & 7));
  writer.u16(average_frame_rate);
  writer.u8(static_cast<uint32_t>(constant_frame_rate) << 6 |
            static_cast<uint32_t>(temporal_layers) << 3 | (temporal_id_nested ? 4U : 0U) |
            (nal_length_size - 1U));
  writer.u8(static_cast<uint32_t>(arrays.size()));
  for (const Array& array : arrays) {
    writer.u8((array.completeness ? 0x80U : 0U) | static_cast<uint32_t>(array.type));
    writer.u16(static_cast<uint32_t>(array.units.size()));
    for (const Bytes unit : array.units) {
      writer.u16(static_cast<uint32_t>(unit.size()));
      writer.bytes(unit);
    }
  }
}

Result<Ref<Track>> make_track(Bytes record) {
  const auto configuration = DecoderConfiguration::parse(record);
  if (!configuration) {
    return configuration.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kVideo;
  track->codec = CodecId::kH265;
  auto copy = Buffer::make(record.size());
  std::memcpy(copy->data(), record.data(), record.size());
  copy->data()[kLengthSizeOffset] |= 3;
  track->configuration = std::move(copy);
  // The record may list the arrays in any order; decoders need them in this one.
  for (const NalUnitType type : {NalUnitType::kVps, NalUnitType::kSps, NalUnitType::kPps}) {
    for (const auto& array : configuration->arrays) {
      for (const Bytes unit : array.units) {
        if (array.type == type && !unit.empty()) {
          track->parameter_sets.push_back(Buffer::copy_of(unit));
        }
      }
    }
  }
  track->video.profile = configuration->profile_tier_level.profile_idc;
  track->video.level = configuration->profile_tier_level.level_idc;
  const auto* sps = find(*configuration, NalUnitType::kSps);
  if (sps != nullptr && !sps->units.empty()) {
    if (const auto parsed = SequenceParameterSet::parse(sps->units.front()); parsed) {
      track->video.width = parsed->width;
      track->video.height = parsed->height;
    }
  }
  return track;
}

Result<Ref<Track>> make_track(std::span<const Bytes> vps, std::span<const Bytes> sps,
                              std::span<const Bytes> pps) {
  const auto configuration = DecoderConfiguration::from_parameter_sets(vps, sps, pps);
  if (!configuration) {
    return configuration.error();
  }
  auto record = Buffer::make(configuration->size());
  ByteWriter writer({record->data(), record->size()});
  configuration->write_to(writer);
  return make_track(record->bytes());
}

}  // namespace millrace::h265
