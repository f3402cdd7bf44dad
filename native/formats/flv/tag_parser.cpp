#include "formats/flv/tag_parser.hpp"

namespace millrace::flv {

void TagParser::feed(Bytes bytes) {
  if (error_) {
    return;  // nothing after an error is looked at
  }
  // What is left over is at most one unfinished tag, when the caller polls until nothing comes.
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Error TagParser::fail(ErrorCode code, uint32_t detail) {
  error_ = Error{code, detail};
  buffer_.clear();
  buffer_.shrink_to_fit();
  begin_ = 0;
  return *error_;
}

Result<std::optional<Tag>> TagParser::poll() {
  if (error_) {
    return *error_;
  }
  if (!file_header_) {
    const auto header = FileHeader::parse(buffer_);
    if (!header) {
      return fail(header.error().code, header.error().detail);
    }
    if (!*header || buffer_.size() < FileHeader::kSizeWithBackPointer) {
      return std::optional<Tag>();
    }
    file_header_ = *header;
    begin_ = FileHeader::kSizeWithBackPointer;
  }
  for (;;) {
    const Bytes bytes = Bytes(buffer_).subspan(begin_);
    ByteReader reader(bytes);
    const uint8_t type = reader.u8();
    const uint32_t size = reader.u24();
    const uint32_t timestamp_low = reader.u24();
    const uint32_t timestamp_high = reader.u8();
    reader.skip(3);  // StreamID, always 0
    if (!reader.ok()) {
      return std::optional<Tag>();
    }
    if (size > max_body_bytes_) {
      return fail(ErrorCode::kFlvTagTooLarge, size);
    }
    const Bytes body = reader.bytes(size);
    const uint32_t back_pointer = reader.u32();
    if (!reader.ok()) {
      return std::optional<Tag>();
    }
    // Some live writers leave PreviousTagSize 0; any other number means that we are not where we
    // think.
    if (back_pointer != 0 && back_pointer != kTagHeaderSize + size) {
      return fail(ErrorCode::kFlvBackPointerMismatch, back_pointer);
    }
    begin_ += kTagHeaderSize + size + kBackPointerSize;
    // The third bit, Filter, marks an encrypted tag (E.4.1).
    switch (type & 0x3f) {
      case static_cast<uint8_t>(TagType::kAudio):
      case static_cast<uint8_t>(TagType::kVideo):
      case static_cast<uint8_t>(TagType::kScript):
        return std::optional(
            Tag{static_cast<TagType>(type & 0x1f), timestamp_high << 24 | timestamp_low, body});
      default:
        ++skipped_tags_;
        break;
    }
  }
}

}  // namespace millrace::flv
