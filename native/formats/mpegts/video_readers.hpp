#pragma once

#include <map>
#include <optional>
#include <vector>

#include "formats/mpegts/elementary_reader.hpp"

namespace millrace::mpegts {

/// H.264 and HEVC byte streams, ISO/IEC 13818-1 §2.14 and §2.17: one access unit in each PES
/// packet. Parameter sets are taken out of the frames and make the track.
class NalReader final : public ElementaryReader {
 public:
  NalReader(BlockPool& pool, CodecId codec) : pool_(pool), codec_(codec) {}
  Status read(const PesPacket& packet, Ring<Demuxed>& out) override;

 private:
  enum class SetKind : uint8_t { kVps, kSps, kPps };
  using Sets = std::map<std::pair<SetKind, uint32_t>, std::vector<uint8_t>>;

  [[nodiscard]] std::optional<SetKind> kind_of(Bytes nal) const;
  void take_parameter_set(SetKind kind, Bytes nal);
  Status renew_track(Ring<Demuxed>& out);
  [[nodiscard]] bool is_random_access(Bytes payload, bool indicated) const;

  BlockPool& pool_;
  const CodecId codec_;
  TrackRef track_;
  Sets sets_;
  bool sets_changed_ = false;
  std::vector<NalUnit> units_;
  std::optional<uint64_t> last_dts_;
};

/// AV1, "Carriage of AV1 in MPEG-2 TS" (AOM): OBUs behind start codes with emulation prevention.
/// The low-overhead format of muxers that do without them is taken too.
class Av1Reader final : public ElementaryReader {
 public:
  explicit Av1Reader(BlockPool& pool) : pool_(pool) {}
  Status read(const PesPacket& packet, Ring<Demuxed>& out) override;

 private:
  Status to_low_overhead(Bytes payload);

  BlockPool& pool_;
  TrackRef track_;
  std::vector<uint8_t> sequence_header_;
  std::vector<uint8_t> unit_;
  std::vector<uint8_t> obu_;
  std::vector<NalUnit> pieces_;
};

}  // namespace millrace::mpegts
