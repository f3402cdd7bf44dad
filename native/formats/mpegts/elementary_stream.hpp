#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "media/track.hpp"

namespace millrace::mpegts {

/// How one track appears in the program map table, ISO/IEC 13818-1 §2.4.4.8.
class ElementaryStream {
 public:
  uint16_t pid = 0;
  uint8_t stream_type = 0;
  uint8_t stream_id = 0;  // of its PES packets, ISO/IEC 13818-1 table 2-22

  /// The descriptors of the stream's entry in the PMT.
  [[nodiscard]] Bytes descriptors() const { return Bytes(descriptors_).first(descriptors_size_); }

  /// @return nullopt for codecs that have no mapping to MPEG-TS, or none that players know.
  [[nodiscard]] static std::optional<ElementaryStream> of(const Track& track);

  friend bool operator==(const ElementaryStream&, const ElementaryStream&) = default;

 private:
  void add_registration(const char (&format_identifier)[5]);
  void add_descriptor(uint8_t tag, Bytes content);

  std::array<uint8_t, 24> descriptors_{};
  size_t descriptors_size_ = 0;
};

/// PIDs are fixed, so that a player that has seen one segment knows the next one's.
constexpr uint16_t kPmtPid = 0x1001;
constexpr uint16_t kFirstStreamPid = 0x100;
constexpr uint16_t kVideoPid = 0x100;
constexpr uint16_t kAacPid = 0x101;
constexpr uint16_t kMp3Pid = 0x102;
constexpr uint16_t kOtherAudioPid = 0x103;
constexpr size_t kStreamPids = 4;

}  // namespace millrace::mpegts
