#include "protocols/http_audio/audio_muxer.hpp"

#include "codecs/aac/adts.hpp"

namespace millrace::http_audio {

namespace {

// ID3v2.3 §3.1 and §3.3: a tag must hold a frame; TSSE (§4.2.1) names what made the stream. Players
// that look for a tag first, as SRS's users' do, find one.
constexpr std::array<uint8_t, 29> kId3Tag{
    'I', 'D', '3', 3,   0,   0,   0,   0,  0, 19,  // header; 19 bytes follow
    'T', 'S', 'S', 'E', 0,   0,   0,   9,  0, 0,   // frame header; 9 bytes follow
    0,                                             // ISO 8859-1
    'M', 'i', 'l', 'l', 'r', 'a', 'c', 'e'};

}  // namespace

void AdtsMuxer::write_track(const Track& track, MediaTime /*at*/, ByteLog& /*log*/) {
  if (track.kind != TrackKind::kAudio) {
    return;
  }
  config_.reset();
  if (track.codec == CodecId::kAac && track.configuration) {
    if (const auto config = aac::AudioSpecificConfig::parse(track.configuration->bytes());
        config.ok()) {
      config_ = *config;
    }
  }
}

void AdtsMuxer::write_frame(const Frame& frame, ByteLog& log) {
  if (!config_ || frame.track->codec != CodecId::kAac || frame.payload().empty()) {
    return;
  }
  const auto header = aac::AdtsHeader::describe(*config_, frame.payload().size());
  if (!header.ok()) {
    return;  // a configuration or a size that ADTS cannot tell
  }
  std::array<uint8_t, aac::AdtsHeader::kSize> room;
  ByteWriter writer(room);
  header->write_to(writer);
  http::wrap(framing_, {writer.written(), frame.payload()}, http::to_log(log));
}

void AdtsMuxer::write_prime(const JoinPoint& /*point*/, ReaderClock& clock,
                            std::vector<uint8_t>& /*out*/) {
  clock.started = true;
}

void Mp3Muxer::write_track(const Track& /*track*/, MediaTime /*at*/, ByteLog& /*log*/) {}

void Mp3Muxer::write_frame(const Frame& frame, ByteLog& log) {
  if (frame.track->codec == CodecId::kMp3) {
    http::wrap(framing_, {frame.payload()}, http::to_log(log));
  }
}

void Mp3Muxer::write_prime(const JoinPoint& /*point*/, ReaderClock& clock,
                           std::vector<uint8_t>& out) {
  if (!clock.started) {
    clock.started = true;
    http::wrap(framing_, {Bytes(kId3Tag)}, http::to_vector(out));
  }
}

}  // namespace millrace::http_audio
