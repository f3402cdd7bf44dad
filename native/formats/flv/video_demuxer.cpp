#include "formats/flv/video_demuxer.hpp"

#include <cstring>
#include <utility>

#include "codecs/av1/temporal_unit.hpp"
#include "codecs/h264/access_unit.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h265/access_unit.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/nal/nal_units.hpp"
#include "codecs/vp8/frame_header.hpp"
#include "codecs/vp9/frame_header.hpp"
#include "formats/flv/sequence_header.hpp"
#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

struct VpxHeader {
  bool is_key_frame = false;
  uint32_t width = 0;
  uint32_t height = 0;
};

Result<VpxHeader> parse_vpx_header(CodecId codec, Bytes data) {
  if (codec == CodecId::kVp8) {
    const auto header = vp8::FrameHeader::parse(data);
    return header ? Result(VpxHeader{header->is_key_frame, header->width, header->height})
                  : header.error();
  }
  const auto header = vp9::FrameHeader::parse(data);
  return header ? Result(VpxHeader{header->is_key_frame, header->width, header->height})
                : header.error();
}

}  // namespace

Result<Demuxed> VideoDemuxer::on_message(Bytes body, uint32_t dts_ms) {
  if (body.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  const auto tag = VideoTag::parse(body);
  if (!tag) {
    return tag.error();
  }
  if (tag->packet_type == VideoPacketType::kMetadata) {
    return Demuxed::nothing(Skipped::kMetadata);
  }
  if (tag->frame_type == VideoFrameType::kCommand) {
    return Demuxed::nothing(Skipped::kInfoFrame);
  }
  if (tag->track_id != 0) {
    return Demuxed::nothing(Skipped::kOtherTrack);
  }
  if (tag->codec == CodecId::kUnknown) {
    if (std::exchange(reported_unsupported_, tag->codec_tag) == tag->codec_tag) {
      return Demuxed::nothing(Skipped::kCodecUnsupported);
    }
    return Error{ErrorCode::kFlvCodecUnsupported, tag->codec_tag};
  }
  switch (tag->packet_type) {
    case VideoPacketType::kSequenceStart:
      return on_sequence_start(*tag);
    case VideoPacketType::kCodedFrames:
    case VideoPacketType::kCodedFramesX:
    case VideoPacketType::kSequenceEnd:
      return on_coded_frames(*tag, dts_ms);
    default:
      return Error{ErrorCode::kFlvPacketTypeUnknown, static_cast<uint32_t>(tag->packet_type)};
  }
}

Result<Demuxed> VideoDemuxer::on_sequence_start(const VideoTag& tag) {
  if (tag.data.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  auto out = adopt_sequence_header(tag.codec, tag.signalling, tag.data, track_);
  if (out) {
    if (tag.codec == CodecId::kH264) {
      nal_length_size_ = h264::nal_length_size(tag.data);
    } else if (tag.codec == CodecId::kH265) {
      nal_length_size_ = h265::nal_length_size(tag.data);
    }
    if (out->new_track) {
      framing_ = Framing::kUnknown;
    }
  }
  return out;
}

Result<Demuxed> VideoDemuxer::on_coded_frames(const VideoTag& tag, uint32_t dts_ms) {
  if (!track_ || track_->codec != tag.codec) {
    return ErrorCode::kFlvSequenceHeaderMissing;
  }
  Result<Demuxed> out = Demuxed{};
  if (tag.packet_type == VideoPacketType::kSequenceEnd) {
    out->frame = Frame::make(pool_, track_, 0);
    out->frame->end_of_sequence = true;
  } else if (tag.data.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  } else if (tag.codec == CodecId::kH264 || tag.codec == CodecId::kH265) {
    out = make_nal_picture(tag);
  } else if (tag.codec == CodecId::kAv1) {
    out = make_av1_picture(tag);
  } else {
    out = make_vpx_picture(tag);
  }
  if (out && out->frame) {
    Frame& frame = *out->frame;
    frame.dts = from_ms(dts_ms);
    frame.pts =
        frame.dts + from_ms(tag.composition_time_ms) + MediaTime(tag.timestamp_offset_nano / 1000);
  }
  return out;
}

Status VideoDemuxer::split(Bytes data) {
  if (framing_ == Framing::kAnnexB) {
    return nal::split_annexb(data, units_);
  }
  // Lengths are tried first, because a unit of 1, or of 256 to 511, bytes has a length that looks
  // like a start code; Annex B that looks like lengths which add up to the last byte does not
  // exist.
  const Status lengths = nal::split_length_prefixed(data, nal_length_size_, units_);
  if (lengths) {
    framing_ = units_.empty() ? framing_ : Framing::kLengthPrefixed;
    return lengths;
  }
  if (framing_ == Framing::kUnknown && nal::starts_with_start_code(data)) {
    framing_ = Framing::kAnnexB;
    return nal::split_annexb(data, units_);
  }
  return lengths;
}

Result<Demuxed> VideoDemuxer::make_nal_picture(const VideoTag& tag) {
  if (const Status status = split(tag.data); !status) {
    return status.error();
  }
  if (units_.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  auto frame = nal::make_frame(pool_, track_, tag.data, units_);
  if (tag.codec == CodecId::kH264) {
    const auto picture = h264::AccessUnit::inspect(tag.data, units_);
    // The tag's word alone is not taken, but it counts for encoders that never send IDR pictures
    // nor recovery points: their I pictures are all that a player can start from.
    const bool tag_is_key = tag.frame_type == VideoFrameType::kKey;
    frame->random_access = picture.is_random_access() || (tag_is_key && picture.has_intra_slice);
  } else {
    frame->random_access = h265::AccessUnit::inspect(tag.data, units_).has_irap;
  }
  return Demuxed{nullptr, std::move(frame)};
}

Result<Demuxed> VideoDemuxer::make_av1_picture(const VideoTag& tag) {
  const auto unit = av1::TemporalUnit::inspect(tag.data);
  if (!unit) {
    return unit.error();
  }
  if (unit->delimiter_bytes == tag.data.size()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  auto frame = Frame::make(pool_, track_, tag.data.size() - unit->delimiter_bytes);
  ByteWriter writer(frame->mutable_payload());
  av1::copy_without_delimiters(tag.data, writer);
  frame->random_access = unit->has_key_frame;
  return Demuxed{nullptr, std::move(frame)};
}

Result<Demuxed> VideoDemuxer::make_vpx_picture(const VideoTag& tag) {
  const auto header = parse_vpx_header(tag.codec, tag.data);
  if (!header) {
    return header.error();
  }
  Demuxed out;
  if (header->is_key_frame &&
      (header->width != track_->video.width || header->height != track_->video.height)) {
    auto track = Track::make();
    track->kind = track_->kind;
    track->codec = track_->codec;
    track->flv_signalling = track_->flv_signalling;
    track->configuration = track_->configuration;
    track->video = track_->video;
    track->video.width = header->width;
    track->video.height = header->height;
    track_ = track;
    out.new_track = track_;
  }
  out.frame = Frame::make(pool_, track_, tag.data.size());
  std::memcpy(out.frame->mutable_payload().data(), tag.data.data(), tag.data.size());
  out.frame->random_access = header->is_key_frame;
  return out;
}

}  // namespace millrace::flv
