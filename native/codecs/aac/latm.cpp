#include "codecs/aac/latm.hpp"

#include <algorithm>

#include "base/bit_reader.hpp"
#include "codecs/aac/audio_specific_config.hpp"

namespace millrace::aac {
namespace {

constexpr uint32_t kLoasSyncword = 0x2b7;
constexpr uint32_t kEscapedObjectType = 31;
constexpr uint32_t kEscapedFrequency = 15;

/// LatmGetValue(), §1.7.3.1.
uint32_t read_value(BitReader& reader) { return reader.u(8 * (reader.u(2) + 1)); }

uint32_t read_object_type(BitReader& reader) {
  const uint32_t type = reader.u(5);
  return type == kEscapedObjectType ? 32 + reader.u(6) : type;
}

void skip_frequency(BitReader& reader) {
  if (reader.u(4) == kEscapedFrequency) {
    reader.skip(24);
  }
}

/// Passes an AudioSpecificConfig whose length is not told: only general audio coding without a
/// program_config_element, §1.6.2.1 and §4.4.1.
void skip_audio_specific_config(BitReader& reader) {
  uint32_t type = read_object_type(reader);
  skip_frequency(reader);
  const uint32_t channels = reader.u(4);
  if (type == kObjectTypeSbr || type == kObjectTypePs) {
    skip_frequency(reader);
    type = read_object_type(reader);
  }
  if (type < 1 || type > 4 || channels == 0) {
    reader.fail();
    return;
  }
  reader.skip(1);       // frameLengthFlag
  if (reader.flag()) {  // dependsOnCoreCoder
    reader.skip(14);    // coreCoderDelay
  }
  reader.skip(1);  // extensionFlag
}

/// Appends `bits` bits at the reader's place, left-aligned.
void copy_bits(BitReader& reader, size_t bits, std::vector<uint8_t>& out) {
  out.clear();
  while (bits > 0 && reader.ok()) {
    const auto take = static_cast<unsigned>(std::min<size_t>(bits, 8));
    out.push_back(static_cast<uint8_t>(reader.u(take) << (8 - take)));
    bits -= take;
  }
}

}  // namespace

Result<LoasHeader> LoasHeader::parse(Bytes bytes) {
  BitReader reader(bytes);
  const uint32_t syncword = reader.u(11);
  const uint32_t length = reader.u(13);
  if (!reader.ok() || syncword != kLoasSyncword) {
    return ErrorCode::kAacLatmInvalid;
  }
  return LoasHeader{kSize + length};
}

Result<std::optional<LatmReader::Element>> LatmReader::read(Bytes element) {
  BitReader reader(element);
  Element out;
  const bool same_configuration = reader.flag();  // useSameStreamMux
  if (!same_configuration) {
    const uint32_t version = reader.u(1);
    if (version == 1 && reader.flag()) {  // audioMuxVersionA is reserved
      return ErrorCode::kAacLatmInvalid;
    }
    if (version == 1) {
      (void)read_value(reader);  // taraBufferFullness
    }
    const bool same_time_framing = reader.flag();
    const uint32_t sub_frames = reader.u(6);
    const uint32_t programs = reader.u(4);
    const uint32_t layers = reader.u(3);
    if (!reader.ok() || !same_time_framing || sub_frames != 0 || programs != 0 || layers != 0) {
      return ErrorCode::kAacLatmInvalid;
    }
    const size_t told = version == 1 ? read_value(reader) : 0;
    BitReader measure = reader;
    skip_audio_specific_config(measure);
    const size_t bits = version == 1 ? told : measure.position() - reader.position();
    if (!measure.ok() || bits > 64 * 8) {
      return ErrorCode::kAacLatmInvalid;
    }
    std::vector<uint8_t> configuration;
    copy_bits(reader, bits, configuration);
    if (reader.u(3) != 0) {  // frameLengthType: lengths in bytes
      return ErrorCode::kAacLatmInvalid;
    }
    reader.skip(8);  // latmBufferFullness
    other_data_ = reader.flag();
    if (other_data_ && version == 1) {
      (void)read_value(reader);
    } else if (other_data_) {
      bool more = true;
      while (more && reader.ok()) {
        more = reader.flag();
        reader.skip(8);
      }
    }
    if (reader.flag()) {  // crcCheckPresent
      reader.skip(8);
    }
    if (!reader.ok()) {
      return ErrorCode::kAacLatmInvalid;
    }
    out.new_configuration = !configured_ || configuration != configuration_;
    configuration_ = std::move(configuration);
    configured_ = true;
  }
  if (!configured_) {
    return std::optional<Element>();
  }
  // PayloadLengthInfo(), §1.7.3.1.
  size_t length = 0;
  for (uint32_t part = 255; part == 255 && reader.ok();) {
    part = reader.u(8);
    length += part;
  }
  if (!reader.ok() || length == 0 || length * 8 > reader.bits_left()) {
    return ErrorCode::kAacLatmInvalid;
  }
  copy_bits(reader, length * 8, payload_);
  out.payload = payload_;
  return std::optional(out);
}

}  // namespace millrace::aac
