#include "formats/mpegts/elementary_stream.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::mpegts {
namespace {

// ISO/IEC 13818-1 table 2-34; above 0x80: ATSC A/52 Annex A.
constexpr uint8_t kMpeg1Audio = 0x03;
constexpr uint8_t kPrivateData = 0x06;
constexpr uint8_t kAdts = 0x0f;
constexpr uint8_t kAvc = 0x1b;
constexpr uint8_t kHevc = 0x24;
constexpr uint8_t kAc3 = 0x81;
constexpr uint8_t kEac3 = 0x87;

constexpr uint8_t kVideoStreamId = 0xe0;
constexpr uint8_t kAudioStreamId = 0xc0;
constexpr uint8_t kPrivateStream1 = 0xbd;

constexpr uint8_t kRegistrationDescriptor = 0x05;
constexpr uint8_t kExtensionDescriptor = 0x7f;  // ETSI EN 300 468 §6.1
constexpr uint8_t kAv1VideoDescriptor = 0x80;
constexpr size_t kAv1RecordBytes = 4;  // av1C without its OBUs

}  // namespace

std::optional<ElementaryStream> ElementaryStream::of(const Track& track) {
  ElementaryStream stream;
  const auto set = [&stream](uint16_t pid, uint8_t stream_type, uint8_t stream_id) {
    stream.pid = pid;
    stream.stream_type = stream_type;
    stream.stream_id = stream_id;
  };
  switch (track.codec) {
    case CodecId::kH264:
      set(kVideoPid, kAvc, kVideoStreamId);
      break;
    case CodecId::kH265:
      set(kVideoPid, kHevc, kVideoStreamId);
      break;
    case CodecId::kAac:
      set(kAacPid, kAdts, kAudioStreamId);
      break;
    // Also for the half sampling rates of ISO/IEC 13818-3, whose type is 0x04: players look at the
    // frame's own header, and the type of a stream must not change with it.
    case CodecId::kMp3:
      set(kMp3Pid, kMpeg1Audio, kAudioStreamId);
      break;
    case CodecId::kAc3:
      set(kOtherAudioPid, kAc3, kPrivateStream1);
      stream.add_registration("AC-3");
      break;
    case CodecId::kEac3:
      set(kOtherAudioPid, kEac3, kPrivateStream1);
      stream.add_registration("EAC3");
      break;
    case CodecId::kOpus: {
      // "Opus in MPEG-TS" (ETSI draft): the extension descriptor's own tag, then
      // channel_config_code, which is the number of channels for the channel orders of RFC 7845
      // families 0 and 1.
      set(kOtherAudioPid, kPrivateData, kPrivateStream1);
      stream.add_registration("Opus");
      const uint32_t channels = track.audio.channels;
      const std::array<uint8_t, 2> content = {
          0x80, static_cast<uint8_t>(channels >= 1 && channels <= 8 ? channels : 2)};
      stream.add_descriptor(kExtensionDescriptor, content);
      break;
    }
    case CodecId::kAv1: {
      // "Carriage of AV1 in MPEG-2 TS" (AOM) §2: registration first, then the video descriptor,
      // which is an av1C whose two reserved bits say HDR; 3 there means "not said".
      set(kVideoPid, kPrivateData, kPrivateStream1);
      stream.add_registration("AV01");
      if (track.configuration && track.configuration->size() >= kAv1RecordBytes) {
        std::array<uint8_t, kAv1RecordBytes> content{};
        std::copy_n(track.configuration->data(), kAv1RecordBytes, content.begin());
        content[3] |= 0xc0;
        stream.add_descriptor(kAv1VideoDescriptor, content);
      }
      break;
    }
    default:
      return std::nullopt;
  }
  return stream;
}

void ElementaryStream::add_registration(const char (&format_identifier)[5]) {
  std::array<uint8_t, 4> content{};
  std::copy_n(format_identifier, content.size(), content.begin());
  add_descriptor(kRegistrationDescriptor, content);
}

void ElementaryStream::add_descriptor(uint8_t tag, Bytes content) {
  assert(descriptors_size_ + 2 + content.size() <= descriptors_.size());
  descriptors_[descriptors_size_++] = tag;
  descriptors_[descriptors_size_++] = static_cast<uint8_t>(content.size());
  std::copy(content.begin(), content.end(),
            descriptors_.begin() + static_cast<ptrdiff_t>(descriptors_size_));
  descriptors_size_ += content.size();
}

}  // namespace millrace::mpegts
