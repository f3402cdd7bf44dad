#include "codecs/codec_string.hpp"

#include <string_view>

#include "codecs/av1/codec_configuration.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/vp9/codec_configuration.hpp"

namespace millrace {
namespace {

// Players take both cases; these are the ones in which the specifications' examples are written.
constexpr std::string_view kLowerCase = "0123456789abcdef";
constexpr std::string_view kUpperCase = "0123456789ABCDEF";

void append_hex(std::string& out, uint32_t value, unsigned min_digits, std::string_view alphabet) {
  unsigned digits = 8;
  while (digits > min_digits && value >> (4 * (digits - 1)) == 0) {
    --digits;
  }
  while (digits-- > 0) {
    out += alphabet[value >> (4 * digits) & 15];
  }
}

void append_two_digits(std::string& out, uint32_t value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

/// RFC 6381 §3.3: profile_idc, constraint flags and level_idc of the record, in hexadecimal.
std::string h264_string(Bytes record) {
  if (record.size() < 4) {
    return {};
  }
  std::string out = "avc1.";
  for (const uint8_t byte : record.subspan(1, 3)) {
    append_hex(out, byte, 2, kLowerCase);
  }
  return out;
}

/// ISO/IEC 14496-15 §E.3. `hvc1`: the parameter sets are in the sample entry.
std::string h265_string(Bytes record) {
  const auto configuration = h265::DecoderConfiguration::parse(record);
  if (!configuration) {
    return {};
  }
  const auto& profile = configuration->profile_tier_level;
  std::string out = "hvc1.";
  if (profile.profile_space != 0) {
    out += static_cast<char>('A' + profile.profile_space - 1);
  }
  out += std::to_string(profile.profile_idc);
  out += '.';
  // The flags in reverse order: flag 0 is the lowest bit.
  uint32_t reversed = 0;
  for (unsigned i = 0; i < 32; ++i) {
    reversed |= (profile.compatibility_flags >> (31 - i) & 1) << i;
  }
  append_hex(out, reversed, 1, kUpperCase);
  out += profile.tier ? ".H" : ".L";
  out += std::to_string(profile.level_idc);
  // Six bytes of constraints, trailing zero bytes left out.
  uint64_t constraints = profile.constraint_flags;
  for (; constraints != 0; constraints = constraints << 8 & 0xffffffffffff) {
    out += '.';
    append_hex(out, static_cast<uint32_t>(constraints >> 40), 1, kUpperCase);
  }
  return out;
}

/// AV1 in ISO base media file format §5, the mandatory fields.
std::string av1_string(Bytes record) {
  const auto configuration = av1::CodecConfiguration::parse(record);
  if (!configuration) {
    return {};
  }
  std::string out = "av01.";
  out += std::to_string(configuration->profile);
  out += '.';
  append_two_digits(out, configuration->level_idx);
  out += configuration->tier ? "H." : "M.";
  append_two_digits(out, configuration->bit_depth);
  return out;
}

/// VP Codec ISO Media File Format Binding, "Codecs Parameter String", the mandatory fields.
std::string vpx_string(std::string_view name, Bytes record) {
  const auto configuration = vp9::CodecConfiguration::parse(record);
  if (!configuration) {
    return {};
  }
  constexpr uint32_t kLowestLevel = 10;  // players refuse a level of 0, "not known"
  std::string out(name);
  out += '.';
  append_two_digits(out, configuration->profile);
  out += '.';
  append_two_digits(out, configuration->level == 0 ? kLowestLevel : configuration->level);
  out += '.';
  append_two_digits(out, configuration->bit_depth);
  return out;
}

}  // namespace

std::string codec_string(const Track& track) {
  const Bytes record = track.configuration ? track.configuration->bytes() : Bytes{};
  switch (track.codec) {
    case CodecId::kH264:
      return h264_string(record);
    case CodecId::kH265:
      return h265_string(record);
    case CodecId::kAv1:
      return av1_string(record);
    case CodecId::kVp8:
      return vpx_string("vp08", record);
    case CodecId::kVp9:
      return vpx_string("vp09", record);
    case CodecId::kAac:
      return "mp4a.40." + std::to_string(track.audio.profile);
    // Object type 34 is MPEG-1/2 layer III (ISO/IEC 14496-3 Table 1.17).
    case CodecId::kMp3:
      return "mp4a.40.34";
    case CodecId::kOpus:
      return "opus";
    case CodecId::kAc3:
      return "ac-3";
    case CodecId::kEac3:
      return "ec-3";
    case CodecId::kFlac:
      return "fLaC";
    default:
      return {};
  }
}

}  // namespace millrace
