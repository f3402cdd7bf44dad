#include "rtp/payload/h265.hpp"

#include <algorithm>
#include <array>

#include "base/bit_reader.hpp"
#include "codecs/h265/access_unit.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/h265/nal_unit.hpp"
#include "codecs/h265/parameter_sets.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::rtp {
namespace {

using h265::NalUnitType;

// NAL unit types that RFC 7798 adds, §4.4.
constexpr uint8_t kAggregationPacket = 48;
constexpr uint8_t kFragmentationUnit = 49;
constexpr uint8_t kFuStart = 0x80;
constexpr uint8_t kFuEnd = 0x40;
constexpr uint8_t kFuTypeMask = 0x3f;

constexpr uint8_t type_of(Bytes nal) { return nal[0] >> 1 & 0x3f; }
constexpr bool is_unit_type(uint8_t type) { return type < kAggregationPacket; }

constexpr bool is_parameter_set(NalUnitType type) {
  return type == NalUnitType::kVps || type == NalUnitType::kSps || type == NalUnitType::kPps;
}

constexpr bool is_left_out(NalUnitType type) {
  return type == NalUnitType::kAccessUnitDelimiter || type == NalUnitType::kEndOfSequence ||
         type == NalUnitType::kEndOfBitstream || type == NalUnitType::kFillerData;
}

/// @param body  after the two header bytes.
void inspect_unit(uint8_t type, Bytes body, PayloadInfo& info) {
  const auto unit = static_cast<NalUnitType>(type);
  if (unit == NalUnitType::kVps || unit == NalUnitType::kSps) {
    info.has_parameter_sets = true;
    info.starts_random_access = true;
    info.starts_frame = true;
  } else if (unit == NalUnitType::kPps || unit == NalUnitType::kPrefixSei ||
             unit == NalUnitType::kAccessUnitDelimiter) {
    info.starts_frame = true;
  } else if (h265::is_slice(unit) && !body.empty() && (body[0] & 0x80) != 0) {
    // first_slice_segment_in_pic_flag
    info.starts_random_access = info.starts_random_access || h265::is_irap(unit);
    info.starts_frame = true;
  }
}

}  // namespace

NalPacketizer::Role H265Packetizer::role_of(Bytes nal) const {
  const NalUnitType type = h265::nal_unit_type(nal);
  if (type == NalUnitType::kVps || type == NalUnitType::kSps) {
    return Role::kParameterSet;
  }
  // Types from 48 on would be read as RTP's own.
  return is_left_out(type) || !is_unit_type(static_cast<uint8_t>(type)) ? Role::kLeftOut
                                                                        : Role::kMedia;
}

void H265Packetizer::write_aggregation_header(std::span<uint8_t> out,
                                              std::span<const Bytes> units) const {
  // §4.4.2: LayerId and TID are the lowest of all, F is set if one has it.
  unsigned layer_id = 63;
  unsigned temporal_id = 7;
  unsigned forbidden = 0;
  for (const Bytes nal : units) {
    layer_id = std::min(layer_id, (nal[0] & 1U) << 5 | nal[1] >> 3U);
    temporal_id = std::min(temporal_id, nal[1] & 7U);
    forbidden |= nal[0] & 0x80U;
  }
  out[0] = static_cast<uint8_t>(forbidden | kAggregationPacket << 1 | layer_id >> 5);
  out[1] = static_cast<uint8_t>((layer_id & 0x1f) << 3 | temporal_id);
}

void H265Packetizer::write_fragment_header(std::span<uint8_t> out, Bytes nal, bool start,
                                           bool end) const {
  out[0] = static_cast<uint8_t>((nal[0] & 0x81) | kFragmentationUnit << 1);
  out[1] = nal[1];
  out[2] = static_cast<uint8_t>((start ? kFuStart : 0) | (end ? kFuEnd : 0) | type_of(nal));
}

H265Depacketizer::H265Depacketizer(BlockPool& pool, std::span<const BufferRef> parameter_sets)
    : NalDepacketizer(pool, CodecId::kH265, h265::kNalHeaderSize) {
  for (const BufferRef& set : parameter_sets) {
    add_signalled(set->bytes());
  }
}

Status H265Depacketizer::append(Bytes payload) {
  if (payload.size() <= h265::kNalHeaderSize) {
    return malformed(payload);
  }
  const uint8_t type = type_of(payload);
  if (is_unit_type(type)) {
    return add_unit(payload);
  }
  if (type == kAggregationPacket) {
    return add_aggregate(payload.subspan(2), [](Bytes nal) { return is_unit_type(type_of(nal)); });
  }
  if (type == kFragmentationUnit && payload.size() > 3 && is_unit_type(payload[2] & kFuTypeMask)) {
    const std::array<uint8_t, 2> header{
        static_cast<uint8_t>((payload[0] & 0x81) | (payload[2] & kFuTypeMask) << 1), payload[1]};
    return add_fragment(header, payload.subspan(3), (payload[2] & kFuStart) != 0,
                        (payload[2] & kFuEnd) != 0);
  }
  return malformed(payload);
}

NalDepacketizer::Role H265Depacketizer::role_of(Bytes nal) const {
  const NalUnitType type = h265::nal_unit_type(nal);
  return is_parameter_set(type) ? Role::kParameterSet
         : is_left_out(type)    ? Role::kLeftOut
                                : Role::kMedia;
}

Status H265Depacketizer::put_parameter_set(Bytes nal, ParameterSets& sets) {
  const NalUnitType type = h265::nal_unit_type(nal);
  uint32_t id = 0;
  if (type == NalUnitType::kVps) {
    const auto vps = h265::VideoParameterSet::parse(nal);
    if (!vps) {
      return vps.error();
    }
    id = vps->id;
  } else if (type == NalUnitType::kSps) {
    const auto sps = h265::SequenceParameterSet::parse(nal);
    if (!sps) {
      return sps.error();
    }
    id = sps->id;
  } else {
    std::array<uint8_t, 16> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    BitReader reader(nal::unescape(nal.subspan(h265::kNalHeaderSize), room));
    id = reader.ue();
    if (!reader.ok() || id > 63) {
      return ErrorCode::kHevcParameterSetInvalid;
    }
  }
  if (!sets.put(static_cast<uint8_t>(type), id, nal)) {
    return ErrorCode::kTooLarge;
  }
  return {};
}

Result<Ref<Track>> H265Depacketizer::make_track(const ParameterSets& sets) {
  std::vector<Bytes> vps;
  std::vector<Bytes> sps;
  std::vector<Bytes> pps;
  sets.list(static_cast<uint8_t>(NalUnitType::kVps), vps);
  sets.list(static_cast<uint8_t>(NalUnitType::kSps), sps);
  sets.list(static_cast<uint8_t>(NalUnitType::kPps), pps);
  if (vps.empty() || sps.empty() || pps.empty()) {
    return Ref<Track>();
  }
  auto track = h265::make_track(vps, sps, pps);
  if (track) {
    // The FourCC of Enhanced RTMP: FLV itself has no number for HEVC.
    (*track)->flv_signalling = FlvSignalling::kEnhanced;
  }
  return track;
}

NalDepacketizer::Picture H265Depacketizer::inspect(Bytes bytes,
                                                   const std::vector<NalUnit>& units) const {
  const auto unit = h265::AccessUnit::inspect(bytes, units);
  return {unit.has_slice, unit.has_irap};
}

PayloadInfo inspect_h265_payload(Bytes payload) {
  PayloadInfo info;
  if (payload.size() <= h265::kNalHeaderSize) {
    return info;
  }
  // nuh_temporal_id_plus1 - 1, of all units in the packet the lowest.
  info.temporal_id = static_cast<uint8_t>((payload[1] & 7) == 0 ? 0 : (payload[1] & 7) - 1);
  const uint8_t type = type_of(payload);
  if (is_unit_type(type)) {
    inspect_unit(type, payload.subspan(2), info);
  } else if (type == kAggregationPacket) {
    ByteReader reader(payload.subspan(2));
    bool first = true;
    bool starts_frame = false;
    while (!reader.empty()) {
      const Bytes nal = reader.bytes(reader.u16());
      if (!reader.ok() || nal.size() < h265::kNalHeaderSize) {
        break;
      }
      inspect_unit(type_of(nal), nal.subspan(2), info);
      starts_frame = first ? info.starts_frame : starts_frame;
      first = false;
    }
    info.starts_frame = starts_frame;
  } else if (type == kFragmentationUnit && payload.size() > 3 && (payload[2] & kFuStart) != 0) {
    inspect_unit(payload[2] & kFuTypeMask, payload.subspan(3), info);
  }
  return info;
}

}  // namespace millrace::rtp
