#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "control/session.hpp"
#include "formats/mpegts/demuxer.hpp"
#include "hub/publication.hpp"

namespace millrace {

/// A publisher's transport stream on its way to the hub: SRT, MPEG-TS over UDP.
class TsIngest {
 public:
  /// `clock_wrap` of a publication of MPEG-TS: its times have 33 bits at 90 kHz.
  static constexpr MediaTime kClockWrap =
      from_ticks(int64_t{mpegts::kTimeMask} + 1, mpegts::kTimescale);
  /// So much without a single packet is no transport stream.
  static constexpr uint64_t kMaxBytesWithoutSync = uint64_t{1} << 20;

  /// @param area  names the protocol in reports of faults.
  TsIngest(LoopContext& context, std::string_view area, SessionId session,
           std::unique_ptr<Publication> publication)
      : context_(context),
        area_(area),
        session_(session),
        publication_(std::move(publication)),
        demuxer_(context.loop.pool()) {}

  /// Bytes cut anywhere. What cannot be read is counted and passed over.
  /// @return kTsNoSync when this is no transport stream: the publisher is to go.
  Status feed(Bytes bytes);
  /// The publisher has ended: what was waiting for its end goes on.
  void finish();

  /// True once after a track was announced or changed.
  [[nodiscard]] bool take_tracks_changed() { return std::exchange(tracks_changed_, false); }
  [[nodiscard]] Publication& publication() { return *publication_; }
  [[nodiscard]] const Publication& publication() const { return *publication_; }

 private:
  void drain();

  LoopContext& context_;
  const std::string_view area_;
  const SessionId session_;
  std::unique_ptr<Publication> publication_;
  mpegts::Demuxer demuxer_;
  bool tracks_changed_ = false;
};

}  // namespace millrace
