#include "protocols/hls/service.hpp"

#include <algorithm>

#include "io/machine.hpp"

namespace millrace::hls {

namespace {

// Segments in memory: as much as this, but never more than a quarter of what the process may use.
constexpr size_t kMaxStoredBytes = size_t{4} << 30;
constexpr size_t kMemoryShare = 4;
constexpr size_t kMaxSessions = 100'000;
// Sessions whose end nobody asks for any more.
constexpr size_t kMaxEnded = 100'000;
// What is queued for the disk at the end of the server gets so long.
constexpr Duration kLastWrites = milliseconds(500);

size_t max_stored_bytes() {
  const size_t memory = usable_memory_bytes();
  return memory == 0 ? kMaxStoredBytes : std::min(kMaxStoredBytes, memory / kMemoryShare);
}

microseconds duration(const Fields& fields, std::string_view name, microseconds otherwise) {
  return duration_cast<microseconds>(fields.duration_ms(name, otherwise));
}

OnError on_error_from(const std::string& text) {
  return text == "ignore"       ? OnError::kIgnore
         : text == "disconnect" ? OnError::kDisconnect
                                : OnError::kContinue;
}

}  // namespace

Options options_from(const Fields& fields) {
  Options options;
  options.enabled = true;
  options.fragment =
      std::max(duration(fields, "fragment_ms", options.fragment), microseconds(100'000));
  options.target_duration_ratio =
      fields.number("target_duration_ratio", options.target_duration_ratio);
  options.audio_overflow_ratio =
      fields.number("audio_overflow_ratio", options.audio_overflow_ratio);
  options.wait_keyframe = fields.boolean("wait_keyframe", options.wait_keyframe);
  options.timestamp_floor = fields.boolean("ts_floor", options.timestamp_floor);
  options.dts_directly = fields.boolean("dts_directly", options.dts_directly);
  options.first_fragment = duration(fields, "first_fragment_ms", options.first_fragment);
  options.window = duration(fields, "window_ms", options.window);
  options.entry_prefix = fields.text("entry_prefix");
  options.master_path_relative =
      fields.boolean("master_m3u8_path_relative", options.master_path_relative);
  options.path = fields.text("path", options.path);
  options.m3u8_file = fields.text("m3u8_file", options.m3u8_file);
  options.ts_file = fields.text("ts_file", options.ts_file);
  options.utc_time = fields.boolean("utc_time", options.utc_time);
  options.cleanup = fields.boolean("cleanup", options.cleanup);
  options.dispose = duration_cast<seconds>(fields.duration_ms("dispose_ms", options.dispose));
  options.recover = fields.boolean("recover", options.recover);
  options.memory_only = fields.boolean("memory_only", options.memory_only);
  options.on_error = on_error_from(fields.text("on_error"));
  options.keys = fields.boolean("keys", options.keys);
  options.fragments_per_key = static_cast<uint32_t>(std::clamp<int64_t>(
      fields.integer("fragments_per_key", options.fragments_per_key), 1, 1'000'000));
  options.key_file = fields.text("key_file", options.key_file);
  options.key_file_path = fields.text("key_file_path");
  options.key_url = fields.text("key_url");
  if (options.key_url == options.path) {
    // SRS's default puts the folder of the files before the URI, which no player can follow.
    options.key_url.clear();
  }
  options.context = fields.boolean("ctx", options.context);
  options.ts_context = fields.boolean("ts_ctx", options.ts_context);
  return options;
}

Service::Service()
    : worker_(files_, {}),
      store_(max_stored_bytes()),
      sessions_(kMaxSessions),
      requests_(store_, sessions_),
      egresses_(EgressServices{
          store_, worker_, std::make_shared<DiskHealth>([this](const DiskHealth::Report& report) {
            on_disk_trouble(report);
          }),
          *this}) {}

Service::~Service() = default;

void Service::report_to(EventQueue& events) {
  const std::lock_guard lock(mutex_);
  events_ = &events;
}

void Service::sweep(Time now) {
  store_.sweep(now);
  egresses_.sweep(now);
  const auto ended = sessions_.sweep(now);
  if (!ended.empty()) {
    const std::lock_guard lock(mutex_);
    if (ended_.size() + ended.size() > kMaxEnded) {
      ended_.clear();
    }
    for (const auto& session : ended) {
      ended_.insert_or_assign(session.id, session.bytes);
    }
  }
}

std::optional<uint64_t> Service::take_ended(const std::string& context_id) {
  const std::lock_guard lock(mutex_);
  const auto node = ended_.extract(context_id);
  return node.empty() ? std::nullopt : std::optional(node.mapped());
}

void Service::stop() {
  egresses_.dispose_all();
  worker_.stop(Clock::now() + kLastWrites);
}

void Service::on_segment(const SegmentEvent& event) {
  const std::lock_guard lock(mutex_);
  if (events_ != nullptr) {
    events_->send({{"type", "hls_segment"},
                   {"vhost", event.name.vhost},
                   {"app", event.name.app},
                   {"stream", event.name.stream},
                   {"duration_ms", to_ms(event.duration)},
                   {"sequence", event.sequence},
                   {"bytes", event.bytes},
                   {"file", event.file},
                   {"uri", event.uri},
                   {"url", event.url},
                   {"m3u8", event.m3u8},
                   {"m3u8_url", event.m3u8_url}});
  }
}

void Service::on_failure(const StreamName& name, Error error, OnError policy) {
  const std::lock_guard lock(mutex_);
  if (events_ != nullptr) {
    events_->send({{"type", "output_failed"},
                   {"output", "hls"},
                   {"vhost", name.vhost},
                   {"app", name.app},
                   {"stream", name.stream},
                   {"code", error_info(error.code).name},
                   {"detail", error.detail},
                   {"disconnect", policy == OnError::kDisconnect}});
  }
}

void Service::on_disk_trouble(const DiskHealth::Report& report) {
  const std::lock_guard lock(mutex_);
  if (events_ != nullptr) {
    events_->send({{"type", "trouble"},
                   {"area", "hls file " + report.path},
                   {"code", error_info(report.error.code).name},
                   {"detail", report.error.detail},
                   {"count", report.failures}});
  }
}

}  // namespace millrace::hls
