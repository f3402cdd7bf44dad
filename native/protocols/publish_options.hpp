#pragma once

#include <memory>
#include <string>

#include "control/session.hpp"
#include "hub/publication.hpp"

namespace millrace {

/// How a publisher is to be taken: the options of an accepted publish request, as every protocol
/// takes them.
struct PublishOptions {
  std::string stream;                           // key
  PublicationOptions publication;               // `clock_wrap` is for the protocol to set
  Duration first_packet_timeout = seconds(20);  // for its first media
  Duration normal_timeout = seconds(5);         // between two pieces of media
  bool reduce_sequence_header = false;  // what the publisher says again unchanged is dropped
  bool tcp_nodelay = false;
  Fields outputs;  // name of a module to the settings of what it makes of the stream

  static PublishOptions from(const Fields& fields, const Limits& limits);
};

/// Begins the publication, with the outputs that the options name.
/// @return kStreamBusy.
[[nodiscard]] Result<std::unique_ptr<Publication>> begin_publication(LoopContext& context,
                                                                     const PublishOptions& options);

/// The `stream_tracks` event: what the publisher sends.
[[nodiscard]] Fields tracks_event(const Stream& stream);
/// The same of tracks that the hub is not told of; either may be null.
[[nodiscard]] Fields tracks_event(const std::string& stream, const TrackRef& video,
                                  const TrackRef& audio);

}  // namespace millrace
