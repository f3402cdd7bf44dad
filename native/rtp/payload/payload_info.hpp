#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "media/codec_id.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace::rtp {

/// Rate of the RTP clock of a codec in Hz: 90000 for video, 48000 for Opus (RFC 7587 §4.1), 8000
/// for G.711. AAC uses its sampling rate, so the track's rate is asked for.
[[nodiscard]] constexpr uint32_t rtp_clock_rate(CodecId codec, uint32_t sample_rate = 0) {
  switch (codec) {
    case CodecId::kOpus:
      return 48000;
    case CodecId::kG711A:
    case CodecId::kG711U:
      return 8000;
    default:
      return kind_of(codec) == TrackKind::kVideo || sample_rate == 0 ? 90000 : sample_rate;
  }
}

/// What the payload of one packet tells about its place in the stream: for packets that are
/// forwarded as they come. Payloads that are cut or lie tell nothing; audio starts a random access
/// point with every packet.
[[nodiscard]] PayloadInfo inspect_payload(CodecId codec, Bytes payload);

}  // namespace millrace::rtp
