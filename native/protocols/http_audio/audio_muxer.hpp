#pragma once

#include <optional>

#include "codecs/aac/audio_specific_config.hpp"
#include "hub/muxer.hpp"
#include "protocols/http/stream_framing.hpp"

namespace millrace::http_audio {

/// The AAC track of a stream as ADTS frames, ISO/IEC 14496-3 §1.A.2.2: each says all that a decoder
/// must know, so a player may begin with any of them. Other codecs give nothing.
class AdtsMuxer final : public Muxer {
 public:
  explicit AdtsMuxer(http::Framing framing) : framing_(framing) {}

  void write_track(const Track& track, MediaTime at, ByteLog& log) override;
  void write_frame(const Frame& frame, ByteLog& log) override;
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override;

 private:
  const http::Framing framing_;
  std::optional<aac::AudioSpecificConfig> config_;  // of the track, when it is AAC
};

/// The MP3 track of a stream, behind an ID3v2 tag for each player. Other codecs give nothing.
class Mp3Muxer final : public Muxer {
 public:
  explicit Mp3Muxer(http::Framing framing) : framing_(framing) {}

  void write_track(const Track& track, MediaTime at, ByteLog& log) override;
  void write_frame(const Frame& frame, ByteLog& log) override;
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override;

 private:
  const http::Framing framing_;
};

}  // namespace millrace::http_audio
