#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hub/packet_source.hpp"
#include "protocols/webrtc/description.hpp"
#include "rtp/jitter/receive_stream.hpp"
#include "rtp/jitter/session_clock.hpp"
#include "rtp/payload/depacketizer.hpp"
#include "rtp/send/key_frame_requests.hpp"

namespace millrace::webrtc {

/// One SSRC of a publisher that carries media: what is received of it, and what it is asked for.
struct ReceivedSource {
  ReceivedSource(uint32_t of_ssrc, const MediaDescription& of_media,
                 const NegotiatedCodec& of_codec, std::string_view of_rid, uint32_t number,
                 BlockPool& pool);

  [[nodiscard]] bool is_video() const { return media.kind == TrackKind::kVideo; }
  /// What follows is not the continuation of what was: the encoder has begun anew.
  void restart(uint32_t number);

  const uint32_t ssrc;
  const MediaDescription& media;
  const NegotiatedCodec& codec;
  const std::string rid;   // of a simulcast layer
  PacketSourceRef source;  // another after each restart of its numbers
  size_t clock_track = 0;
  bool superseded = false;  // its encoder has begun anew under another SSRC
  Time last_packet{};
  rtp::ReceiveStream stream;
  rtp::KeyFrameRequests key_frames;
  uint8_t full_intra_requests = 0;
  uint64_t bytes = 0;     // of the second at hand
  uint64_t rate_bps = 0;  // of the last
  uint64_t told_bps = 0;  // to the control plane; 0: that it is paused
  // Of the one source of its kind whose frames are published.
  std::unique_ptr<rtp::Depacketizer> depacketizer;  // null: not a codec for frames
  rtp::DecodingTimes decoding_times;
};

/// One SSRC that repeats packets of a source, RFC 4588.
struct RepairSource {
  uint32_t ssrc = 0;
  const MediaDescription* media = nullptr;
  std::string rid;  // of the repaired layer
};

}  // namespace millrace::webrtc
