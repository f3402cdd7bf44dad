#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::av1 {

/// obu_type, AV1 Bitstream & Decoding Process Specification §6.2.2.
enum class ObuType : uint8_t {
  kSequenceHeader = 1,
  kTemporalDelimiter = 2,
  kFrameHeader = 3,
  kTileGroup = 4,
  kMetadata = 5,
  kFrame = 6,
  kRedundantFrameHeader = 7,
  kTileList = 8,
  kPadding = 15,
};

/// Open bitstream unit, §5.3. Borrows its bytes.
struct Obu {
  ObuType type = ObuType::kPadding;
  bool has_size = false;
  uint8_t temporal_id = 0;
  uint8_t spatial_id = 0;
  Bytes whole;    // header, size and payload
  Bytes payload;  // without trailing bytes taken off
};

/// Walks the OBUs of a temporal unit in low-overhead format (§5.2). Only the last one may come
/// without a size of its own: it then reaches to the end.
class ObuReader {
 public:
  explicit ObuReader(Bytes bytes) : reader_(bytes) {}

  /// @return the next OBU, nullopt at the end, kAv1ObuMalformed (detail: offset) when one is cut,
  /// longer
  ///         than what is left, or has the forbidden bit. After an error nothing more comes.
  [[nodiscard]] Result<std::optional<Obu>> next();

 private:
  ByteReader reader_;
};

/// leb128(), §4.10.5. More than 8 bytes, or a value over 2^32 - 1, fails the reader.
[[nodiscard]] uint32_t read_leb128(ByteReader& reader);

}  // namespace millrace::av1
