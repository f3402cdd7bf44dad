#pragma once

#include <cstddef>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::av1 {

/// What the OBUs of one temporal unit tell without decoding.
struct TemporalUnit {
  bool has_sequence_header = false;
  bool has_frame = false;
  bool has_key_frame = false;  // a key frame that is shown at once: decoding can start here
  Bytes sequence_header;       // the first one, whole OBU, borrowed; empty when there is none
  size_t delimiter_bytes = 0;  // of temporal delimiters, which files and FLV leave out

  /// @return kAv1ObuMalformed.
  [[nodiscard]] static Result<TemporalUnit> inspect(Bytes bytes);
};

/// Copies a unit that inspect() has taken, without its temporal delimiters.
void copy_without_delimiters(Bytes unit, ByteWriter& writer);

}  // namespace millrace::av1
