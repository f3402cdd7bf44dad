#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace millrace::srt {

enum class Mode : uint8_t { kPublish, kRequest };

/// What fills in for a stream id that leaves things out.
struct StreamIdDefaults {
  std::string app = "live";                                   // of a resource of one level
  std::string stream_id = "#!::r=live/livestream,m=request";  // of a caller that sends none
  Mode mode = Mode::kRequest;                                 // of the short form
};

/// SRTO_STREAMID, as SRS reads it on top of the "SRT Access Control" guidelines (SRT repository,
/// docs/features/access-control.md):
///
///   #!::r=app/stream,m=publish,h=vhost,key=value   standard form, any order; `?` counts as `,`
///   #!::h=vhost/app/stream or #!::h=app/stream     older form, without r
///   app/stream?key=value, stream                   short form
struct StreamId {
  Mode mode = Mode::kRequest;
  std::string vhost;    // empty: not told
  std::string app;      // may hold slashes
  std::string stream;   // the last level
  std::string user;     // u
  std::string session;  // s
  std::string type;     // t
  /// `key=value&key=value` of all keys that name neither resource nor mode, in order; with h, of
  /// the vhost too. Without a leading `?`, as callbacks get it.
  std::string param;

  /// Longest id: what the SRT handshake carries.
  static constexpr size_t kMaxBytes = 512;

  /// @return kSrtStreamIdInvalid when it is too long, has control characters, no resource, or is a
  ///         standard form that is none; kSrtModeInvalid for another mode than publish and request;
  ///         kUnsupported for another type than `stream`. Names are checked later, as for all
  ///         protocols.
  [[nodiscard]] static Result<StreamId> parse(std::string_view text,
                                              const StreamIdDefaults& defaults);

  /// The id that asks for this in standard form, for callers.
  [[nodiscard]] std::string to_string() const;

  /// Of app and stream: sessions of one stream have the same, whatever form named it.
  [[nodiscard]] size_t hash() const;
};

}  // namespace millrace::srt
