#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::flv {

/// The FLV header and PreviousTagSize0, FLV 10.1 E.2 and E.3.
struct FileHeader {
  static constexpr size_t kSize = 9;
  /// With the PreviousTagSize0 that always follows.
  static constexpr size_t kSizeWithBackPointer = kSize + 4;

  bool has_audio = true;
  bool has_video = true;

  /// @param bytes  the start of the stream.
  /// @return nullopt when more bytes are needed; kFlvHeaderInvalid when this is no FLV of
  /// version 1.
  [[nodiscard]] static Result<std::optional<FileHeader>> parse(Bytes bytes) {
    constexpr uint8_t kSignature[] = {'F', 'L', 'V', 1};
    for (size_t i = 0; i < bytes.size() && i < sizeof kSignature; ++i) {
      if (bytes[i] != kSignature[i]) {
        return Error{ErrorCode::kFlvHeaderInvalid, static_cast<uint32_t>(i)};
      }
    }
    if (bytes.size() < kSize) {
      return std::optional<FileHeader>();
    }
    ByteReader reader(bytes.subspan(sizeof kSignature));
    const uint8_t flags = reader.u8();
    // DataOffset is 9 in version 1, and no writer is known that leaves a gap.
    if (reader.u32() != kSize) {
      return Error{ErrorCode::kFlvHeaderInvalid, 5};
    }
    return std::optional(FileHeader{(flags & 4) != 0, (flags & 1) != 0});
  }

  /// Writes kSizeWithBackPointer bytes.
  void write_to(ByteWriter& writer) const {
    writer.text("FLV");
    writer.u8(1);  // version
    writer.u8((has_audio ? 4U : 0U) | (has_video ? 1U : 0U));
    writer.u32(kSize);  // DataOffset
    writer.u32(0);      // PreviousTagSize0
  }
};

}  // namespace millrace::flv
