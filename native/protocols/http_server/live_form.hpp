#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "control/value.hpp"
#include "hub/rendition.hpp"
#include "protocols/http/stream_framing.hpp"
#include "protocols/play_options.hpp"

namespace millrace::http_server {

/// One form in which live streams are served over HTTP and WebSocket, as the extension of their
/// path names it.
struct LiveForm {
  std::string_view format;    // the extension: "flv", "ts", "aac", "mp3"
  std::string_view protocol;  // in events: "http_flv"
  std::string_view content_type;
  bool (*carries)(const Track& track);
  bool audio_only = false;
};

/// @return null for an extension that names no form.
[[nodiscard]] const LiveForm* find_live_form(std::string_view format);

/// What a viewer reads from: Stream::rendition() finds or makes it.
struct LiveRendition {
  std::string name;  // all that shapes its bytes and its merging
  RenditionOptions options;
  std::function<std::unique_ptr<Muxer>()> make_muxer;
};

/// @param fields  options of the accepted play request: those of `http_remux`.
[[nodiscard]] LiveRendition live_rendition(const LiveForm& form, http::Framing framing,
                                           const PlayOptions& play, const Fields& fields);

}  // namespace millrace::http_server
