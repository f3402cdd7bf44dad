#include "protocols/rtmp/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>
#include <utility>

namespace millrace::rtmp {

namespace {

constexpr std::string_view kDefaultVhost = "__defaultVhost__";
constexpr std::string_view kDefaultApp = "__defaultApp__";
constexpr std::string_view kDefaultInstance = "/_definst_";

struct Split {
  std::string_view before;
  std::string_view after;  // empty when there is nothing to split at
};

Split split_at(std::string_view text, size_t at) {
  if (at == std::string_view::npos) {
    return {text, {}};
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string_view trimmed(std::string_view text, std::string_view unwanted) {
  const size_t from = text.find_first_not_of(unwanted);
  if (from == std::string_view::npos) {
    return {};
  }
  return text.substr(from, text.find_last_not_of(unwanted) - from + 1);
}

/// Also where the slashes are: names are given to us with any of these around them.
std::string_view trimmed_name(std::string_view name) { return trimmed(name, "/ \r\n\t"); }

/// In one pass: erasing in place would cost the square of a hostile length.
std::string without_default_instance(std::string_view path) {
  std::string out;
  for (;;) {
    const size_t at = path.find(kDefaultInstance);
    out.append(path.substr(0, at));
    if (at == std::string_view::npos) {
      return out;
    }
    path.remove_prefix(at + kDefaultInstance.size());
  }
}

/// The value of the first pair with this name. Pairs end at `&`, `;` or `,`.
std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const Split pair = split_at(query, query.find_first_of("&;,"));
    const Split parts = split_at(pair.before, pair.before.find('='));
    if (parts.before == name && !parts.after.empty()) {
      return parts.after;
    }
    query = pair.after;
  }
  return {};
}

bool has_one_pair(std::string_view query) {
  return trimmed(query, "&;,").find_first_of("&;,") == std::string_view::npos;
}

uint16_t default_port(std::string_view schema) {
  if (schema == "http") {
    return 80;
  }
  if (schema == "https" || schema == "rtmps") {
    return 443;
  }
  if (schema == "srt") {
    return 10080;
  }
  return schema == "webrtc" ? 1985 : 1935;
}

/// host, host:port, [address], [address]:port
Status parse_authority(std::string_view text, StreamUrl& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const Split parts = split_at(text.substr(1), text.substr(1).find(']'));
    url.host = parts.before;
    if (!parts.after.empty() && !parts.after.starts_with(':')) {
      return ErrorCode::kRtmpTcUrlInvalid;
    }
    port = parts.after.empty() ? parts.after : parts.after.substr(1);
  } else {
    const Split parts = split_at(text, text.rfind(':'));
    url.host = parts.before;
    port = parts.after;
  }
  url.port = default_port(url.schema);
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return ErrorCode::kRtmpTcUrlInvalid;
    }
  }
  if (url.host.empty()) {
    return ErrorCode::kRtmpTcUrlInvalid;
  }
  return {};
}

/// Old form, for clients that cannot send a query: the vhost behind "...vhost..." in the app.
std::string take_vhost_of_app(std::string& app) {
  for (const std::string_view mark : {"...vhost...", "...domain..."}) {
    const size_t at = app.find(mark);
    if (at != std::string::npos) {
      std::string vhost = app.substr(at + mark.size());
      vhost.erase(std::min(vhost.find("..."), vhost.size()));
      app.erase(at);
      return vhost;
    }
  }
  return {};
}

struct Parts {
  StreamUrl url;
  std::string path;   // of the tcUrl
  std::string query;  // of the tcUrl
};

Result<Parts> parse_tc_url(std::string_view tc_url) {
  Parts parts;
  tc_url = trimmed(tc_url, " \r\n\t");
  if (tc_url.empty()) {
    return ErrorCode::kRtmpTcUrlMissing;
  }
  const size_t colon = tc_url.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return ErrorCode::kRtmpTcUrlInvalid;
  }
  parts.url.schema = tc_url.substr(0, colon);
  std::transform(parts.url.schema.begin(), parts.url.schema.end(), parts.url.schema.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string_view rest = tc_url.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  if (const Status parsed = parse_authority(rest.substr(0, end), parts.url); !parsed.ok()) {
    return parsed.error();
  }
  const std::string_view target = rest.substr(end);
  const Split halves = split_at(target, target.find_first_of("?#"));
  parts.path = halves.before;
  parts.query = halves.after;
  return parts;
}

/// vhost, param and the last trims, when path and queries are taken apart.
StreamUrl finish(StreamUrl url, std::string_view stream_query, std::string_view tc_query) {
  std::string query(stream_query);
  if (!query.empty() && !tc_query.empty()) {
    query += '&';
  }
  query += tc_query;

  std::string_view named = query_value(query, "vhost");
  if (named.empty()) {
    named = query_value(query, "domain");
  }
  const std::string of_app = take_vhost_of_app(url.app);
  const bool names_default = named == kDefaultVhost;
  if (!named.empty() && !names_default) {
    url.vhost = trimmed_name(named);
  } else {
    url.vhost = trimmed_name(of_app.empty() ? std::string_view(url.host) : of_app);
  }
  if (!query.empty() && !(names_default && has_one_pair(query))) {
    url.param = '?' + query;
  }
  url.app = std::string(trimmed_name(url.app));
  if (url.app.empty()) {
    url.app = kDefaultApp;
  }
  return url;
}

}  // namespace

Result<StreamUrl> resolve_stream_url(std::string_view tc_url, std::string_view stream) {
  Result<Parts> parsed = parse_tc_url(tc_url);
  if (!parsed.ok()) {
    return parsed.error();
  }
  Parts& parts = parsed.value();
  const Split named = split_at(stream, stream.find('?'));
  const std::string_view name = trimmed_name(named.before);
  const std::string_view stream_query = trimmed(named.after, " \r\n\t");

  std::string path = parts.path;
  if (!name.empty()) {
    path.append("/").append(name);
  } else if (const size_t slash = parts.query.rfind('/'); slash != std::string::npos) {
    path.append(parts.query, slash);  // app?k=v/stream
    parts.query.erase(slash);
  }
  path = without_default_instance(path);
  const std::string_view whole = trimmed_name(path);
  const size_t slash = whole.rfind('/');
  if (slash == std::string_view::npos && name.empty()) {
    return ErrorCode::kStreamNameEmpty;  // rtmp://host/app
  }
  const bool has_app = slash != std::string_view::npos;
  parts.url.app = has_app ? whole.substr(0, slash) : std::string_view();
  parts.url.stream = trimmed_name(has_app ? whole.substr(slash + 1) : whole);
  if (parts.url.stream.empty()) {
    return ErrorCode::kStreamNameEmpty;
  }
  return finish(std::move(parts.url), stream_query, parts.query);
}

Result<StreamUrl> resolve_tc_url(std::string_view tc_url) {
  Result<Parts> parsed = parse_tc_url(tc_url);
  if (!parsed.ok()) {
    return parsed.error();
  }
  Parts& parts = parsed.value();
  parts.url.app = without_default_instance(parts.path);
  if (const size_t slash = parts.query.rfind('/'); slash != std::string::npos) {
    parts.query.erase(slash);
  }
  return finish(std::move(parts.url), {}, parts.query);
}

}  // namespace millrace::rtmp
