#include "protocols/http_server/http_config.hpp"

namespace millrace::http_server {

namespace {

constexpr std::string_view kDefaultVhost = "__defaultVhost__";

/// `[vhost]/`, as a prefix of paths and the host it holds for.
http::StaticMount static_mount(const Fields& fields, const std::string& vhost) {
  std::string prefix = fields.text("mount", "[vhost]/");
  if (prefix.starts_with("[vhost]")) {
    prefix.erase(0, std::string_view("[vhost]").size());
  }
  if (prefix.empty() || prefix.front() != '/') {
    prefix.insert(prefix.begin(), '/');
  }
  if (prefix.back() != '/') {
    prefix.push_back('/');
  }
  std::string folder = fields.text("dir");
  if (const size_t at = folder.find("[vhost]"); at != std::string::npos) {
    folder.replace(at, std::string_view("[vhost]").size(), vhost);
  }
  return {vhost == kDefaultVhost ? std::string() : vhost, std::move(prefix), std::move(folder)};
}

}  // namespace

HttpConfig HttpConfig::from(const Fields& fields) {
  HttpConfig config;
  config.settings.server = fields.text("server_header", config.settings.server);
  config.settings.cors = fields.boolean("crossdomain", true) ? http::Cors::kYes : http::Cors::kNo;
  for (const Value& entry : fields.list("vhosts")) {
    const auto* vhost_fields = entry.as<Fields>();
    if (vhost_fields == nullptr) {
      continue;
    }
    Vhost vhost;
    vhost.name = vhost_fields->text("name");
    const Value* hls = vhost_fields->find("hls");
    vhost.hls = hls != nullptr && hls->as<Fields>() != nullptr;
    for (const Value& mount : vhost_fields->list("live_mounts")) {
      const auto* mount_fields = mount.as<Fields>();
      const LiveForm* form =
          mount_fields != nullptr ? find_live_form(mount_fields->text("format")) : nullptr;
      if (form != nullptr) {
        vhost.live_mounts.push_back({form, MountTemplate(mount_fields->text("mount"), vhost.name)});
      }
    }
    for (const Value& mount : vhost_fields->list("static_mounts")) {
      if (const auto* mount_fields = mount.as<Fields>()) {
        config.settings.mounts.push_back(static_mount(*mount_fields, vhost.name));
      }
    }
    config.vhosts.push_back(std::move(vhost));
  }
  return config;
}

const Vhost* HttpConfig::vhost(std::string_view name) const {
  const Vhost* fallback = nullptr;
  for (const Vhost& vhost : vhosts) {
    if (vhost.name == name) {
      return &vhost;
    }
    if (vhost.name == kDefaultVhost) {
      fallback = &vhost;
    }
  }
  return fallback;
}

void LoopHttp::refresh(HttpConfigHolder& holder, const Limits& limits) {
  if (holder.version() == config_->version) {
    return;
  }
  config_ = holder.get();
  http::HttpSettings settings = config_->settings;
  settings.limits.head_bytes = limits.max_request_head_bytes;
  settings.deadlines.head = limits.request_head_timeout;
  settings.deadlines.idle = limits.idle_timeout;
  settings.deadlines.no_progress = limits.slow_reader_timeout;
  service_.configure(std::move(settings));
}

}  // namespace millrace::http_server
