#pragma once

#include <memory>

#include "control/session.hpp"
#include "formats/flv/demuxer.hpp"
#include "hub/publication.hpp"
#include "protocols/rtmp/session_events.hpp"

namespace millrace::rtmp {

struct IngestOptions {
  std::string stream;  // key
  PublicationOptions publication;
  Duration first_packet_timeout = seconds(20);
  Duration normal_timeout = seconds(5);
  size_t max_metadata_bytes = size_t{64} << 10;
  bool reduce_sequence_header = false;  // what the publisher says again unchanged is dropped
  std::string server;                   // for the metadata that players get
  std::string version;

  static IngestOptions from(const Fields& fields, const Limits& limits, const Identity& identity);
};

/// A publisher's messages on their way to the hub: bodies of FLV tags become frames of a
/// publication.
class Ingest {
 public:
  Ingest(const IngestOptions& options, std::unique_ptr<Publication> publication, Loop& loop);

  /// @return an error of scope packet when the message gave nothing; the publisher goes on.
  Status on_media(const MediaMessage& message);

  /// True once after a track was announced or changed.
  [[nodiscard]] bool take_tracks_changed() { return std::exchange(tracks_changed_, false); }
  [[nodiscard]] Publication& publication() { return *publication_; }
  [[nodiscard]] const Publication& publication() const { return *publication_; }
  /// When the publisher, silent since its last message, is to be given up.
  [[nodiscard]] Time deadline() const;

 private:
  Status push(Result<flv::Demuxed> demuxed, TrackKind kind, uint32_t timestamp_ms);
  Status on_metadata(Bytes body, uint32_t timestamp_ms);

  const IngestOptions options_;
  std::unique_ptr<Publication> publication_;
  Loop& loop_;
  flv::Demuxer demuxer_;
  FrameRef metadata_;  // the last that was sent on
  bool tracks_changed_ = false;
  bool any_message_ = false;
  Time last_message_;
};

/// Fields of the `stream_tracks` event: what the publisher sends.
Fields describe_tracks(const Stream& stream);

}  // namespace millrace::rtmp
