#include "codecs/ac3/syncframe.hpp"

#include <array>

#include "base/bit_reader.hpp"

namespace millrace::ac3 {
namespace {

constexpr uint32_t kSyncword = 0x0b77;
constexpr std::array<uint16_t, 3> kSampleRates{48000, 44100, 32000};
constexpr std::array<uint8_t, 8> kChannels{2, 1, 2, 3, 3, 4, 4, 5};  // by acmod, Table 4.3
constexpr std::array<uint16_t, 19> kBitRates{32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
                                             192, 224, 256, 320, 384, 448, 512, 576, 640};
constexpr std::array<uint16_t, 4> kBlocks{1, 2, 3, 6};  // by numblkscod
constexpr uint32_t kSamplesPerBlock = 256;
constexpr uint32_t kMaxBsidAc3 = 10;
constexpr uint32_t kMaxBsidEac3 = 16;

/// E-AC-3 bsi() after the syncword, §E.1.2.2.
void read_eac3(BitReader& reader, Syncframe& frame) {
  frame.codec = CodecId::kEac3;
  frame.dependent = reader.u(2) == 1;  // strmtyp
  reader.skip(3);                      // substreamid
  frame.frame_size = (size_t{reader.u(11)} + 1) * 2;
  const uint32_t fscod = reader.u(2);
  const uint32_t code = reader.u(2);  // fscod2 when fscod is 3, else numblkscod
  if (fscod == 3) {
    if (code == 3) {
      reader.fail();
      return;
    }
    frame.sample_rate = kSampleRates[code] / 2;
  } else {
    frame.sample_rate = kSampleRates[fscod];
    frame.samples_per_frame = kBlocks[code] * kSamplesPerBlock;
  }
  const uint32_t acmod = reader.u(3);
  frame.channels = kChannels[acmod] + reader.u(1);  // lfeon
}

/// AC-3 syncinfo() and bsi() after the syncword, §4.3.
void read_ac3(BitReader& reader, Syncframe& frame) {
  reader.skip(16);  // crc1
  const uint32_t fscod = reader.u(2);
  if (fscod == 3) {
    reader.fail();
    return;
  }
  frame.sample_rate = kSampleRates[fscod];
  const uint32_t size_code = reader.u(6);
  if (size_code / 2 >= kBitRates.size()) {
    reader.fail();
    return;
  }
  // Words of 16 bits in 1536 samples, Table 4.13; at 44.1 kHz every second frame has one more.
  const uint32_t kbps = kBitRates[size_code / 2];
  const uint32_t words = fscod == 0   ? kbps * 2
                         : fscod == 1 ? kbps * 320 / 147 + (size_code & 1)
                                      : kbps * 3;
  frame.frame_size = size_t{words} * 2;
  reader.skip(5 + 3);  // bsid, bsmod
  const uint32_t acmod = reader.u(3);
  if ((acmod & 1) != 0 && acmod != 1) {
    reader.skip(2);  // cmixlev
  }
  if ((acmod & 4) != 0) {
    reader.skip(2);  // surmixlev
  }
  if (acmod == 2) {
    reader.skip(2);  // dsurmod
  }
  frame.channels = kChannels[acmod] + reader.u(1);  // lfeon
}

}  // namespace

Result<Syncframe> Syncframe::parse(Bytes bytes) {
  // bsid lies at the same place in both, so it tells them apart.
  const uint32_t bsid = bytes.size() < 6 ? UINT32_MAX : bytes[5] >> 3;
  BitReader reader(bytes);
  Syncframe frame;
  if (reader.u(16) != kSyncword || bsid > kMaxBsidEac3) {
    return ErrorCode::kCodecDecodeFailed;
  }
  if (bsid > kMaxBsidAc3) {
    read_eac3(reader, frame);
  } else {
    read_ac3(reader, frame);
  }
  if (!reader.ok()) {
    return ErrorCode::kCodecDecodeFailed;
  }
  return frame;
}

Ref<Track> make_track(const Syncframe& frame) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = frame.codec;
  track->flv_signalling = FlvSignalling::kEnhanced;
  track->audio.sample_rate = frame.sample_rate;
  track->audio.channels = frame.channels;
  track->audio.samples_per_frame = frame.samples_per_frame;
  return track;
}

}  // namespace millrace::ac3
