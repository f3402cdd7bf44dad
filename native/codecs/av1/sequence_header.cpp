#include "codecs/av1/sequence_header.hpp"

#include "base/bit_reader.hpp"

namespace millrace::av1 {
namespace {

constexpr uint8_t kPrimariesBt709 = 1;
constexpr uint8_t kTransferSrgb = 13;
constexpr uint8_t kMatrixIdentity = 0;
constexpr uint32_t kSelectScreenContentTools = 2;

/// uvlc(), §4.10.3
void skip_uvlc(BitReader& reader) {
  unsigned zeros = 0;
  while (reader.ok() && !reader.flag()) {
    ++zeros;
  }
  if (zeros < 32) {
    reader.skip(zeros);
  }
}

/// Timing, decoder model and operating points: the part of §5.5.1 that a still picture leaves out.
void read_operating_points(BitReader& reader, SequenceHeader& header) {
  bool has_decoder_model = false;
  unsigned buffer_delay_length = 0;
  if (reader.flag()) {     // timing_info_present_flag
    reader.skip(32 + 32);  // num_units_in_display_tick, time_scale
    if (reader.flag()) {   // equal_picture_interval
      skip_uvlc(reader);   // num_ticks_per_picture_minus_1
    }
    has_decoder_model = reader.flag();
    if (has_decoder_model) {
      buffer_delay_length = reader.u(5) + 1;
      reader.skip(32 + 5 + 5);
    }
  }
  const bool has_initial_display_delay = reader.flag();
  const unsigned operating_points = reader.u(5) + 1;
  for (unsigned i = 0; i < operating_points && reader.ok(); ++i) {
    reader.skip(12);  // operating_point_idc
    const auto level_idx = static_cast<uint8_t>(reader.u(5));
    const bool tier = level_idx > 7 && reader.flag();
    if (i == 0) {
      header.level_idx = level_idx;
      header.tier = tier;
    }
    if (has_decoder_model && reader.flag()) {  // decoder_model_present_for_this_op
      reader.skip(size_t{2} * buffer_delay_length + 1);
    }
    if (has_initial_display_delay && reader.flag()) {
      reader.skip(4);  // initial_display_delay_minus_1
    }
  }
}

/// From enable_interintra_compound to order_hint_bits: left out in a still picture.
void skip_inter_tools(BitReader& reader) {
  reader.skip(4);  // interintra and masked compound, warped motion, dual filter
  const bool enable_order_hint = reader.flag();
  if (enable_order_hint) {
    reader.skip(2);  // enable_jnt_comp, enable_ref_frame_mvs
  }
  const bool choose_screen_content_tools = reader.flag();
  const uint32_t force_screen_content_tools =
      choose_screen_content_tools ? kSelectScreenContentTools : reader.u(1);
  if (force_screen_content_tools > 0 && !reader.flag()) {  // seq_choose_integer_mv
    reader.skip(1);                                        // seq_force_integer_mv
  }
  if (enable_order_hint) {
    reader.skip(3);  // order_hint_bits_minus_1
  }
}

/// color_config(), §5.5.2
void read_color_config(BitReader& reader, SequenceHeader& header) {
  const bool high_bit_depth = reader.flag();
  header.bit_depth = high_bit_depth ? 10 : 8;
  if (header.profile == 2 && high_bit_depth && reader.flag()) {
    header.bit_depth = 12;
  }
  header.monochrome = header.profile != 1 && reader.flag();
  if (reader.flag()) {  // color_description_present_flag
    header.colour_primaries = static_cast<uint8_t>(reader.u(8));
    header.transfer_characteristics = static_cast<uint8_t>(reader.u(8));
    header.matrix_coefficients = static_cast<uint8_t>(reader.u(8));
  }
  if (header.monochrome) {
    header.full_range = reader.flag();
    return;
  }
  if (header.colour_primaries == kPrimariesBt709 &&
      header.transfer_characteristics == kTransferSrgb &&
      header.matrix_coefficients == kMatrixIdentity) {
    header.full_range = true;
    header.chroma_subsampling_x = false;
    header.chroma_subsampling_y = false;
    return;
  }
  header.full_range = reader.flag();
  if (header.profile == 1) {
    header.chroma_subsampling_x = false;
    header.chroma_subsampling_y = false;
  } else if (header.profile == 2) {
    header.chroma_subsampling_x = header.bit_depth != 12 || reader.flag();
    header.chroma_subsampling_y =
        header.bit_depth == 12 && header.chroma_subsampling_x && reader.flag();
  }
  if (header.chroma_subsampling_x && header.chroma_subsampling_y) {
    header.chroma_sample_position = static_cast<uint8_t>(reader.u(2));
  }
}

}  // namespace

Result<SequenceHeader> SequenceHeader::parse(Bytes payload) {
  BitReader reader(payload);
  SequenceHeader header;
  header.profile = static_cast<uint8_t>(reader.u(3));
  reader.skip(1);  // still_picture
  const bool reduced_still_picture_header = reader.flag();
  if (reduced_still_picture_header) {
    header.level_idx = static_cast<uint8_t>(reader.u(5));
  } else {
    read_operating_points(reader, header);
  }
  const unsigned width_bits = reader.u(4) + 1;
  const unsigned height_bits = reader.u(4) + 1;
  header.max_frame_width = reader.u(width_bits) + 1;
  header.max_frame_height = reader.u(height_bits) + 1;
  if (!reduced_still_picture_header && reader.flag()) {  // frame_id_numbers_present_flag
    reader.skip(4 + 3);
  }
  reader.skip(3);  // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced_still_picture_header) {
    skip_inter_tools(reader);
  }
  reader.skip(3);  // enable_superres, enable_cdef, enable_restoration
  read_color_config(reader, header);
  if (!reader.ok() || header.profile > 2) {
    return ErrorCode::kAv1SequenceHeaderInvalid;
  }
  return header;
}

}  // namespace millrace::av1
