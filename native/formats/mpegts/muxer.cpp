#include "formats/mpegts/muxer.hpp"

#include <cassert>

#include "base/byte_writer.hpp"
#include "codecs/aac/adts.hpp"
#include "formats/mpegts/byte_stream.hpp"
#include "formats/mpegts/pes_writer.hpp"
#include "formats/mpegts/psi.hpp"

namespace millrace::mpegts {
namespace {

// ISO/IEC 13818-1 §2.7.2 allows 100 ms between PCRs. They stand on frames, so one is written on the
// first frame after 60 ms: at 25 frames a second that is every 80 ms.
constexpr MediaTime kPcrInterval = std::chrono::milliseconds(60);

// Joined audio stays below what PES_packet_length can say, which only video may leave out.
constexpr size_t kMaxJoinedAudioBytes = 60'000;

// PID that is never used: ISO/IEC 13818-1 table 2-3. In the PMT it says "no PCR".
constexpr uint16_t kNoPid = 0x1fff;

uint64_t to_90khz(MediaTime time) {
  return static_cast<uint64_t>(to_ticks(time, kTimescale)) & kTimeMask;
}

/// Opus packet with its control header, "Opus in MPEG-TS" (ETSI draft): 11 bits of ones, no
/// trimming, no extension; then the size in bytes of 255 and a rest, as in Ogg.
template <typename Emit>
void emit_opus(Bytes packet, Emit&& emit) {
  static constexpr std::array<uint8_t, 2> kPrefix = {0x7f, 0xe0};
  static constexpr std::array<uint8_t, 1> kFull = {0xff};
  emit(Bytes(kPrefix));
  size_t size = packet.size();
  for (; size >= 255; size -= 255) {
    emit(Bytes(kFull));
  }
  const std::array<uint8_t, 1> rest = {static_cast<uint8_t>(size)};
  emit(Bytes(rest));
  emit(packet);
}

}  // namespace

template <typename Walk>
void Muxer::write_pes(const ElementaryStream& stream, MediaTime pts, MediaTime dts,
                      bool random_access, ByteSink& out, Walk&& walk) {
  size_t size = 0;
  walk([&size](Bytes piece) { size += piece.size(); });
  const PesHeader header(stream.stream_id, to_90khz(pts), to_90khz(dts), size);
  FirstPacket first{.random_access = random_access, .pcr = std::nullopt};
  if (pcr_is_due(stream, dts, random_access)) {
    first.pcr = to_90khz(dts - options_.pcr_lead);
    last_pcr_ = dts;
  }
  PesWriter writer(out, stream.pid, continuity(stream.pid), header.bytes().size() + size, first);
  writer.put(header.bytes());
  walk([&writer](Bytes piece) { writer.put(piece); });
  writer.finish();
}

Status Muxer::set_tracks(TrackRef video, TrackRef audio) {
  const auto stream_of = [](const TrackRef& track) {
    return track ? ElementaryStream::of(*track) : std::nullopt;
  };
  auto video_stream = stream_of(video);
  auto audio_stream = stream_of(audio);
  if ((video && !video_stream) || (audio && !audio_stream)) {
    return ErrorCode::kCodecUnsupported;
  }
  if (audio && audio->codec == CodecId::kAac) {
    auto config = aac::AudioSpecificConfig::parse(
        audio->configuration ? audio->configuration->bytes() : Bytes{});
    if (!config.ok()) {
      return config.error();
    }
    aac_ = *config;
  }
  if (video_stream != video_ || audio_stream != audio_) {
    counters_.pmt_version = (counters_.pmt_version + 1) & 0x1f;
    video_ = video_stream;
    audio_ = audio_stream;
  }
  video_codec_ = video ? video->codec : CodecId::kUnknown;
  audio_codec_ = audio ? audio->codec : CodecId::kUnknown;
  return {};
}

void Muxer::write_tables(ByteSink& out) {
  std::array<ElementaryStream, 2> streams;
  size_t count = 0;
  for (const auto& stream : {video_, audio_}) {
    if (stream) {
      streams[count++] = *stream;
    }
  }
  write_pat(out, counters_.pat);
  write_pmt(out, counters_.pmt, counters_.pmt_version, pcr_pid(), std::span(streams).first(count));
  last_pcr_.reset();
}

Status Muxer::write_frame(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out) {
  if (frame.payload().empty()) {
    return {};
  }
  const CodecId codec = frame.track->codec;
  if (video_ && codec == video_codec_) {
    write_video(frame, pts, dts, out);
    return {};
  }
  if (audio_ && codec == audio_codec_) {
    return write_audio(frame, pts, dts, out);
  }
  return ErrorCode::kCodecUnsupported;
}

void Muxer::flush(ByteSink& out) {
  if (joined_.bytes.empty()) {
    return;
  }
  write_pes(joined_.stream, joined_.start, joined_.start, true, out,
            [this](auto&& emit) { emit(Bytes(joined_.bytes)); });
  joined_.bytes.clear();
}

void Muxer::write_video(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out) {
  write_pes(*video_, pts, dts, frame.random_access, out, [&frame](auto&& emit) {
    switch (frame.track->codec) {
      case CodecId::kH264:
        emit_byte_stream<detail::H264Syntax>(frame, emit);
        break;
      case CodecId::kH265:
        emit_byte_stream<detail::H265Syntax>(frame, emit);
        break;
      default:
        emit_av1(frame.payload(), emit);
        break;
    }
  });
}

Status Muxer::write_audio(const Frame& frame, MediaTime pts, MediaTime dts, ByteSink& out) {
  const Bytes payload = frame.payload();
  std::array<uint8_t, aac::AdtsHeader::kSize> adts{};
  if (frame.track->codec == CodecId::kAac) {
    const auto header = aac::AdtsHeader::describe(aac_, payload.size());
    if (!header.ok()) {
      return header.error();
    }
    ByteWriter writer(adts);
    header->write_to(writer);
  }
  const auto walk = [&frame, &adts, payload](auto&& emit) {
    switch (frame.track->codec) {
      case CodecId::kAac:
        emit(Bytes(adts));
        emit(payload);
        break;
      case CodecId::kOpus:
        emit_opus(payload, emit);
        break;
      default:
        emit(payload);
        break;
    }
  };
  if (options_.audio_pes_span == MediaTime{0} || video_) {
    write_pes(*audio_, pts, dts, true, out, walk);
    return {};
  }
  size_t size = 0;
  walk([&size](Bytes piece) { size += piece.size(); });
  if (!joined_.bytes.empty() &&
      (pts < joined_.start || pts - joined_.start >= options_.audio_pes_span ||
       joined_.bytes.size() + size > kMaxJoinedAudioBytes)) {
    flush(out);
  }
  if (joined_.bytes.empty()) {
    joined_.stream = *audio_;
    joined_.start = pts;
  }
  walk([this](Bytes piece) {
    joined_.bytes.insert(joined_.bytes.end(), piece.begin(), piece.end());
  });
  return {};
}

bool Muxer::pcr_is_due(const ElementaryStream& stream, MediaTime dts, bool random_access) {
  if (stream.pid != pcr_pid()) {
    return false;
  }
  const bool key_picture = random_access && video_.has_value();
  return key_picture || !last_pcr_ || dts < *last_pcr_ || dts - *last_pcr_ >= kPcrInterval;
}

uint16_t Muxer::pcr_pid() const { return video_ ? video_->pid : audio_ ? audio_->pid : kNoPid; }

}  // namespace millrace::mpegts
