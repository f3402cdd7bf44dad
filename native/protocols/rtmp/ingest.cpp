#include "protocols/rtmp/ingest.hpp"

#include <algorithm>

#include "formats/flv/muxer.hpp"
#include "protocols/audio_settings.hpp"
#include "protocols/rtmp/message.hpp"
#include "protocols/rtmp/metadata.hpp"

namespace millrace::rtmp {

namespace {

// RTMP 1.0 §5.3.1.2.1 and FLV E.4.1: 24 bits of length, of which a body header takes its part. What
// came in as Annex B grows when its start codes become 4-byte lengths, and may then fit no message
// any more.
constexpr size_t kMaxFrameBytes = kMaxMessageBytes - flv::kMaxBodyHeaderSize;

}  // namespace

IngestOptions IngestOptions::from(const Fields& fields, const Limits& limits,
                                  const Identity& identity) {
  IngestOptions options;
  options.stream = fields.text("stream");
  options.publication.gop.enabled = fields.boolean("gop_cache", true);
  options.publication.gop.max_frames = static_cast<uint32_t>(
      std::clamp<int64_t>(fields.integer("gop_cache_max_frames", 2500), 0, UINT32_MAX));
  options.publication.gop.max_bytes = limits.gop_cache_max_bytes;
  options.publication.audio = audio_settings_from(fields);
  options.publication.clock_wrap = from_ms(int64_t{1} << 32);  // RTMP 1.0 §5.3: 32-bit milliseconds
  options.publication.mix_correct = fields.boolean("mix_correct", false);
  options.first_packet_timeout =
      fields.duration_ms("first_packet_timeout_ms", options.first_packet_timeout);
  options.normal_timeout = fields.duration_ms("normal_timeout_ms", options.normal_timeout);
  options.max_metadata_bytes = limits.max_metadata_bytes;
  options.reduce_sequence_header = fields.boolean("reduce_sequence_header", false);
  options.server = identity.server;
  options.version = identity.version;
  return options;
}

Ingest::Ingest(const IngestOptions& options, std::unique_ptr<Publication> publication, Loop& loop)
    : options_(options),
      publication_(std::move(publication)),
      loop_(loop),
      demuxer_(loop.pool(), {.max_metadata_bytes = options.max_metadata_bytes}),
      last_message_(loop.now()) {}

Time Ingest::deadline() const {
  return last_message_ + (any_message_ ? options_.normal_timeout : options_.first_packet_timeout);
}

Status Ingest::on_media(const MediaMessage& message) {
  any_message_ = true;
  last_message_ = loop_.now();
  switch (message.type) {
    case MessageType::kVideo:
      return push(demuxer_.on_video(message.payload, message.timestamp_ms), TrackKind::kVideo,
                  message.timestamp_ms);
    case MessageType::kAudio:
      return push(demuxer_.on_audio(message.payload, message.timestamp_ms), TrackKind::kAudio,
                  message.timestamp_ms);
    default:
      return on_metadata(message.payload, message.timestamp_ms);
  }
}

Status Ingest::on_metadata(Bytes body, uint32_t timestamp_ms) {
  auto demuxed = demuxer_.on_script(body, timestamp_ms);
  if (!demuxed.ok() || !demuxed->frame) {
    return demuxed.ok() ? Status{} : Status(demuxed.error());
  }
  // Once per stream: who served it is told in the metadata itself, as SRS does.
  auto metadata = Metadata::parse(demuxed->frame->payload());
  if (!metadata.ok()) {
    return metadata.error();
  }
  metadata->set_server(options_.server, options_.version);
  const std::vector<uint8_t> values = metadata->values();
  if (options_.reduce_sequence_header && metadata_ &&
      std::ranges::equal(metadata_->payload(), values)) {
    return {};
  }
  TrackRef track = demuxed->frame->track;
  if (metadata->bravo_atc()) {
    auto own = Track::make();
    own->kind = track->kind;
    own->codec = track->codec;
    own->wants_source_clock = true;
    track = std::move(own);
  }
  auto frame = Frame::make(loop_.pool(), std::move(track), values.size());
  std::copy(values.begin(), values.end(), frame->mutable_payload().begin());
  metadata_ = frame;
  publication_->push(std::move(frame), MediaTime(0), MediaTime(0));
  tracks_changed_ = true;
  return {};
}

Status Ingest::push(Result<flv::Demuxed> demuxed, TrackKind kind, uint32_t timestamp_ms) {
  if (!demuxed.ok()) {
    return demuxed.error();
  }
  if (demuxed->new_track) {
    publication_->set_track(demuxed->new_track);
    tracks_changed_ = true;
  } else if (demuxed->skipped == flv::Skipped::kUnchanged && !options_.reduce_sequence_header) {
    publication_->repeat_track(kind);
  }
  if (demuxed->frame && demuxed->frame->payload().size() > kMaxFrameBytes) {
    return Error{ErrorCode::kTooLarge, static_cast<uint32_t>(demuxed->frame->payload().size())};
  }
  if (demuxed->frame) {
    const MediaTime raw_dts = from_ms(timestamp_ms);
    const MediaTime composition = demuxed->frame->pts - demuxed->frame->dts;
    publication_->push(std::move(demuxed->frame), raw_dts, raw_dts + composition);
  }
  return {};
}

Fields describe_tracks(const Stream& stream) {
  Fields described;
  if (const TrackRef& video = stream.video(); video) {
    described.set("video", Fields{{"codec", codec_name(video->codec)},
                                  {"width", video->video.width},
                                  {"height", video->video.height},
                                  {"profile", video->video.profile},
                                  {"level", video->video.level}});
  }
  if (const TrackRef& audio = stream.audio(); audio) {
    described.set("audio", Fields{{"codec", codec_name(audio->codec)},
                                  {"sample_rate", audio->audio.sample_rate},
                                  {"channels", audio->audio.channels},
                                  {"profile", audio->audio.profile}});
  }
  return described;
}

}  // namespace millrace::rtmp
