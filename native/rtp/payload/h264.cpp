#include "rtp/payload/h264.hpp"

#include <algorithm>
#include <array>

#include "base/bit_reader.hpp"
#include "codecs/h264/access_unit.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/h264/sequence_parameter_set.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::rtp {
namespace {

using h264::NalUnitType;

// NAL unit types that RFC 6184 adds, §5.2 table 1.
constexpr uint8_t kStapA = 24;
constexpr uint8_t kFuA = 28;
constexpr uint8_t kFuStart = 0x80;
constexpr uint8_t kFuEnd = 0x40;
constexpr uint8_t kNriMask = 0x60;
constexpr uint8_t kTypeMask = 0x1f;

constexpr bool is_unit_type(uint8_t type) { return type >= 1 && type <= 23; }

/// Units that begin an access unit: delimiter, parameter sets, SEI, or a slice with
/// first_mb_in_slice 0, whose Exp-Golomb code is a single 1 bit. ITU-T H.264 §7.4.1.2.3
void inspect_unit(uint8_t type, Bytes body, PayloadInfo& info) {
  const bool first_slice = !body.empty() && (body[0] & 0x80) != 0;
  switch (static_cast<NalUnitType>(type)) {
    case NalUnitType::kSps:
      info.has_parameter_sets = true;
      info.starts_random_access = true;
      info.starts_frame = true;
      break;
    case NalUnitType::kPps:
    case NalUnitType::kSei:
    case NalUnitType::kAccessUnitDelimiter:
      info.starts_frame = true;
      break;
    case NalUnitType::kSliceIdr:
      info.starts_random_access = info.starts_random_access || first_slice;
      info.starts_frame = info.starts_frame || first_slice;
      break;
    case NalUnitType::kSliceNonIdr:
    case NalUnitType::kSlicePartitionA:
      info.starts_frame = info.starts_frame || first_slice;
      break;
    default:
      break;
  }
}

}  // namespace

NalPacketizer::Role H264Packetizer::role_of(Bytes nal) const {
  switch (h264::nal_unit_type(nal)) {
    case NalUnitType::kSps:
      return Role::kParameterSet;
    case NalUnitType::kAccessUnitDelimiter:
    case NalUnitType::kFillerData:
    case NalUnitType::kEndOfSequence:
    case NalUnitType::kEndOfStream:
      return Role::kLeftOut;
    case NalUnitType::kSei:
      return sei_ == Sei::kKeep ? Role::kMedia : Role::kLeftOut;
    default:
      // Types from 24 on would be read as RTP's own.
      return is_unit_type(nal[0] & kTypeMask) ? Role::kMedia : Role::kLeftOut;
  }
}

void H264Packetizer::write_aggregation_header(std::span<uint8_t> out,
                                              std::span<const Bytes> units) const {
  // §5.7: NRI is the highest of all, F is set if one has it.
  uint8_t nri = 0;
  uint8_t forbidden = 0;
  for (const Bytes nal : units) {
    nri = std::max<uint8_t>(nri, nal[0] & kNriMask);
    forbidden = static_cast<uint8_t>(forbidden | (nal[0] & 0x80));
  }
  out[0] = static_cast<uint8_t>(forbidden | nri | kStapA);
}

void H264Packetizer::write_fragment_header(std::span<uint8_t> out, Bytes nal, bool start,
                                           bool end) const {
  out[0] = static_cast<uint8_t>((nal[0] & ~kTypeMask) | kFuA);
  out[1] = static_cast<uint8_t>((start ? kFuStart : 0) | (end ? kFuEnd : 0) | (nal[0] & kTypeMask));
}

H264Depacketizer::H264Depacketizer(BlockPool& pool, std::span<const BufferRef> parameter_sets)
    : NalDepacketizer(pool, CodecId::kH264, 1) {
  for (const BufferRef& set : parameter_sets) {
    add_signalled(set->bytes());
  }
}

Status H264Depacketizer::append(Bytes payload) {
  const uint8_t type = payload[0] & kTypeMask;
  if (is_unit_type(type)) {
    return add_unit(payload);
  }
  if (type == kStapA) {
    return add_aggregate(payload.subspan(1),
                         [](Bytes nal) { return is_unit_type(nal[0] & kTypeMask); });
  }
  if (type == kFuA && payload.size() > 2 && is_unit_type(payload[1] & kTypeMask)) {
    const std::array<uint8_t, 1> header{
        static_cast<uint8_t>((payload[0] & ~kTypeMask) | (payload[1] & kTypeMask))};
    return add_fragment(header, payload.subspan(2), (payload[1] & kFuStart) != 0,
                        (payload[1] & kFuEnd) != 0);
  }
  return malformed(payload);
}

NalDepacketizer::Role H264Depacketizer::role_of(Bytes nal) const {
  switch (h264::nal_unit_type(nal)) {
    case NalUnitType::kSps:
    case NalUnitType::kPps:
      return Role::kParameterSet;
    case NalUnitType::kAccessUnitDelimiter:
    case NalUnitType::kFillerData:
    case NalUnitType::kEndOfSequence:
    case NalUnitType::kEndOfStream:
      return Role::kLeftOut;
    default:
      return Role::kMedia;
  }
}

Status H264Depacketizer::put_parameter_set(Bytes nal, ParameterSets& sets) {
  const NalUnitType type = h264::nal_unit_type(nal);
  uint32_t id = 0;
  if (type == NalUnitType::kSps) {
    const auto sps = h264::SequenceParameterSet::parse(nal);
    if (!sps) {
      return sps.error();
    }
    id = sps->id;
  } else {
    std::array<uint8_t, 16> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    BitReader reader(nal::unescape(nal.subspan(1), room));
    id = reader.ue();
    if (!reader.ok() || id > 255) {
      return ErrorCode::kH264ParameterSetInvalid;
    }
  }
  if (!sets.put(static_cast<uint8_t>(type), id, nal)) {
    return ErrorCode::kTooLarge;
  }
  return {};
}

Result<Ref<Track>> H264Depacketizer::make_track(const ParameterSets& sets) {
  std::vector<Bytes> sps;
  std::vector<Bytes> pps;
  sets.list(static_cast<uint8_t>(NalUnitType::kSps), sps);
  sets.list(static_cast<uint8_t>(NalUnitType::kPps), pps);
  return sps.empty() || pps.empty() ? Ref<Track>() : h264::make_track(sps, pps);
}

NalDepacketizer::Picture H264Depacketizer::inspect(Bytes bytes,
                                                   const std::vector<NalUnit>& units) const {
  const auto unit = h264::AccessUnit::inspect(bytes, units);
  // Encoders that never send IDR pictures repeat the parameter sets before intra pictures.
  return {unit.has_slice, unit.is_random_access() || (unit.has_intra_slice && frame_has_sets())};
}

PayloadInfo inspect_h264_payload(Bytes payload) {
  PayloadInfo info;
  if (payload.empty()) {
    return info;
  }
  const uint8_t type = payload[0] & kTypeMask;
  if (is_unit_type(type)) {
    inspect_unit(type, payload.subspan(1), info);
  } else if (type == kStapA) {
    ByteReader reader(payload.subspan(1));
    bool first = true;
    bool starts_frame = false;
    while (!reader.empty()) {
      const Bytes nal = reader.bytes(reader.u16());
      if (!reader.ok() || nal.empty()) {
        break;
      }
      inspect_unit(nal[0] & kTypeMask, nal.subspan(1), info);
      starts_frame = first ? info.starts_frame : starts_frame;
      first = false;
    }
    info.starts_frame = starts_frame;
  } else if (type == kFuA && payload.size() > 2 && (payload[1] & kFuStart) != 0) {
    inspect_unit(payload[1] & kTypeMask, payload.subspan(2), info);
  }
  return info;
}

}  // namespace millrace::rtp
