#include "formats/mpegts/elementary_reader.hpp"

#include "formats/mpegts/audio_readers.hpp"
#include "formats/mpegts/video_readers.hpp"

namespace millrace::mpegts {
namespace {

constexpr uint8_t kAc3Descriptor = 0x6a;          // ETSI EN 300 468 §6.1
constexpr uint8_t kEnhancedAc3Descriptor = 0x7a;  // the same
constexpr uint8_t kExtensionDescriptor = 0x7f;
constexpr uint8_t kOpusExtension = 0x80;

/// stream_type 0x06 is private data; what it is, the descriptors say.
CodecId private_codec(Bytes descriptors) {
  if (has_registration(descriptors, "Opus")) {
    return CodecId::kOpus;
  }
  if (has_registration(descriptors, "AV01")) {
    return CodecId::kAv1;
  }
  if (has_registration(descriptors, "HEVC")) {
    return CodecId::kH265;
  }
  if (has_registration(descriptors, "AC-3") ||
      !find_descriptor(descriptors, kAc3Descriptor).empty()) {
    return CodecId::kAc3;
  }
  if (has_registration(descriptors, "EAC3") ||
      !find_descriptor(descriptors, kEnhancedAc3Descriptor).empty()) {
    return CodecId::kEac3;
  }
  return CodecId::kUnknown;
}

uint8_t opus_channels(Bytes descriptors) {
  const Bytes extension = find_descriptor(descriptors, kExtensionDescriptor);
  const bool told = extension.size() >= 2 && extension[0] == kOpusExtension;
  // More than two need a mapping that RTP and FLV cannot tell; decoders find them in the packets.
  return told && extension[1] == 1 ? 1 : 2;
}

}  // namespace

StreamFormat StreamFormat::of(const PmtSection::Stream& stream) {
  switch (stream.stream_type) {
    case 0x03:
    case 0x04:
      return {CodecId::kMp3};
    case 0x06:
      return {private_codec(stream.descriptors)};
    case 0x0f:
      return {CodecId::kAac};
    case 0x11:
      return {CodecId::kAac, true};
    case 0x1b:
      return {CodecId::kH264};
    case 0x24:
      return {CodecId::kH265};
    case 0x81:
      return {CodecId::kAc3};
    case 0x87:
      return {CodecId::kEac3};
    default:
      return {};
  }
}

std::unique_ptr<ElementaryReader> make_elementary_reader(BlockPool& pool,
                                                         const StreamFormat& format,
                                                         Bytes descriptors) {
  switch (format.codec) {
    case CodecId::kH264:
    case CodecId::kH265:
      return std::make_unique<NalReader>(pool, format.codec);
    case CodecId::kAv1:
      return std::make_unique<Av1Reader>(pool);
    case CodecId::kAac:
      return format.latm ? std::unique_ptr<ElementaryReader>(std::make_unique<LoasReader>(pool))
                         : std::make_unique<AdtsReader>(pool);
    case CodecId::kMp3:
      return std::make_unique<Mp3Reader>(pool);
    case CodecId::kOpus:
      return std::make_unique<OpusReader>(pool, opus_channels(descriptors));
    case CodecId::kAc3:
    case CodecId::kEac3:
      return std::make_unique<Ac3Reader>(pool);
    default:
      return nullptr;
  }
}

}  // namespace millrace::mpegts
