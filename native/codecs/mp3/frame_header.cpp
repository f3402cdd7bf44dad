#include "codecs/mp3/frame_header.hpp"

#include <array>

namespace millrace::mp3 {
namespace {

// kbit/s by bitrate_index 1 to 14, ISO/IEC 11172-3 §2.4.2.3 and 13818-3 §2.4.2.3.
using BitrateRow = std::array<uint16_t, 14>;
constexpr std::array<BitrateRow, 3> kBitratesMpeg1{
    BitrateRow{32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
    BitrateRow{32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
    BitrateRow{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}};
constexpr BitrateRow kBitratesMpeg2Layer1{32,  48,  56,  64,  80,  96,  112,
                                          128, 144, 160, 176, 192, 224, 256};
constexpr BitrateRow kBitratesMpeg2{8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};

constexpr std::array<uint32_t, 3> kSampleRatesMpeg1{44100, 48000, 32000};

}  // namespace

Result<FrameHeader> FrameHeader::parse(Bytes bytes) {
  ByteReader reader(bytes);
  const uint32_t word = reader.u32();
  const uint32_t version = word >> 19 & 3;  // 0 MPEG-2.5, 2 MPEG-2, 3 MPEG-1
  const uint32_t layer_code = word >> 17 & 3;
  const uint32_t bitrate_index = word >> 12 & 15;
  const uint32_t rate_index = word >> 10 & 3;
  const uint32_t padding = word >> 9 & 1;
  const uint32_t mode = word >> 6 & 3;
  if (!reader.ok() || word >> 21 != 0x7ff || version == 1 || layer_code == 0 ||
      bitrate_index == 15 || rate_index == 3) {
    return ErrorCode::kMp3HeaderInvalid;
  }
  const bool mpeg1 = version == 3;
  FrameHeader header;
  header.layer = 4 - layer_code;
  header.sample_rate = kSampleRatesMpeg1[rate_index] >> (mpeg1 ? 0 : version == 2 ? 1 : 2);
  header.channels = mode == 3 ? 1 : 2;
  header.samples_per_frame = header.layer == 1 ? 384 : header.layer == 3 && !mpeg1 ? 576 : 1152;
  if (bitrate_index != 0) {
    const BitrateRow& row = mpeg1               ? kBitratesMpeg1[header.layer - 1]
                            : header.layer == 1 ? kBitratesMpeg2Layer1
                                                : kBitratesMpeg2;
    header.bitrate_bps = row[bitrate_index - 1] * 1000U;
    // Layer I counts in slots of four bytes, the others in bytes (§2.4.3.1).
    header.frame_size =
        header.layer == 1
            ? (12 * header.bitrate_bps / header.sample_rate + padding) * 4
            : header.samples_per_frame / 8 * header.bitrate_bps / header.sample_rate + padding;
  }
  return header;
}

Ref<Track> make_track(const FrameHeader& header) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kMp3;
  track->audio.sample_rate = header.sample_rate;
  track->audio.channels = header.channels;
  track->audio.profile = header.layer;
  track->audio.samples_per_frame = header.samples_per_frame;
  return track;
}

}  // namespace millrace::mp3
