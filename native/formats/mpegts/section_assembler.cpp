#include "formats/mpegts/section_assembler.hpp"

namespace millrace::mpegts {
namespace {

constexpr size_t kHeaderBytes = 3;  // up to section_length
constexpr uint8_t kStuffing = 0xff;

}  // namespace

void SectionAssembler::push(Bytes payload, bool start) {
  if (start) {
    if (payload.empty() || payload[0] > payload.size() - 1) {
      reset();
      return;
    }
    const size_t pointer = payload[0];
    payload = payload.subspan(1);
    if (started_) {
      // The end of the section before. Should it be longer, packets are missing and it is cut off
      // by the one that starts here.
      bytes_.insert(bytes_.end(), payload.begin(),
                    payload.begin() + static_cast<std::ptrdiff_t>(pointer));
      const size_t left = bytes_.size() - taken_;
      const size_t length =
          left < kHeaderBytes
              ? SIZE_MAX
              : kHeaderBytes + (size_t{bytes_[taken_ + 1] & 0x0fU} << 8 | bytes_[taken_ + 2]);
      bytes_.resize(left >= length ? taken_ + length : taken_);
    }
    payload = payload.subspan(pointer);
    started_ = true;
  }
  if (started_) {
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  }
}

void SectionAssembler::reset() {
  bytes_.clear();
  taken_ = 0;
  started_ = false;
}

Result<std::optional<Bytes>> SectionAssembler::next() {
  const size_t left = bytes_.size() - taken_;
  const uint8_t* section = bytes_.data() + taken_;
  if (left > 0 && section[0] == kStuffing) {
    reset();  // nothing but stuffing follows up to the end of the packet
    return std::optional<Bytes>();
  }
  if (left >= kHeaderBytes) {
    const size_t length = kHeaderBytes + (size_t{section[1] & 0x0fU} << 8 | section[2]);
    if (length > kMaxSectionBytes) {
      reset();
      return Error{ErrorCode::kTsSectionMalformed, static_cast<uint32_t>(length)};
    }
    if (left >= length) {
      taken_ += length;
      return std::optional(Bytes(section, length));
    }
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  return std::optional<Bytes>();
}

}  // namespace millrace::mpegts
