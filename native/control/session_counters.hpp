#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "control/transport_figures.hpp"
#include "hub/publication.hpp"
#include "hub/rendition.hpp"

namespace millrace {

/// What one session has moved and suffered since it began. Each protocol fills what it knows and
/// leaves the rest at zero; API, metrics and log read it for all protocols alike.
struct SessionCounters {
  uint64_t bytes_in = 0;   // from the peer, with the protocol's own overhead
  uint64_t bytes_out = 0;  // to the peer
  uint64_t video_frames = 0;
  uint64_t audio_frames = 0;  // that a publisher sent
  uint64_t packets_lost = 0;  // that the network kept, as far as the protocol can tell
  uint64_t packets_resent = 0;
  uint64_t dropped = 0;                       // frames or packets that were thrown away here
  uint64_t skips = 0;                         // times that a player was too slow and went on later
  uint64_t queued_bytes = 0;                  // that wait for the peer to take them, at this moment
  TimeRepairs repairs;                        // of a publisher's times
  std::optional<TransportFigures> transport;  // of protocols that measure the network

  /// Adds what a publication has counted; when it ends, once more for good.
  void add(const Publication& publication) {
    const TimeRepairs& mended = publication.repairs();
    video_frames += publication.video_frames();
    audio_frames += publication.audio_frames();
    repairs.wraps += mended.wraps;
    repairs.jumps += mended.jumps;
    repairs.steps_back += mended.steps_back;
    repairs.reordered += mended.reordered;
    repairs.composition += mended.composition;
  }
  /// Adds what a reader has counted.
  void add(const Reader& reader) {
    skips += reader.skips();
    queued_bytes += reader.pending_bytes();
  }
};

/// One column of the table that the control plane reads.
struct SessionColumn {
  std::string_view name;
  uint64_t (*value)(const SessionCounters& counters);
};

/// The columns in the order of a record, after session and time. A new one is a line here and its
/// name in `src/native/session-counters.ts`.
inline constexpr std::array kSessionColumns{
    SessionColumn{"bytes_in", [](const SessionCounters& c) { return c.bytes_in; }},
    SessionColumn{"bytes_out", [](const SessionCounters& c) { return c.bytes_out; }},
    SessionColumn{"video_frames", [](const SessionCounters& c) { return c.video_frames; }},
    SessionColumn{"audio_frames", [](const SessionCounters& c) { return c.audio_frames; }},
    SessionColumn{"packets_lost", [](const SessionCounters& c) { return c.packets_lost; }},
    SessionColumn{"packets_resent", [](const SessionCounters& c) { return c.packets_resent; }},
    SessionColumn{"dropped", [](const SessionCounters& c) { return c.dropped; }},
    SessionColumn{"skips", [](const SessionCounters& c) { return c.skips; }},
    SessionColumn{"queued_bytes", [](const SessionCounters& c) { return c.queued_bytes; }},
    SessionColumn{"wraps", [](const SessionCounters& c) { return c.repairs.wraps; }},
    SessionColumn{"jumps", [](const SessionCounters& c) { return c.repairs.jumps; }},
    SessionColumn{"steps_back", [](const SessionCounters& c) { return c.repairs.steps_back; }},
    SessionColumn{"reordered", [](const SessionCounters& c) { return c.repairs.reordered; }},
    SessionColumn{"composition", [](const SessionCounters& c) { return c.repairs.composition; }},
};

/// One column of the table of those sessions whose protocol measures the network.
struct TransportColumn {
  std::string_view name;
  double (*value)(const SessionCounters& counters, const TransportFigures& transport);
};

/// What is not known is NaN in a record.
inline double number_or_nan(const std::optional<double>& figure) {
  return figure.value_or(std::numeric_limits<double>::quiet_NaN());
}

/// The columns in the order of a record, after the session. A new one is a line here and its name
/// in `src/native/transport-figures.ts`.
inline constexpr std::array kTransportColumns{
    TransportColumn{"rtt_ms", [](const SessionCounters& /*c*/,
                                 const TransportFigures& t) { return number_or_nan(t.rtt_ms); }},
    TransportColumn{"jitter_ms",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.jitter_ms);
                    }},
    TransportColumn{"packets_in",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return static_cast<double>(t.packets_in);
                    }},
    TransportColumn{"packets_out",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return static_cast<double>(t.packets_out);
                    }},
    TransportColumn{"packets_lost",
                    [](const SessionCounters& c, const TransportFigures& /*t*/) {
                      return static_cast<double>(c.packets_lost);
                    }},
    TransportColumn{"packets_resent",
                    [](const SessionCounters& c, const TransportFigures& /*t*/) {
                      return static_cast<double>(c.packets_resent);
                    }},
    TransportColumn{"packets_dropped",
                    [](const SessionCounters& c, const TransportFigures& /*t*/) {
                      return static_cast<double>(c.dropped);
                    }},
    TransportColumn{"bandwidth_bps",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.bandwidth_bps);
                    }},
    TransportColumn{"latency_ms",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.latency_ms);
                    }},
    TransportColumn{"buffer_ms",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.buffer_ms);
                    }},
    TransportColumn{"buffer_bytes",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.buffer_bytes);
                    }},
    TransportColumn{"packets_recovered",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.packets_recovered);
                    }},
    TransportColumn{"nacks", [](const SessionCounters& /*c*/,
                                const TransportFigures& t) { return number_or_nan(t.nacks); }},
    TransportColumn{"key_frame_requests",
                    [](const SessionCounters& /*c*/, const TransportFigures& t) {
                      return number_or_nan(t.key_frame_requests);
                    }},
};

}  // namespace millrace
