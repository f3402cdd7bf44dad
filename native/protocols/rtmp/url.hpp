#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace millrace::rtmp {

/// What a tcUrl and the name given to publish or play say together. Nothing is checked yet but that
/// there is a name; the control plane checks the parts.
struct StreamUrl {
  std::string schema;  // as in the tcUrl, in lower case: rtmp, rtmps, http ...
  std::string host;    // name or address, an IPv6 address without its brackets
  uint16_t port = 0;
  /// Which vhost is meant, for the configuration to look up: `vhost` or `domain` of a query, what
  /// the app says, else the host.
  std::string vhost;
  std::string app;     // may hold slashes
  std::string stream;  // without query
  /// The query with its `?`, that of the stream before that of the tcUrl; empty when there is none,
  /// or when all it says is the default vhost.
  std::string param;
};

/// The name of a stream in the forms that SRS takes:
///
///   rtmp://host[:port]/app[/app...]               stream[?k=v]
///   rtmp://host/app?k=v    or app#k=v              stream
///   rtmp://host/app?k=v/stream                     (no name)
///   rtmp://host/app/stream                         (no name)
///   rtmp://host/app...vhost...name                 stream
///   any of these with /_definst_ in it
///
/// @param tc_url  of the connect command.
/// @param stream  of the publish or play command; may be empty, and may hold slashes, all but the
///                last part of which belong to the app.
/// @return kRtmpTcUrlMissing, kRtmpTcUrlInvalid, kStreamNameEmpty.
[[nodiscard]] Result<StreamUrl> resolve_stream_url(std::string_view tc_url,
                                                   std::string_view stream);

/// The same without a stream, as is needed to look up the vhost at connect: an empty name is no
/// error, and the last part of the path stays in the app.
[[nodiscard]] Result<StreamUrl> resolve_tc_url(std::string_view tc_url);

}  // namespace millrace::rtmp
