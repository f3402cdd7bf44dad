#include "codecs/vp9/frame_header.hpp"

#include "base/bit_reader.hpp"

namespace millrace::vp9 {
namespace {

constexpr uint32_t kFrameMarker = 2;
constexpr uint32_t kSyncCode = 0x498342;
constexpr uint8_t kColorSpaceRgb = 7;

/// color_config(), §6.2.2
void read_color_config(BitReader& reader, FrameHeader& header) {
  if (header.profile >= 2) {
    header.bit_depth = reader.flag() ? 12 : 10;
  }
  header.color_space = static_cast<uint8_t>(reader.u(3));
  const bool odd_profile = (header.profile & 1) != 0;  // 4:2:0 is for the even profiles alone
  if (header.color_space == kColorSpaceRgb) {
    header.full_range = true;
    header.chroma_subsampling_x = false;
    header.chroma_subsampling_y = false;
    if (odd_profile) {
      reader.skip(1);  // reserved_zero
    } else {
      reader.fail();  // §7.2.2: RGB needs an odd profile
    }
    return;
  }
  header.full_range = reader.flag();
  if (odd_profile) {
    header.chroma_subsampling_x = reader.flag();
    header.chroma_subsampling_y = reader.flag();
    reader.skip(1);  // reserved_zero
  }
}

}  // namespace

Result<FrameHeader> FrameHeader::parse(Bytes frame) {
  BitReader reader(frame);
  FrameHeader header;
  const uint32_t frame_marker = reader.u(2);
  const uint32_t profile_low_bit = reader.u(1);
  header.profile = static_cast<uint8_t>(reader.u(1) << 1 | profile_low_bit);
  if (header.profile == 3) {
    reader.skip(1);  // reserved_zero
  }
  if (!reader.ok() || frame_marker != kFrameMarker) {
    return ErrorCode::kVp9HeaderInvalid;
  }
  if (reader.flag()) {  // show_existing_frame
    return header;
  }
  header.is_key_frame = !reader.flag();  // frame_type: 0 is KEY_FRAME
  header.show_frame = reader.flag();
  reader.skip(1);  // error_resilient_mode
  if (header.is_key_frame) {
    if (reader.u(24) != kSyncCode) {
      return ErrorCode::kVp9HeaderInvalid;
    }
    read_color_config(reader, header);
    header.width = reader.u(16) + 1;
    header.height = reader.u(16) + 1;
  }
  if (!reader.ok()) {
    return ErrorCode::kVp9HeaderInvalid;
  }
  return header;
}

}  // namespace millrace::vp9
