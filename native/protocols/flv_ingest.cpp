#include "protocols/flv_ingest.hpp"

#include <algorithm>

#include "formats/flv/metadata.hpp"
#include "formats/flv/muxer.hpp"

namespace millrace {

namespace {

// FLV E.4.1 and RTMP 1.0 §5.3.1.2.1: 24 bits of length, of which a body header takes its part. What
// came in as Annex B grows when its start codes become 4-byte lengths, and may then fit no tag any
// more.
constexpr size_t kMaxFrameBytes = 0xff'ff'ff - flv::kMaxBodyHeaderSize;

}  // namespace

FlvIngest::FlvIngest(Loop& loop, const PublishOptions& options, const Limits& limits,
                     const Identity& identity, std::unique_ptr<Publication> publication)
    : loop_(loop),
      identity_(identity),
      first_packet_timeout_(options.first_packet_timeout),
      normal_timeout_(options.normal_timeout),
      reduce_sequence_header_(options.reduce_sequence_header),
      publication_(std::move(publication)),
      demuxer_(loop.pool(), {.max_metadata_bytes = limits.max_metadata_bytes}),
      last_tag_(loop.now()) {}

Time FlvIngest::deadline() const {
  return last_tag_ + (any_tag_ ? normal_timeout_ : first_packet_timeout_);
}

Status FlvIngest::on_tag(flv::TagType type, uint32_t timestamp_ms, Bytes body) {
  any_tag_ = true;
  last_tag_ = loop_.now();
  switch (type) {
    case flv::TagType::kVideo:
      return push(demuxer_.on_video(body, timestamp_ms), TrackKind::kVideo, timestamp_ms);
    case flv::TagType::kAudio:
      return push(demuxer_.on_audio(body, timestamp_ms), TrackKind::kAudio, timestamp_ms);
    default:
      return on_script(body, timestamp_ms);
  }
}

Status FlvIngest::on_script(Bytes body, uint32_t timestamp_ms) {
  auto demuxed = demuxer_.on_script(body, timestamp_ms);
  if (!demuxed.ok() || !demuxed->frame) {
    return demuxed.ok() ? Status{} : Status(demuxed.error());
  }
  // Once per stream: who served it is told in the metadata itself, as SRS does.
  auto metadata = flv::Metadata::parse(demuxed->frame->payload());
  if (!metadata.ok()) {
    return metadata.error();
  }
  metadata->set_server(identity_.server, identity_.version);
  const std::vector<uint8_t> values = metadata->values();
  if (reduce_sequence_header_ && metadata_ && std::ranges::equal(metadata_->payload(), values)) {
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

Status FlvIngest::push(Result<flv::Demuxed> demuxed, TrackKind kind, uint32_t timestamp_ms) {
  if (!demuxed.ok()) {
    return demuxed.error();
  }
  if (demuxed->new_track) {
    publication_->set_track(demuxed->new_track);
    tracks_changed_ = true;
  } else if (demuxed->skipped == flv::Skipped::kUnchanged && !reduce_sequence_header_) {
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

}  // namespace millrace
