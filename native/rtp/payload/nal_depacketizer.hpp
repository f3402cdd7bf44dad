#pragma once

#include <optional>
#include <vector>

#include "base/buffer.hpp"
#include "media/frame.hpp"
#include "rtp/payload/depacketizer.hpp"

namespace millrace::rtp {

/// The parameter sets that came so far, by type and id. A set that comes again unchanged costs a
/// comparison and no memory.
class ParameterSets {
 public:
  /// Most sets, and longest one in bytes. H.264 allows 32 + 256, HEVC 16 + 16 + 64; encoders use
  /// one or two of each with some tens of bytes.
  static constexpr size_t kMaxSets = 64;
  static constexpr size_t kMaxSetBytes = 4096;

  [[nodiscard]] bool has(uint8_t type) const;
  /// Is this very set among them?
  [[nodiscard]] bool knows(Bytes nal) const;
  /// Adds the set, or replaces the one of its type and id.
  /// @return false when it is beyond a limit.
  bool put(uint8_t type, uint32_t id, Bytes nal);
  /// All of one type in the order of their ids. The list is valid until the next put().
  void list(uint8_t type, std::vector<Bytes>& out) const;

 private:
  struct Set {
    uint8_t type;
    uint32_t id;
    BufferRef nal;
  };
  std::vector<Set> sets_;  // ordered by type and id
};

/// What the depacketizers of H.264 and HEVC share: units of the frame at hand, fragments, parameter
/// sets. Parameter sets go into the track, not into the frames; delimiters and filler are left out.
class NalDepacketizer : public VideoDepacketizer {
 protected:
  NalDepacketizer(BlockPool& pool, CodecId codec, size_t header_size)
      : VideoDepacketizer(pool, codec), header_size_(header_size) {}

  enum class Role : uint8_t { kMedia, kParameterSet, kLeftOut };
  [[nodiscard]] virtual Role role_of(Bytes nal) const = 0;
  /// Puts a set that is not known yet into `sets`.
  virtual Status put_parameter_set(Bytes nal, ParameterSets& sets) = 0;
  /// A track of the sets; null when some are missing still.
  virtual Result<Ref<Track>> make_track(const ParameterSets& sets) = 0;
  struct Picture {
    bool has_slice = false;
    bool random_access = false;
  };
  virtual Picture inspect(Bytes bytes, const std::vector<NalUnit>& units) const = 0;

  /// A set from the signaling. Broken ones are left out: the stream brings its own.
  void add_signalled(Bytes nal);
  /// A whole unit.
  Status add_unit(Bytes nal);
  /// Units with 16 bit lengths before them: STAP-A, AP. Types for which `is_unit` is false (nested
  /// aggregates) are refused.
  template <typename IsUnit>
  Status add_aggregate(Bytes units, IsUnit is_unit) {
    ByteReader reader(units);
    if (reader.empty()) {
      return malformed(units);
    }
    while (!reader.empty()) {
      const Bytes nal = reader.bytes(reader.u16());
      if (!reader.ok() || nal.size() < header_size_ || !is_unit(nal)) {
        return malformed(units);
      }
      if (const Status status = add_unit(nal); !status) {
        return status;
      }
    }
    return {};
  }
  /// A piece of a unit. `header` is the unit's own header, for the first piece.
  Status add_fragment(Bytes header, Bytes piece, bool start, bool end);
  /// Has the frame at hand brought parameter sets?
  [[nodiscard]] bool frame_has_sets() const { return frame_has_sets_; }

  [[nodiscard]] static Error malformed(Bytes bytes) {
    return {ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(bytes.size())};
  }

  [[nodiscard]] bool begins_frame(Bytes payload) const final;
  Result<Ref<Frame>> finish() final;
  void abandon() final;

 private:
  Status end_unit(size_t offset);

  const size_t header_size_;
  ParameterSets sets_;
  bool sets_changed_ = false;
  bool frame_has_sets_ = false;
  bool sets_come_in_band_ = false;       // the last random access point brought them
  std::vector<NalUnit> units_;           // of the frame at hand
  std::optional<size_t> open_fragment_;  // where its unit begins in bytes_
};

}  // namespace millrace::rtp
