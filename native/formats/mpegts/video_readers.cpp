#include "formats/mpegts/video_readers.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bit_reader.hpp"
#include "codecs/av1/codec_configuration.hpp"
#include "codecs/av1/temporal_unit.hpp"
#include "codecs/h264/access_unit.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/h265/access_unit.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/h265/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {
namespace {

// Encoders have one set of each kind, cameras a few. More are a stream that only makes work: it
// starts anew with those that come next.
constexpr size_t kMaxParameterSets = 64;
constexpr size_t kMaxParameterSetBytes = 4096;

MediaTime time_of(uint64_t ticks) { return from_ticks(static_cast<int64_t>(ticks), kTimescale); }

}  // namespace

std::optional<NalReader::SetKind> NalReader::kind_of(Bytes nal) const {
  if (codec_ == CodecId::kH264) {
    switch (h264::nal_unit_type(nal)) {
      case h264::NalUnitType::kSps:
        return SetKind::kSps;
      case h264::NalUnitType::kPps:
        return SetKind::kPps;
      default:
        return std::nullopt;
    }
  }
  switch (h265::nal_unit_type(nal)) {
    case h265::NalUnitType::kVps:
      return SetKind::kVps;
    case h265::NalUnitType::kSps:
      return SetKind::kSps;
    case h265::NalUnitType::kPps:
      return SetKind::kPps;
    default:
      return std::nullopt;
  }
}

/// Keeps the set under its own id, so that one with the same id replaces it and others stay.
void NalReader::take_parameter_set(SetKind kind, Bytes nal) {
  if (nal.size() > kMaxParameterSetBytes) {
    return;
  }
  std::array<uint8_t, 128> room{};
  BitReader reader(nal::unescape(nal, room));
  uint32_t id = 0;
  if (codec_ == CodecId::kH264) {
    reader.skip(kind == SetKind::kSps ? 32 : 8);  // NAL header; profile, flags and level
    id = reader.ue();
  } else if (kind == SetKind::kVps) {
    reader.skip(16);
    id = reader.u(4);
  } else if (kind == SetKind::kPps) {
    reader.skip(16);
    id = reader.ue();
  }
  // An SPS of HEVC has its id behind a structure of variable length. Streams have one of them.
  if (!reader.ok()) {
    return;
  }
  std::vector<uint8_t>& kept = sets_[{kind, id}];
  if (!std::ranges::equal(kept, nal)) {
    kept.assign(nal.begin(), nal.end());
    sets_changed_ = true;
  }
}

Status NalReader::renew_track(Ring<Demuxed>& out) {
  std::array<std::vector<Bytes>, 3> by_kind;
  for (const auto& [key, bytes] : sets_) {
    by_kind[static_cast<size_t>(key.first)].push_back(Bytes(bytes));
  }
  const auto& [vps, sps, pps] = by_kind;
  if (sps.empty() || pps.empty() || (codec_ == CodecId::kH265 && vps.empty())) {
    return {};  // joined in mid-stream
  }
  sets_changed_ = false;
  auto track =
      codec_ == CodecId::kH264 ? h264::make_track(sps, pps) : h265::make_track(vps, sps, pps);
  if (sets_.size() > kMaxParameterSets) {
    sets_.clear();
  }
  if (!track) {
    sets_.clear();
    return track.error();
  }
  track_ = std::move(*track);
  out.push_back({track_, nullptr, MediaTime(0), MediaTime(0)});
  return {};
}

bool NalReader::is_random_access(Bytes payload, bool indicated) const {
  if (codec_ == CodecId::kH265) {
    return h265::AccessUnit::inspect(payload, units_).has_irap;
  }
  // The multiplexer's word counts for encoders that send neither IDR pictures nor recovery points.
  const auto unit = h264::AccessUnit::inspect(payload, units_);
  return unit.is_random_access() || (indicated && unit.has_intra_slice);
}

Status NalReader::read(const PesPacket& packet, Ring<Demuxed>& out) {
  if (const Status split = nal::split_annexb(packet.payload, units_); !split) {
    return split;
  }
  std::erase_if(units_, [this, &packet](const NalUnit& unit) {
    const Bytes nal = packet.payload.subspan(unit.offset, unit.size);
    const auto kind = kind_of(nal);
    if (kind) {
      take_parameter_set(*kind, nal);
    }
    return kind.has_value();
  });
  Status status;
  if (sets_changed_) {
    status = renew_track(out);
  }
  if (!track_ || units_.empty()) {
    return status;
  }
  // A PES packet without times goes on where the last one was: ISO/IEC 13818-1 §2.7.4 asks for them
  // at least every 700 ms only, but whoever leaves them out sends still pictures.
  const auto pts = packet.pts ? packet.pts : last_dts_;
  if (!pts) {
    return status;
  }
  const uint64_t dts = packet.dts.value_or(*pts);
  last_dts_ = dts;
  auto frame = nal::make_frame(pool_, track_, packet.payload, units_);
  frame->random_access = is_random_access(packet.payload, packet.random_access);
  out.push_back({nullptr, std::move(frame), time_of(dts), time_of(*pts)});
  return status;
}

/// Puts the temporal unit into unit_.
Status Av1Reader::to_low_overhead(Bytes payload) {
  unit_.clear();
  if (!nal::starts_with_start_code(payload)) {
    unit_.assign(payload.begin(), payload.end());
    return {};
  }
  if (const Status split = nal::split_annexb(payload, pieces_); !split) {
    return split;
  }
  for (const NalUnit& piece : pieces_) {
    obu_.resize(piece.size);
    const Bytes obu = nal::unescape(payload.subspan(piece.offset, piece.size), obu_);
    constexpr uint8_t kHasSize = 0x02;
    constexpr uint8_t kHasExtension = 0x04;
    if (obu.empty() || (obu[0] & kHasSize) != 0) {
      unit_.insert(unit_.end(), obu.begin(), obu.end());
      continue;
    }
    const size_t head = (obu[0] & kHasExtension) != 0 ? 2 : 1;
    if (obu.size() < head) {
      return ErrorCode::kAv1ObuMalformed;
    }
    unit_.push_back(obu[0] | kHasSize);
    unit_.insert(unit_.end(), obu.begin() + 1, obu.begin() + static_cast<std::ptrdiff_t>(head));
    size_t size = obu.size() - head;
    do {  // leb128()
      unit_.push_back(static_cast<uint8_t>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
      size >>= 7;
    } while (size != 0);
    unit_.insert(unit_.end(), obu.begin() + static_cast<std::ptrdiff_t>(head), obu.end());
  }
  return {};
}

Status Av1Reader::read(const PesPacket& packet, Ring<Demuxed>& out) {
  if (const Status status = to_low_overhead(packet.payload); !status) {
    return status;
  }
  const auto unit = av1::TemporalUnit::inspect(unit_);
  if (!unit) {
    return unit.error();
  }
  if (unit->has_sequence_header && !std::ranges::equal(unit->sequence_header, sequence_header_)) {
    auto track = av1::make_track_from_sequence_header(unit->sequence_header);
    if (!track) {
      return track.error();
    }
    sequence_header_.assign(unit->sequence_header.begin(), unit->sequence_header.end());
    track_ = std::move(*track);
    out.push_back({track_, nullptr, MediaTime(0), MediaTime(0)});
  }
  if (!track_ || !unit->has_frame || !packet.pts) {
    return {};
  }
  auto frame = Frame::make(pool_, track_, unit_.size() - unit->delimiter_bytes);
  ByteWriter writer(frame->mutable_payload());
  av1::copy_without_delimiters(unit_, writer);
  frame->random_access = unit->has_key_frame;
  out.push_back(
      {nullptr, std::move(frame), time_of(packet.dts.value_or(*packet.pts)), time_of(*packet.pts)});
  return {};
}

}  // namespace millrace::mpegts
