#include "protocols/http/mime.hpp"

#include <array>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

struct Type {
  std::string_view extension;
  std::string_view mime;
};

constexpr std::string_view kHlsPlaylist = "application/vnd.apple.mpegurl";
constexpr std::string_view kDashManifest = "application/dash+xml";

// What is asked for most comes first.
constexpr std::array<Type, 38> kTypes{{
    {"m3u8", kHlsPlaylist},
    {"ts", "video/MP2T"},
    {"m4s", "video/iso.segment"},
    {"mp4", "video/mp4"},
    {"flv", "video/x-flv"},
    {"mpd", kDashManifest},
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"svg", "image/svg+xml"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"m4v", "video/x-m4v"},
    {"3gp", "video/3gpp"},
    {"webm", "video/webm"},
    {"mkv", "video/x-matroska"},
    {"aac", "audio/x-aac"},
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/x-m4a"},
    {"ogg", "audio/ogg"},
    {"oga", "audio/ogg"},
    {"wav", "audio/wav"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"swf", "application/x-shockwave-flash"},
    {"wasm", "application/wasm"},
    {"xml", "text/xml; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
}};

}  // namespace

std::string_view extension(std::string_view path) {
  const size_t stop = path.find_last_of("./");
  return stop == std::string_view::npos || path[stop] == '/' ? std::string_view{}
                                                             : path.substr(stop + 1);
}

std::string_view mime_type(std::string_view path) {
  const std::string_view name = extension(path);
  for (const Type& type : kTypes) {
    if (equals_ignoring_case(type.extension, name)) {
      return type.mime;
    }
  }
  return "application/octet-stream";
}

bool is_playlist(std::string_view mime) { return mime == kHlsPlaylist || mime == kDashManifest; }

}  // namespace millrace::http
