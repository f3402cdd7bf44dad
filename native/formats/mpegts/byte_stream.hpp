#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/byte_reader.hpp"
#include "codecs/av1/obu.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/h265/nal_unit.hpp"
#include "media/frame.hpp"

/// How codec bytes are framed inside PES packets. Each function hands the payload to `emit(Bytes)`
/// in pieces that borrow from the frame, the track or constants, so the same walk first counts the
/// bytes and then writes them, and nothing is put together in between.
namespace millrace::mpegts {

namespace detail {

constexpr std::array<uint8_t, 4> kStartCode4 = {0, 0, 0, 1};
constexpr Bytes kStartCode3 = Bytes(kStartCode4).subspan(1);

/// What the byte stream must know of a codec's NAL units.
struct H264Syntax {
  using Type = h264::NalUnitType;
  // primary_pic_type 7: any slice type, ITU-T H.264 §7.4.2.4.
  static constexpr std::array<uint8_t, 2> kDelimiter = {0x09, 0xf0};
  static constexpr unsigned kAllParameterSets = 0b11;
  static constexpr bool is_delimiter(Bytes nal) {
    return h264::nal_unit_type(nal) == Type::kAccessUnitDelimiter;
  }
  static constexpr unsigned parameter_set(Bytes nal) {
    const Type type = h264::nal_unit_type(nal);
    return type == Type::kSps ? 0b01 : type == Type::kPps ? 0b10 : 0;
  }
};
struct H265Syntax {
  using Type = h265::NalUnitType;
  // pic_type 2: any slice type, ITU-T H.265 §7.4.3.5.
  static constexpr std::array<uint8_t, 3> kDelimiter = {0x46, 0x01, 0x50};
  static constexpr unsigned kAllParameterSets = 0b111;
  static constexpr bool is_delimiter(Bytes nal) {
    return h265::nal_unit_type(nal) == Type::kAccessUnitDelimiter;
  }
  static constexpr unsigned parameter_set(Bytes nal) {
    const Type type = h265::nal_unit_type(nal);
    return type == Type::kVps ? 0b001 : type == Type::kSps ? 0b010 : type == Type::kPps ? 0b100 : 0;
  }
};

}  // namespace detail

/// The access unit as a byte stream (H.264 Annex B), completed to what ISO/IEC 13818-1 §2.14.1 asks
/// for: an access unit delimiter first, and parameter sets in every random access point.
template <typename Syntax, typename Emit>
void emit_byte_stream(const Frame& frame, Emit&& emit) {
  const auto units = frame.nal_units();
  unsigned parameter_sets = 0;
  for (const NalUnit& unit : units) {
    if (unit.size > 0) {
      parameter_sets |= Syntax::parameter_set(frame.nal(unit));
    }
  }
  emit(Bytes(detail::kStartCode4));
  bool delimited = false;
  if (!units.empty() && units[0].size > 0 && Syntax::is_delimiter(frame.nal(units[0]))) {
    emit(frame.nal(units[0]));
    delimited = true;
  } else {
    emit(Bytes(Syntax::kDelimiter));
  }
  if (frame.random_access && parameter_sets != Syntax::kAllParameterSets) {
    for (const BufferRef& set : frame.track->parameter_sets) {
      // zero_byte: H.264 §B.1.2 wants it before parameter sets.
      emit(Bytes(detail::kStartCode4));
      emit(set->bytes());
    }
  }
  for (const NalUnit& unit : units.subspan(delimited ? 1 : 0)) {
    const Bytes nal = frame.nal(unit);
    // A delimiter that is not the first unit would begin another access unit.
    if (nal.empty() || Syntax::is_delimiter(nal)) {
      continue;
    }
    emit(Syntax::parameter_set(nal) != 0 ? Bytes(detail::kStartCode4) : detail::kStartCode3);
    emit(nal);
  }
}

/// An AV1 temporal unit as "Carriage of AV1 in MPEG-2 TS" (AOM) §3 wants it: a temporal delimiter,
/// and each OBU behind a start code, with emulation prevention bytes.
template <typename Emit>
void emit_av1(Bytes temporal_unit, Emit&& emit) {
  static constexpr std::array<uint8_t, 5> kTemporalDelimiter = {0, 0, 1, 0x12, 0x00};
  static constexpr std::array<uint8_t, 1> kEmulationPrevention = {3};
  emit(Bytes(kTemporalDelimiter));
  const auto emit_obu = [&emit](Bytes obu) {
    emit(detail::kStartCode3);
    size_t begin = 0;
    unsigned zeros = 0;
    for (size_t i = 0; i < obu.size(); ++i) {
      if (zeros >= 2 && obu[i] <= 3) {
        emit(obu.subspan(begin, i - begin));
        emit(Bytes(kEmulationPrevention));
        begin = i;
        zeros = 0;
      }
      zeros = obu[i] == 0 ? zeros + 1 : 0;
    }
    emit(obu.subspan(begin));
  };
  av1::ObuReader reader(temporal_unit);
  // An OBU that lies about its size is left out with what follows.
  for (auto obu = reader.next(); obu.ok() && *obu; obu = reader.next()) {
    if ((*obu)->type != av1::ObuType::kTemporalDelimiter) {
      emit_obu((*obu)->whole);
    }
  }
}

}  // namespace millrace::mpegts
