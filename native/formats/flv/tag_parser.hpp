#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/file_header.hpp"

namespace millrace::flv {

/// TagType, FLV E.4.1; the same numbers as RTMP's message types.
enum class TagType : uint8_t { kAudio = 8, kVideo = 9, kScript = 18 };

constexpr size_t kTagHeaderSize = 11;
constexpr size_t kBackPointerSize = 4;

/// One FLV tag. `body` points into the parser and is valid until the next feed() or poll().
struct Tag {
  TagType type;
  uint32_t timestamp_ms;  // as on the wire: wraps after 2^32 ms
  Bytes body;
};

/// Cuts a byte stream, which starts with the FLV file header, into tags. Has no socket, clock,
/// thread or log. Source: FLV 10.1, Annex E.2 to E.4.1. Tags of other types and encrypted ones are
/// passed over.
///
/// Memory follows what has arrived, not what was declared; after a tag that is larger than the
/// others the room is kept for the next one of its kind.
class TagParser {
 public:
  /// @param max_body_bytes  longest tag body taken, in bytes; the field itself allows 2^24 - 1.
  explicit TagParser(uint32_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  /// Adds the next bytes of the stream. They may be cut anywhere, and may be empty.
  void feed(Bytes bytes);

  /// @return the next whole tag, or nullopt when more bytes are needed.
  /// Errors end the stream: kFlvHeaderInvalid, kFlvTagTooLarge (detail: size),
  /// kFlvBackPointerMismatch (detail: what it said). The same error is given again by later calls.
  [[nodiscard]] Result<std::optional<Tag>> poll();

  /// Known once poll() has got past it.
  [[nodiscard]] const std::optional<FileHeader>& file_header() const { return file_header_; }
  /// Tags that were passed over because of their type.
  [[nodiscard]] uint64_t skipped_tags() const { return skipped_tags_; }

 private:
  Error fail(ErrorCode code, uint32_t detail);

  const uint32_t max_body_bytes_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  // of what has not been handed out yet
  std::optional<FileHeader> file_header_;
  std::optional<Error> error_;
  uint64_t skipped_tags_ = 0;
};

}  // namespace millrace::flv
