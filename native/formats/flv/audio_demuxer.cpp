#include "formats/flv/audio_demuxer.hpp"

#include <cstring>
#include <utility>

#include "codecs/ac3/syncframe.hpp"
#include "codecs/g711/g711.hpp"
#include "codecs/mp3/frame_header.hpp"
#include "codecs/opus/identification_header.hpp"
#include "formats/flv/sequence_header.hpp"
#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

/// What a frame of a codec without sequence header says about its stream.
Result<AudioParameters> parameters_of(const AudioTag& tag) {
  AudioParameters out;
  if (tag.codec == CodecId::kMp3) {
    const auto header = mp3::FrameHeader::parse(tag.data);
    if (!header) {
      return header.error();
    }
    out.sample_rate = header->sample_rate;
    out.channels = header->channels;
  } else if (tag.codec == CodecId::kAc3 || tag.codec == CodecId::kEac3) {
    const auto header = ac3::Syncframe::parse(tag.data);
    if (!header) {
      return header.error();
    }
    if (header->codec != tag.codec) {
      return ErrorCode::kCodecDecodeFailed;
    }
    out.sample_rate = header->sample_rate;
    out.channels = header->channels;
  } else {
    out.sample_rate = g711::kSampleRate;
    out.channels = tag.stereo ? 2 : 1;
  }
  return out;
}

/// The track of such a frame, whose head has been read before.
Ref<Track> make_track_of_frame(const AudioTag& tag) {
  switch (tag.codec) {
    case CodecId::kMp3:
      return mp3::make_track(*mp3::FrameHeader::parse(tag.data));
    case CodecId::kAc3:
    case CodecId::kEac3:
      return ac3::make_track(*ac3::Syncframe::parse(tag.data));
    default:
      return g711::make_track(tag.codec, tag.stereo ? 2 : 1);
  }
}

}  // namespace

Result<Demuxed> AudioDemuxer::on_message(Bytes body, uint32_t dts_ms) {
  if (body.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  const auto tag = AudioTag::parse(body);
  if (!tag) {
    return tag.error();
  }
  if (tag->packet_type == AudioPacketType::kMultichannelConfig) {
    return Demuxed::nothing(Skipped::kMetadata);
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
  return tag->packet_type == AudioPacketType::kSequenceStart ? on_sequence_start(*tag)
                                                             : on_coded_frames(*tag, dts_ms);
}

Result<Demuxed> AudioDemuxer::on_sequence_start(const AudioTag& tag) {
  if (tag.data.empty() || !has_configuration(tag.codec)) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  // Enhanced RTMP sends both headers of Ogg Opus as sequence starts; the comments are of no use
  // here.
  if (tag.codec == CodecId::kOpus && opus::is_comment_header(tag.data)) {
    return Demuxed::nothing(Skipped::kMetadata);
  }
  return adopt_sequence_header(tag.codec, tag.signalling, tag.data, track_);
}

Result<Demuxed> AudioDemuxer::on_coded_frames(const AudioTag& tag, uint32_t dts_ms) {
  const bool is_end = tag.packet_type == AudioPacketType::kSequenceEnd;
  const bool same_codec = track_ && track_->codec == tag.codec;
  if (!same_codec && (is_end || has_configuration(tag.codec))) {
    return ErrorCode::kFlvSequenceHeaderMissing;
  }
  const Bytes data = is_end ? Bytes{} : tag.data;
  if (!is_end && data.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  Demuxed out;
  if (!is_end && !has_configuration(tag.codec)) {
    const auto parameters = parameters_of(tag);
    if (!parameters) {
      return parameters.error();
    }
    if (!same_codec || track_->flv_signalling != tag.signalling ||
        track_->audio.sample_rate != parameters->sample_rate ||
        track_->audio.channels != parameters->channels) {
      const Ref<Track> track = make_track_of_frame(tag);
      track->flv_signalling = tag.signalling;
      track_ = track;
      out.new_track = track_;
    }
  }
  out.frame = Frame::make(pool_, track_, data.size());
  if (!data.empty()) {
    std::memcpy(out.frame->mutable_payload().data(), data.data(), data.size());
  }
  out.frame->end_of_sequence = is_end;
  out.frame->random_access = !is_end;
  out.frame->dts = from_ms(dts_ms) + MediaTime(tag.timestamp_offset_nano / 1000);
  out.frame->pts = out.frame->dts;
  return out;
}

}  // namespace millrace::flv
