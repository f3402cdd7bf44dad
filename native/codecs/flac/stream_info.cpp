#include "codecs/flac/stream_info.hpp"

#include "base/bit_reader.hpp"

namespace millrace::flac {
namespace {

constexpr uint32_t kMarker = 0x664c6143;  // "fLaC"
constexpr size_t kBlockHeaderSize = 4;

/// Where the block begins in what an encoder has sent.
Bytes find_block(Bytes bytes) {
  if (ByteReader reader(bytes); reader.u32() == kMarker) {
    bytes = reader.rest();
  }
  if (ByteReader reader(bytes); (reader.u8() & 0x7f) == 0 && reader.u24() == StreamInfo::kSize &&
                                reader.remaining() >= StreamInfo::kSize) {
    bytes = bytes.subspan(kBlockHeaderSize);
  }
  return bytes;
}

}  // namespace

Result<StreamInfo> StreamInfo::parse(Bytes bytes) {
  const Bytes block = find_block(bytes);
  if (block.size() < kSize) {
    return ErrorCode::kCodecDecodeFailed;
  }
  BitReader reader(block);
  StreamInfo info;
  reader.skip(16);  // minimum block size
  info.max_block_size = reader.u(16);
  reader.skip(24 + 24);  // minimum and maximum frame size
  info.sample_rate = reader.u(20);
  info.channels = reader.u(3) + 1;
  info.bits_per_sample = reader.u(5) + 1;
  if (info.sample_rate == 0) {
    return ErrorCode::kCodecDecodeFailed;
  }
  return info;
}

Result<Ref<Track>> make_track(Bytes bytes) {
  const auto info = StreamInfo::parse(bytes);
  if (!info) {
    return info.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kFlac;
  track->flv_signalling = FlvSignalling::kEnhanced;
  track->configuration = Buffer::copy_of(bytes);
  track->audio.sample_rate = info->sample_rate;
  track->audio.channels = info->channels;
  track->audio.samples_per_frame = info->max_block_size;
  return track;
}

}  // namespace millrace::flac
