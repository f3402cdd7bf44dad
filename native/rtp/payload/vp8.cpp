#include "rtp/payload/vp8.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "codecs/vp8/frame_header.hpp"

namespace millrace::rtp {
namespace {

// First byte: |X|R|N|S|R| PID |, extension: |I|L|T|K| RSV |
constexpr uint8_t kExtended = 0x80;
constexpr uint8_t kNonReference = 0x20;
constexpr uint8_t kStart = 0x10;
constexpr uint8_t kPartitionMask = 0x07;
constexpr uint8_t kHasPictureId = 0x80;
constexpr uint8_t kHasTl0PicIdx = 0x40;
constexpr uint8_t kHasTid = 0x20;
constexpr uint8_t kHasKeyIdx = 0x10;
constexpr size_t kWrittenSize = 4;

}  // namespace

Result<Vp8Descriptor> Vp8Descriptor::parse(Bytes payload) {
  ByteReader reader(payload);
  const uint8_t first = reader.u8();
  Vp8Descriptor out;
  out.non_reference = (first & kNonReference) != 0;
  out.start_of_partition = (first & kStart) != 0;
  out.partition = first & kPartitionMask;
  if ((first & kExtended) != 0) {
    const uint8_t fields = reader.u8();
    if ((fields & kHasPictureId) != 0) {
      out.picture_id_offset = static_cast<uint8_t>(reader.position());
      const uint8_t high = reader.u8();
      out.picture_id = (high & 0x80) != 0 ? (high & 0x7f) << 8 | reader.u8() : high;
    }
    if ((fields & kHasTl0PicIdx) != 0) {
      out.tl0_pic_idx_offset = static_cast<uint8_t>(reader.position());
      out.tl0_pic_idx = reader.u8();
    }
    if ((fields & (kHasTid | kHasKeyIdx)) != 0) {
      const uint8_t byte = reader.u8();  // |TID|Y| KEYIDX |
      if ((fields & kHasTid) != 0) {
        out.temporal_id = static_cast<int8_t>(byte >> 6);
        out.layer_sync = (byte & 0x20) != 0;
      }
      if ((fields & kHasKeyIdx) != 0) {
        out.key_idx = static_cast<int8_t>(byte & 0x1f);
      }
    }
  }
  out.size = static_cast<uint8_t>(reader.position());
  if (!reader.ok() || reader.empty()) {
    return Error{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  }
  return out;
}

Status Vp8Packetizer::write(const Frame& frame) {
  const size_t max_piece = max_payload_size() - kWrittenSize;
  const Bytes bytes = frame.payload();
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = std::min(max_piece, bytes.size() - at);
    MediaPacket& packet = add(kWrittenSize + piece);
    packet.info.picture_id_offset = 2;
    ByteWriter writer(packet.mutable_payload());
    writer.u8(kExtended | (at == 0 ? kStart : 0U));
    writer.u8(kHasPictureId);
    writer.u16(0x8000U | picture_id_);
    writer.bytes(bytes.subspan(at, piece));
    at += piece;
  }
  picture_id_ = (picture_id_ + 1) & 0x7fff;
  return {};
}

Status Vp8Depacketizer::append(Bytes payload) {
  const auto descriptor = Vp8Descriptor::parse(payload);
  if (!descriptor) {
    return descriptor.error();
  }
  // §4.2: a frame begins with S in partition 0. One without its start is not a frame.
  const bool starts = descriptor->start_of_partition && descriptor->partition == 0;
  if (starts != bytes_.empty()) {
    return Error{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  }
  return append_bytes(payload.subspan(descriptor->size));
}

Result<Ref<Frame>> Vp8Depacketizer::finish() {
  if (bytes_.empty()) {
    return Ref<Frame>();
  }
  const auto header = vp8::FrameHeader::parse(bytes_);
  if (!header) {
    return header.error();
  }
  if (header->is_key_frame &&
      (!track_ || track_->video.width != header->width || track_->video.height != header->height)) {
    auto track = Track::make();
    track->kind = TrackKind::kVideo;
    track->codec = CodecId::kVp8;
    track->flv_signalling = FlvSignalling::kEnhanced;
    track->video.width = header->width;
    track->video.height = header->height;
    adopt_track(std::move(track));
  }
  if (!track_) {
    ++counters_.unusable_frames;
    return Ref<Frame>();
  }
  auto frame = Frame::make(pool_, track_, bytes_.size());
  std::memcpy(frame->mutable_payload().data(), bytes_.data(), bytes_.size());
  frame->random_access = header->is_key_frame;
  return frame;
}

PayloadInfo inspect_vp8_payload(Bytes payload) {
  PayloadInfo info;
  const auto descriptor = Vp8Descriptor::parse(payload);
  if (!descriptor) {
    return info;
  }
  info.starts_frame = descriptor->start_of_partition && descriptor->partition == 0;
  // RFC 6386 §9.1: the lowest bit of the frame tag is 0 in key frames.
  info.starts_random_access = info.starts_frame && (payload[descriptor->size] & 1) == 0;
  info.discardable = descriptor->non_reference;
  info.temporal_id = static_cast<uint8_t>(std::max<int8_t>(descriptor->temporal_id, 0));
  info.switching_up = descriptor->layer_sync;
  info.picture_id_offset = descriptor->picture_id_offset;
  info.tl0_pic_idx_offset = descriptor->tl0_pic_idx_offset;
  return info;
}

}  // namespace millrace::rtp
