#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "control/session.hpp"
#include "formats/flv/demuxer.hpp"
#include "formats/flv/tag_parser.hpp"
#include "hub/publication.hpp"
#include "protocols/publish_options.hpp"

namespace millrace {

/// A publisher's FLV tags on their way to the hub: bodies become frames of a publication. RTMP's
/// messages are such bodies too.
class FlvIngest {
 public:
  /// `options.publication.clock_wrap` of a publication of FLV: its times have 32 bits.
  static constexpr MediaTime kClockWrap = from_ms(int64_t{1} << 32);

  /// @param identity  what players are told of the server; it must live as long.
  FlvIngest(Loop& loop, const PublishOptions& options, const Limits& limits,
            const Identity& identity, std::unique_ptr<Publication> publication);

  /// @param body  of a tag; a script tag's in AMF0.
  /// @return an error that costs the tag only, whatever its scope: the publisher goes on.
  Status on_tag(flv::TagType type, uint32_t timestamp_ms, Bytes body);

  /// True once after a track was announced or changed.
  [[nodiscard]] bool take_tracks_changed() { return std::exchange(tracks_changed_, false); }
  [[nodiscard]] Publication& publication() { return *publication_; }
  [[nodiscard]] const Publication& publication() const { return *publication_; }
  /// When the publisher, silent since its last tag, is to be given up.
  [[nodiscard]] Time deadline() const;

 private:
  Status push(Result<flv::Demuxed> demuxed, TrackKind kind, uint32_t timestamp_ms);
  Status on_script(Bytes body, uint32_t timestamp_ms);

  Loop& loop_;
  const Identity& identity_;
  const Duration first_packet_timeout_;
  const Duration normal_timeout_;
  const bool reduce_sequence_header_;
  std::unique_ptr<Publication> publication_;
  flv::Demuxer demuxer_;
  FrameRef metadata_;  // the last that was sent on
  bool tracks_changed_ = false;
  bool any_tag_ = false;
  Time last_tag_;
};

}  // namespace millrace
