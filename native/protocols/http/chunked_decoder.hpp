#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::http {

/// Takes the chunked transfer coding off a request body. Source: RFC 9112 §7.1.
///
/// Stricter than the grammar's recommendations for recipients, because each leniency is a way to
/// make two servers see two different bodies: sizes are 1 to 16 hexadecimal digits with nothing
/// around them, line ends are CRLF, extensions are passed over but bounded, trailer fields are
/// checked for form, bounded, and dropped.
class ChunkedDecoder {
 public:
  struct Step {
    size_t consumed = 0;    // bytes of the input that are done with
    Bytes data;             // body bytes, part of the input; may be empty
    bool complete = false;  // the last chunk and the trailer section have been read
  };

  /// Reads on until there is body data, the end, or no input.
  /// @return kHttpMalformed for anything outside the grammar, kHttpBodyTooLarge when the chunk that
  /// begins would lead beyond `limit`.
  [[nodiscard]] Result<Step> step(Bytes input, uint64_t limit);

 private:
  enum class State : uint8_t {
    kSizeFirst,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
  };

  [[nodiscard]] Status take(char byte, uint64_t limit);

  State state_ = State::kSizeFirst;
  uint8_t size_digits_ = 0;
  uint64_t chunk_left_ = 0;
  uint64_t seen_ = 0;             // body bytes of all chunks announced so far
  uint32_t extension_bytes_ = 0;  // of this chunk
  uint32_t trailer_bytes_ = 0;
};

}  // namespace millrace::http
