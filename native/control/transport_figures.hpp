#pragma once

#include <cstdint>
#include <optional>

namespace millrace {

/// How the network does between one peer and us, where the session's protocol measures it (SRT,
/// WebRTC). A session fills `SessionCounters::transport` in count(), from figures that it takes at
/// most once a second; loss, retransmits and drops are counters of `SessionCounters` itself. What a
/// protocol does not know stays empty.
struct TransportFigures {
  std::optional<double> rtt_ms;         // smoothed round trip
  std::optional<double> jitter_ms;      // between arrivals, RFC 3550 §6.4.1
  uint64_t packets_in = 0;              // media packets from the peer, once each
  uint64_t packets_out = 0;             // media packets to the peer, once each
  std::optional<double> bandwidth_bps;  // that the path is estimated to carry
  std::optional<double> latency_ms;     // for which media is held back so that losses can be mended
  std::optional<double> buffer_ms;      // of media that is held at our end, at this moment
  std::optional<double> buffer_bytes;   // its size
  std::optional<double> packets_recovered;   // from the redundancy of others
  std::optional<double> nacks;               // packets that the receiving end has asked for again
  std::optional<double> key_frame_requests;  // of the receiving end: PLI, FIR
};

}  // namespace millrace
