#include "formats/flv/demuxer.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "codecs/h264/access_unit.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/mp3/frame_header.hpp"
#include "codecs/nal/nal_units.hpp"
#include "codecs/registry.hpp"
#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

constexpr uint8_t kAmf0String = 0x02;

Demuxed skipped(Skipped why) { return Demuxed{nullptr, nullptr, why}; }

bool same_configuration(const TrackRef& a, const Ref<Track>& b) {
  return a && a->codec == b->codec && a->flv_signalling == b->flv_signalling &&
         std::ranges::equal(a->configuration->bytes(), b->configuration->bytes());
}

MediaTime with_offset(MediaTime time, uint32_t offset_nano) {
  return time + MediaTime(offset_nano / 1000);
}

/// An AMF0 string with its marker, as text; empty (and the reader failed) when it is something
/// else.
std::string_view read_amf0_string(ByteReader& reader) {
  if (reader.u8() != kAmf0String) {
    reader.fail();
    return {};
  }
  const Bytes text = reader.bytes(reader.u16());
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

}  // namespace

Demuxer::Demuxer(BlockPool& pool, Limits limits) : pool_(pool), limits_(limits) {}

Result<Demuxed> Demuxer::on_video(Bytes body, uint32_t dts_ms) {
  if (body.empty()) {
    return skipped(Skipped::kEmpty);
  }
  const auto tag = VideoTag::parse(body);
  if (!tag) {
    return tag.error();
  }
  if (tag->packet_type == VideoPacketType::kMetadata) {
    return skipped(Skipped::kMetadata);
  }
  if (tag->frame_type == VideoFrameType::kCommand) {
    return skipped(Skipped::kInfoFrame);
  }
  if (tag->track_id != 0) {
    return skipped(Skipped::kOtherTrack);
  }
  if (tag->codec == CodecId::kUnknown) {
    if (std::exchange(unsupported_video_, tag->codec_tag) == tag->codec_tag) {
      return skipped(Skipped::kCodecUnsupported);
    }
    return Error{ErrorCode::kFlvCodecUnsupported, tag->codec_tag};
  }
  switch (tag->packet_type) {
    case VideoPacketType::kSequenceStart:
      return on_video_sequence_start(*tag);
    case VideoPacketType::kCodedFrames:
    case VideoPacketType::kCodedFramesX:
    case VideoPacketType::kSequenceEnd:
      return on_picture(*tag, dts_ms);
    default:
      return Error{ErrorCode::kFlvPacketTypeUnknown, static_cast<uint32_t>(tag->packet_type)};
  }
}

Result<Demuxed> Demuxer::on_video_sequence_start(const VideoTag& tag) {
  if (tag.data.empty()) {
    return skipped(Skipped::kEmpty);
  }
  auto made = make_track(tag.codec, tag.data);
  if (!made) {
    return made.error();
  }
  Ref<Track> track = std::move(made).value();
  track->flv_signalling = tag.signalling;
  if (same_configuration(video_track_, track)) {
    return skipped(Skipped::kUnchanged);
  }
  if (tag.codec == CodecId::kH264) {
    nal_length_size_ = h264::nal_length_size(tag.data);
  }
  framing_ = Framing::kUnknown;
  video_track_ = track;
  return Demuxed{video_track_, nullptr};
}

Result<Demuxed> Demuxer::on_picture(const VideoTag& tag, uint32_t dts_ms) {
  if (!video_track_ || video_track_->codec != tag.codec) {
    return ErrorCode::kFlvSequenceHeaderMissing;
  }
  const bool is_end = tag.packet_type == VideoPacketType::kSequenceEnd;
  if (tag.data.empty() && !is_end) {
    return skipped(Skipped::kEmpty);
  }
  Ref<Frame> frame;
  if (is_end) {
    frame = make_plain_frame(video_track_, {});
    frame->end_of_sequence = true;
  } else {
    auto made = make_nal_frame(tag.data);
    if (!made) {
      return made.error();
    }
    frame = std::move(made).value();
    if (!frame) {
      return skipped(Skipped::kEmpty);
    }
    const auto picture = h264::AccessUnit::inspect(frame->payload(), frame->nal_units());
    // The tag's word alone is not taken, but it counts for encoders that never send IDR pictures
    // nor recovery points: their I pictures are all that a player can start from.
    const bool tag_is_key = tag.frame_type == VideoFrameType::kKey;
    frame->random_access = picture.is_random_access() || (tag_is_key && picture.has_intra_slice);
  }
  frame->dts = from_ms(dts_ms);
  frame->pts =
      with_offset(frame->dts + from_ms(tag.composition_time_ms), tag.timestamp_offset_nano);
  return Demuxed{nullptr, std::move(frame)};
}

Status Demuxer::split(Bytes data) {
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

Result<Ref<Frame>> Demuxer::make_nal_frame(Bytes data) {
  if (const Status status = split(data); !status) {
    return status.error();
  }
  if (units_.empty()) {
    return Ref<Frame>();
  }
  return nal::make_frame(pool_, video_track_, data, units_);
}

Ref<Frame> Demuxer::make_plain_frame(const TrackRef& track, Bytes data) {
  auto frame = Frame::make(pool_, track, data.size());
  if (!data.empty()) {
    std::memcpy(frame->mutable_payload().data(), data.data(), data.size());
  }
  return frame;
}

Result<Demuxed> Demuxer::on_audio(Bytes body, uint32_t dts_ms) {
  if (body.empty()) {
    return skipped(Skipped::kEmpty);
  }
  const auto tag = AudioTag::parse(body);
  if (!tag) {
    return tag.error();
  }
  if (tag->packet_type == AudioPacketType::kMultichannelConfig) {
    return skipped(Skipped::kMetadata);
  }
  if (tag->track_id != 0) {
    return skipped(Skipped::kOtherTrack);
  }
  if (tag->codec == CodecId::kUnknown) {
    if (std::exchange(unsupported_audio_, tag->codec_tag) == tag->codec_tag) {
      return skipped(Skipped::kCodecUnsupported);
    }
    return Error{ErrorCode::kFlvCodecUnsupported, tag->codec_tag};
  }
  return tag->packet_type == AudioPacketType::kSequenceStart ? on_audio_sequence_start(*tag)
                                                             : on_sound(*tag, dts_ms);
}

Result<Demuxed> Demuxer::on_audio_sequence_start(const AudioTag& tag) {
  if (tag.data.empty() || !has_configuration(tag.codec)) {
    return skipped(Skipped::kEmpty);
  }
  auto made = make_track(tag.codec, tag.data);
  if (!made) {
    return made.error();
  }
  Ref<Track> track = std::move(made).value();
  track->flv_signalling = tag.signalling;
  if (same_configuration(audio_track_, track)) {
    return skipped(Skipped::kUnchanged);
  }
  audio_track_ = track;
  return Demuxed{audio_track_, nullptr};
}

Result<TrackRef> Demuxer::track_of_sound(const AudioTag& tag) const {
  const bool same_codec = audio_track_ && audio_track_->codec == tag.codec;
  if (has_configuration(tag.codec)) {
    return same_codec ? Result<TrackRef>(audio_track_) : ErrorCode::kFlvSequenceHeaderMissing;
  }
  const bool same_kind = same_codec && audio_track_->flv_signalling == tag.signalling;
  Ref<Track> track;
  if (tag.codec == CodecId::kMp3) {
    const auto header = mp3::FrameHeader::parse(tag.data);
    if (!header) {
      return header.error();
    }
    if (same_kind && audio_track_->audio.sample_rate == header->sample_rate &&
        audio_track_->audio.channels == header->channels) {
      return audio_track_;
    }
    track = mp3::make_track(*header);
  } else {
    return ErrorCode::kFlvSequenceHeaderMissing;
  }
  track->flv_signalling = tag.signalling;
  return TrackRef(track);
}

Result<Demuxed> Demuxer::on_sound(const AudioTag& tag, uint32_t dts_ms) {
  const bool is_end = tag.packet_type == AudioPacketType::kSequenceEnd;
  if (is_end && (!audio_track_ || audio_track_->codec != tag.codec)) {
    return ErrorCode::kFlvSequenceHeaderMissing;
  }
  if (!is_end && tag.data.empty()) {
    return skipped(Skipped::kEmpty);
  }
  Demuxed out;
  if (!is_end) {
    auto track = track_of_sound(tag);
    if (!track) {
      return track.error();
    }
    if (*track != audio_track_) {
      audio_track_ = *track;
      out.new_track = audio_track_;
    }
  }
  out.frame = make_plain_frame(audio_track_, is_end ? Bytes{} : tag.data);
  out.frame->end_of_sequence = is_end;
  out.frame->random_access = !is_end;
  out.frame->dts = with_offset(from_ms(dts_ms), tag.timestamp_offset_nano);
  out.frame->pts = out.frame->dts;
  return out;
}

Result<Demuxed> Demuxer::on_script(Bytes body, uint32_t dts_ms) {
  ByteReader reader(body);
  std::string_view name = read_amf0_string(reader);
  if (name == "@setDataFrame") {
    name = read_amf0_string(reader);
  }
  if (!reader.ok()) {
    return ErrorCode::kFlvTagMalformed;
  }
  if (name != "onMetaData") {
    return skipped(Skipped::kScript);
  }
  const Bytes values = reader.rest();
  if (values.empty()) {
    return skipped(Skipped::kEmpty);
  }
  if (values.size() > limits_.max_metadata_bytes) {
    return Error{ErrorCode::kFlvMetadataTooLarge, static_cast<uint32_t>(values.size())};
  }
  Demuxed out;
  if (!metadata_track_) {
    auto track = Track::make();
    track->kind = TrackKind::kData;
    track->codec = CodecId::kAmfMetadata;
    metadata_track_ = track;
    out.new_track = metadata_track_;
  }
  out.frame = make_plain_frame(metadata_track_, values);
  out.frame->dts = from_ms(dts_ms);
  out.frame->pts = out.frame->dts;
  return out;
}

}  // namespace millrace::flv
