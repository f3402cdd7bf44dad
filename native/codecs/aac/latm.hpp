#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::aac {

/// Frame of an AudioSyncStream (LOAS), ISO/IEC 14496-3 §1.7.2.
struct LoasHeader {
  static constexpr size_t kSize = 3;
  size_t frame_size = 0;  // bytes, with this header

  /// @param bytes  at least kSize.
  /// @return kAacLatmInvalid without the syncword.
  [[nodiscard]] static Result<LoasHeader> parse(Bytes bytes);
};

/// Reads AudioMuxElement(1) with one program of one layer, which is what broadcast streams have:
/// ISO/IEC 14496-3 §1.7.3. The configuration comes now and then and holds until the next.
class LatmReader {
 public:
  /// One raw_data_block; `payload` is valid until the next read().
  struct Element {
    bool new_configuration = false;
    Bytes payload;
  };
  /// @param element  of one LOAS frame, without its header.
  /// @return nullopt before the first configuration; kAacLatmInvalid for what is cut or uses parts
  ///         of LATM that live streams do not: more programs, layers or sub-frames, CELP and HVXC.
  [[nodiscard]] Result<std::optional<Element>> read(Bytes element);

  /// AudioSpecificConfig of the last configuration, moved to byte boundaries.
  [[nodiscard]] Bytes configuration() const { return configuration_; }

 private:
  std::vector<uint8_t> configuration_;
  std::vector<uint8_t> payload_;
  bool configured_ = false;
  bool other_data_ = false;
};

}  // namespace millrace::aac
