#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "control/session.hpp"
#include "control/value.hpp"
#include "protocols/http/http_service.hpp"
#include "protocols/http_server/live_form.hpp"
#include "protocols/http_server/mount.hpp"

namespace millrace::http_server {

/// What is served over HTTP for one vhost, beside files.
struct Vhost {
  std::string name;
  struct LiveMount {
    const LiveForm* form;
    MountTemplate path;
  };
  std::vector<LiveMount> live_mounts;
  bool hls = false;  // playlists and segments from memory
};

/// What the HTTP listeners of an engine serve. Immutable; a reload puts another in its place.
struct HttpConfig {
  uint64_t version = 0;
  http::HttpSettings settings;
  std::vector<Vhost> vhosts;

  static HttpConfig from(const Fields& fields);
  /// The vhost of a request: the one of this name, else the default one; null when there is
  /// neither.
  [[nodiscard]] const Vhost* vhost(std::string_view name) const;
};

/// The present configuration of one engine; sessions of all loops look whether it has changed.
class HttpConfigHolder {
 public:
  void replace(HttpConfig config) {
    const std::lock_guard lock(mutex_);
    config.version = version_.load(std::memory_order_relaxed) + 1;
    config_ = std::make_shared<const HttpConfig>(std::move(config));
    version_.store(config_->version, std::memory_order_release);
  }
  [[nodiscard]] std::shared_ptr<const HttpConfig> get() {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  [[nodiscard]] uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  std::mutex mutex_;
  std::shared_ptr<const HttpConfig> config_ = std::make_shared<const HttpConfig>();
  std::atomic<uint64_t> version_{0};
};

/// One loop's HTTP: the shared configuration and the service made of it.
class LoopHttp {
 public:
  /// Takes over a changed configuration, before a request is looked at.
  void refresh(HttpConfigHolder& holder, const Limits& limits);
  [[nodiscard]] http::HttpService& service() { return service_; }
  [[nodiscard]] const HttpConfig& config() const { return *config_; }
  /// Room to put frames together in; empty again after each use.
  [[nodiscard]] std::vector<uint8_t>& scratch() { return scratch_; }

 private:
  std::shared_ptr<const HttpConfig> config_ = std::make_shared<const HttpConfig>();
  http::HttpService service_{http::HttpSettings{}};
  std::vector<uint8_t> scratch_;
};

}  // namespace millrace::http_server
