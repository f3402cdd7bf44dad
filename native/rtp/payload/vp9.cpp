#include "rtp/payload/vp9.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "codecs/vp9/codec_configuration.hpp"
#include "codecs/vp9/frame_header.hpp"

namespace millrace::rtp {
namespace {

// First byte: |I|P|L|F|B|E|V|Z|
constexpr uint8_t kHasPictureId = 0x80;
constexpr uint8_t kPredicted = 0x40;
constexpr uint8_t kHasLayers = 0x20;
constexpr uint8_t kFlexible = 0x10;
constexpr uint8_t kStart = 0x08;
constexpr uint8_t kEnd = 0x04;
constexpr uint8_t kHasStructure = 0x02;
constexpr uint8_t kNotReferenceForUpper = 0x01;
constexpr size_t kMaxReferences = 3;

/// Scalability structure, §4.2.1: | N_S |Y|G|-|-|-|, sizes, picture group.
void skip_structure(ByteReader& reader) {
  const uint8_t head = reader.u8();
  if ((head & 0x10) != 0) {
    reader.skip(size_t{4} * ((head >> 5U) + 1));
  }
  if ((head & 0x08) != 0) {
    const uint8_t pictures = reader.u8();
    for (unsigned i = 0; i < pictures && reader.ok(); ++i) {
      reader.skip(reader.u8() >> 2 & 3);  // |TID|U| R |-|-|
    }
  }
}

}  // namespace

Result<Vp9Descriptor> Vp9Descriptor::parse(Bytes payload) {
  ByteReader reader(payload);
  const uint8_t first = reader.u8();
  Vp9Descriptor out;
  out.inter_picture_predicted = (first & kPredicted) != 0;
  out.flexible_mode = (first & kFlexible) != 0;
  out.start_of_frame = (first & kStart) != 0;
  out.end_of_frame = (first & kEnd) != 0;
  out.not_reference_for_upper = (first & kNotReferenceForUpper) != 0;
  out.has_layers = (first & kHasLayers) != 0;
  if ((first & kHasPictureId) != 0) {
    out.picture_id_offset = static_cast<uint8_t>(reader.position());
    const uint8_t high = reader.u8();
    out.picture_id = (high & 0x80) != 0 ? (high & 0x7f) << 8 | reader.u8() : high;
  }
  if (out.has_layers) {
    const uint8_t layers = reader.u8();  // | TID |U| SID |D|
    out.temporal_id = layers >> 5;
    out.switching_up = (layers & 0x10) != 0;
    out.spatial_id = layers >> 1 & 7;
    out.inter_layer_dependency = (layers & 1) != 0;
    if (!out.flexible_mode) {
      out.tl0_pic_idx_offset = static_cast<uint8_t>(reader.position());
      out.tl0_pic_idx = reader.u8();
    }
  }
  if (out.flexible_mode && out.inter_picture_predicted) {
    bool more = true;
    for (size_t i = 0; more; ++i) {
      if (i == kMaxReferences) {
        reader.fail();
        break;
      }
      more = (reader.u8() & 1) != 0;  // | P_DIFF |N|
    }
  }
  if ((first & kHasStructure) != 0) {
    skip_structure(reader);
  }
  out.size = static_cast<uint16_t>(reader.position());
  if (!reader.ok() || reader.empty()) {
    return Error{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  }
  return out;
}

Status Vp9Packetizer::write(const Frame& frame) {
  const bool predicted = !frame.random_access;
  const size_t head = predicted ? 4 : 3;
  const size_t max_piece = max_payload_size() - head;
  const Bytes bytes = frame.payload();
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = std::min(max_piece, bytes.size() - at);
    MediaPacket& packet = add(head + piece);
    packet.info.picture_id_offset = 1;
    ByteWriter writer(packet.mutable_payload());
    writer.u8(kHasPictureId | kFlexible | (predicted ? kPredicted : 0U) | (at == 0 ? kStart : 0U) |
              (at + piece == bytes.size() ? kEnd : 0U));
    writer.u16(0x8000U | picture_id_);
    if (predicted) {
      writer.u8(1U << 1);  // P_DIFF 1: the picture before, and no more
    }
    writer.bytes(bytes.subspan(at, piece));
    at += piece;
  }
  picture_id_ = (picture_id_ + 1) & 0x7fff;
  return {};
}

Status Vp9Depacketizer::append(Bytes payload) {
  const auto descriptor = Vp9Descriptor::parse(payload);
  if (!descriptor) {
    return descriptor.error();
  }
  const Error malformed{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  if (descriptor->start_of_frame == layer_is_open_) {
    return malformed;  // a second start, or a middle without one
  }
  if (descriptor->start_of_frame) {
    if (layer_sizes_.full()) {
      return malformed;
    }
    (void)layer_sizes_.push_back(0);
    layer_is_open_ = true;
  }
  const Bytes bytes = payload.subspan(descriptor->size);
  if (const Status status = append_bytes(bytes); !status) {
    return status;
  }
  layer_sizes_[layer_sizes_.size() - 1] += static_cast<uint32_t>(bytes.size());
  layer_is_open_ = !descriptor->end_of_frame;
  return {};
}

Result<Ref<Frame>> Vp9Depacketizer::finish() {
  if (layer_is_open_) {
    return Error{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(bytes_.size())};
  }
  if (bytes_.empty()) {
    return Ref<Frame>();
  }
  const auto header = vp9::FrameHeader::parse(bytes_);
  if (!header) {
    return header.error();
  }
  if (header->is_key_frame &&
      (!track_ || track_->video.width != header->width || track_->video.height != header->height ||
       track_->video.profile != header->profile)) {
    adopt_track(vp9::make_track(*header));
  }
  if (!track_) {
    ++counters_.unusable_frames;
    return Ref<Frame>();
  }
  const size_t layers = layer_sizes_.size();
  if (layers > 1) {
    // Superframe index, Annex B.2: marker, the sizes in little-endian order, marker again.
    const uint32_t largest = *std::max_element(layer_sizes_.begin(), layer_sizes_.end());
    const size_t width = largest > 0xffffff ? 4 : largest > 0xffff ? 3 : largest > 0xff ? 2 : 1;
    std::array<uint8_t, 2 + 8 * 4> index{};
    size_t at = 0;
    const auto marker = static_cast<uint8_t>(0xc0 | (width - 1) << 3 | (layers - 1));
    index[at++] = marker;
    for (const uint32_t size : layer_sizes_) {
      for (size_t i = 0; i < width; ++i) {
        index[at++] = static_cast<uint8_t>(size >> (8 * i));
      }
    }
    index[at++] = marker;
    if (const Status status = append_bytes(Bytes(index).first(at)); !status) {
      return status.error();
    }
  }
  auto frame = Frame::make(pool_, track_, bytes_.size());
  std::memcpy(frame->mutable_payload().data(), bytes_.data(), bytes_.size());
  frame->random_access = header->is_key_frame;
  return frame;
}

void Vp9Depacketizer::abandon() {
  bytes_.clear();
  layer_sizes_.clear();
  layer_is_open_ = false;
}

PayloadInfo inspect_vp9_payload(Bytes payload) {
  PayloadInfo info;
  const auto descriptor = Vp9Descriptor::parse(payload);
  if (!descriptor) {
    return info;
  }
  info.spatial_id = descriptor->spatial_id;
  info.temporal_id = descriptor->temporal_id;
  info.switching_up = descriptor->switching_up;
  info.starts_frame = descriptor->start_of_frame && descriptor->spatial_id == 0;
  info.starts_random_access = info.starts_frame && !descriptor->inter_picture_predicted &&
                              !descriptor->inter_layer_dependency;
  info.picture_id_offset = descriptor->picture_id_offset;
  info.tl0_pic_idx_offset = descriptor->tl0_pic_idx_offset;
  return info;
}

}  // namespace millrace::rtp
