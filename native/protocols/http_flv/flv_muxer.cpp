#include "protocols/http_flv/flv_muxer.hpp"

#include <array>

#include "formats/flv/muxer.hpp"

namespace millrace::http_flv {

namespace {

using http::Framing;
using http::to_log;
using http::to_vector;
using http::wrap;

/// Appends one tag: `header` and `payload` make its body.
template <typename Append>
void write_tag(Framing framing, flv::TagType type, uint32_t time_ms, Bytes header, Bytes payload,
               Append&& append) {
  const size_t body_size = header.size() + payload.size();
  std::array<uint8_t, flv::kTagHeaderSize> tag_room;
  ByteWriter tag_header(tag_room);
  flv::write_tag_header(type, body_size, time_ms, tag_header);
  std::array<uint8_t, flv::kBackPointerSize> back_room;
  ByteWriter back_pointer(back_room);
  flv::write_back_pointer(body_size, back_pointer);
  wrap(framing, {tag_header.written(), header, payload, back_pointer.written()}, append);
}

template <typename Append>
void write_frame_tag(Framing framing, const Frame& frame, uint32_t time_ms, Append&& append) {
  std::array<uint8_t, flv::kMaxBodyHeaderSize> room;
  ByteWriter header(room);
  flv::write_body_header(frame, header);
  write_tag(framing, flv::tag_type(frame.track->kind), time_ms, header.written(), frame.payload(),
            append);
}

template <typename Append>
void write_sequence_header_tag(Framing framing, const Track& track, uint32_t time_ms,
                               std::vector<uint8_t>& scratch, Append&& append) {
  const size_t size = flv::sequence_header_size(track);
  if (size == 0) {
    return;
  }
  scratch.resize(size);
  ByteWriter writer(scratch);
  flv::write_sequence_header(track, writer);
  write_tag(framing, flv::tag_type(track.kind), time_ms, Bytes(scratch), {}, append);
}

}  // namespace

bool FlvMuxer::wanted(TrackKind kind) const {
  return kind == TrackKind::kData || (kind == TrackKind::kVideo ? options_.video : options_.audio);
}

uint32_t FlvMuxer::wire_time(const Frame& frame) const {
  return static_cast<uint32_t>(to_ms(source_clock_ ? frame.source_dts : frame.dts));
}

void FlvMuxer::write_track(const Track& track, MediaTime at, ByteLog& log) {
  if (wanted(track.kind) && flv::can_carry(track.codec)) {
    const MediaTime time = source_clock_ ? at + source_offset_ : at;
    write_sequence_header_tag(options_.framing, track, static_cast<uint32_t>(to_ms(time)), scratch_,
                              to_log(log));
  }
}

void FlvMuxer::write_frame(const Frame& frame, ByteLog& log) {
  if (!frame.is_data()) {
    source_offset_ = frame.source_dts - frame.dts;
  } else if (options_.atc_auto) {
    source_clock_ = options_.source_clock || frame.track->wants_source_clock;
  }
  if (wanted(frame.track->kind) && flv::can_carry(frame.track->codec)) {
    write_frame_tag(options_.framing, frame, frame.is_data() ? 0 : wire_time(frame), to_log(log));
  }
}

void FlvMuxer::write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) {
  const auto carried = [this](const TrackRef& track) {
    return track && wanted(track->kind) && flv::can_carry(track->codec);
  };
  const bool audio = carried(point.audio);
  const bool video = carried(point.video);
  if (!clock.started) {
    clock.started = true;
    std::array<uint8_t, flv::FileHeader::kSizeWithBackPointer> room;
    ByteWriter header(room);
    flv::FileHeader{options_.announce_audio.value_or(audio),
                    options_.announce_video.value_or(video)}
        .write_to(header);
    wrap(options_.framing, {header.written()}, to_vector(out));
  }
  const auto time_ms = static_cast<uint32_t>(to_ms(source_clock_ ? point.source_dts : point.dts));
  if (point.metadata) {
    write_frame_tag(options_.framing, *point.metadata, 0, to_vector(out));
  }
  if (audio) {
    write_sequence_header_tag(options_.framing, *point.audio, time_ms, scratch_, to_vector(out));
  }
  if (video) {
    write_sequence_header_tag(options_.framing, *point.video, time_ms, scratch_, to_vector(out));
  }
}

}  // namespace millrace::http_flv
