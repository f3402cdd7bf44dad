#include "protocols/rtmp/rtmp_muxer.hpp"

#include <algorithm>
#include <array>

#include "formats/flv/muxer.hpp"
#include "protocols/rtmp/media_chunks.hpp"

namespace millrace::rtmp {

namespace {

// AMF0: "|RtmpSampleAccess", true, true; what every server sends before media, and so no player
// minds.
constexpr std::array<uint8_t, 24> kSampleAccess{0x02, 0x00, 0x11, '|', 'R',  't',  'm',  'p',
                                                'S',  'a',  'm',  'p', 'l',  'e',  'A',  'c',
                                                'c',  'e',  's',  's', 0x01, 0x01, 0x01, 0x01};

uint32_t chunk_stream_of(TrackKind kind) {
  return kind == TrackKind::kVideo ? kVideoChunkStream : kAudioChunkStream;
}

MessageType message_type_of(TrackKind kind) {
  return kind == TrackKind::kVideo ? MessageType::kVideo : MessageType::kAudio;
}

}  // namespace

bool RtmpMuxer::wanted(TrackKind kind) const {
  return kind == TrackKind::kData || (kind == TrackKind::kVideo ? options_.video : options_.audio);
}

bool RtmpMuxer::needs_prime_for(const Track& track, MediaTime at) {
  ChunkStreamClock& clock = clock_of(track.kind);
  if (clock.open || !wanted(track.kind) || !flv::can_carry(track.codec)) {
    return false;
  }
  // Deltas on this chunk stream count from here, and a player must be told from what.
  clock = {true, to_ms(at)};
  return true;
}

void RtmpMuxer::write_track(const Track& track, MediaTime /*at*/, ByteLog& log) {
  if (!wanted(track.kind) || !flv::can_carry(track.codec)) {
    return;
  }
  const size_t size = flv::sequence_header_size(track);
  if (size == 0) {
    return;
  }
  scratch_.resize(size);
  ByteWriter writer(scratch_);
  flv::write_sequence_header(track, writer);
  const std::array<Bytes, 1> pieces{Bytes(scratch_)};
  write_delta(chunk_stream_of(track.kind), message_type_of(track.kind), 0, options_.chunk_size,
              pieces, [&log](Bytes bytes) { log.append(bytes); });
}

void RtmpMuxer::write_track_again(const Track& track, MediaTime at, ByteLog& log) {
  // Before the first frame of its kind the chunk stream has no time yet; each player's prime has
  // the header then.
  if (clock_of(track.kind).open) {
    write_track(track, at, log);
  }
}

/// Metadata has no time of its own: zero for every player.
template <typename Append>
void RtmpMuxer::write_metadata(const Frame& metadata, Append&& append) const {
  std::array<uint8_t, flv::kMaxBodyHeaderSize> room;
  ByteWriter header(room);
  flv::write_body_header(metadata, header);
  const std::array<Bytes, 2> pieces{header.written(), metadata.payload()};
  write_absolute({kDataChunkStream, MessageType::kDataAmf0, 0, kMediaStreamId}, options_.chunk_size,
                 pieces, append);
}

void RtmpMuxer::write_metadata_ahead(const Frame& metadata, std::vector<uint8_t>& out) {
  write_metadata(metadata,
                 [&out](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
}

void RtmpMuxer::write_frame(const Frame& frame, ByteLog& log) {
  const TrackKind kind = frame.track->kind;
  if (!wanted(kind) || !flv::can_carry(frame.track->codec)) {
    return;
  }
  const auto append = [&log](Bytes bytes) { log.append(bytes); };
  if (kind == TrackKind::kData) {
    write_metadata(frame, append);
    return;
  }
  std::array<uint8_t, flv::kMaxBodyHeaderSize> room;
  ByteWriter header(room);
  flv::write_body_header(frame, header);
  const std::array<Bytes, 2> pieces{header.written(), frame.payload()};
  ChunkStreamClock& clock = clock_of(kind);
  const int64_t time_ms = to_ms(frame.dts);
  const auto delta = std::clamp<int64_t>(time_ms - clock.last_ms, 0, kExtendedTimestamp - 1);
  clock.last_ms += delta;
  write_delta(chunk_stream_of(kind), message_type_of(kind), static_cast<uint32_t>(delta),
              options_.chunk_size, pieces, append);
}

std::array<int64_t, 4> RtmpMuxer::mark() const {
  return {video_.open ? 1 : 0, video_.last_ms, audio_.open ? 1 : 0, audio_.last_ms};
}

void RtmpMuxer::open_chunk_stream(TrackKind kind, const TrackRef& track, uint32_t time_ms,
                                  std::vector<uint8_t>& out) const {
  const auto append = [&out](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  const size_t size = track && flv::can_carry(track->codec) ? flv::sequence_header_size(*track) : 0;
  const uint32_t chunk_stream = chunk_stream_of(kind);
  if (size == 0) {
    // The codec has no sequence header (MP3), or the track comes later (a publisher without audio
    // follows one with it); yet the chunk stream must begin with an absolute time.
    const std::array<Bytes, 1> pieces{Bytes(kSampleAccess)};
    write_absolute({chunk_stream, MessageType::kDataAmf0, time_ms, kMediaStreamId},
                   options_.chunk_size, pieces, append);
    return;
  }
  std::vector<uint8_t> body(size);
  ByteWriter writer(body);
  flv::write_sequence_header(*track, writer);
  const std::array<Bytes, 1> pieces{Bytes(body)};
  write_absolute({chunk_stream, message_type_of(kind), time_ms, kMediaStreamId},
                 options_.chunk_size, pieces, append);
}

void RtmpMuxer::write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) {
  const bool video_open = point.mark[0] != 0;
  const int64_t video_ms = point.mark[1];
  const bool audio_open = point.mark[2] != 0;
  const int64_t audio_ms = point.mark[3];
  if (!clock.started) {
    clock.started = true;
    if (options_.atc_auto && point.metadata && point.metadata->track->wants_source_clock) {
      clock.jitter = TimeJitter::kSource;
    }
    int64_t origin = to_ms(point.dts);
    if (video_open) {
      origin = std::min(origin, video_ms);
    }
    if (audio_open) {
      origin = std::min(origin, audio_ms);
    }
    switch (clock.jitter) {
      case TimeJitter::kFull:
      case TimeJitter::kZero:
        clock.origin = from_ms(origin);
        break;
      case TimeJitter::kSource:
        clock.origin = point.dts - point.source_dts;
        break;
    }
  }
  const auto wire_time = [&clock](int64_t stream_ms) {
    return static_cast<uint32_t>(stream_ms -
                                 to_ms(clock.origin));  // wraps after 2^32 ms, as the format does
  };
  if (point.metadata && !(point.metadata == clock.metadata_told)) {
    write_metadata_ahead(*point.metadata, out);
  }
  if (audio_open) {
    open_chunk_stream(TrackKind::kAudio, point.audio, wire_time(audio_ms), out);
  }
  if (video_open) {
    open_chunk_stream(TrackKind::kVideo, point.video, wire_time(video_ms), out);
  }
}

}  // namespace millrace::rtmp
