#include "protocols/play_options.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr int64_t kMaxMergedMessages = 128;
constexpr Duration kMinLag = milliseconds(100);

/// SRS's merged write: `min_latency` off waits for `mw_latency`, on waits for `mw_msgs` messages.
/// There the time must pass and the messages must be there; here a stream of few messages does not
/// wait longer than `mw_latency` for them.
MergePolicy merge_policy(const Fields& fields) {
  MergePolicy policy;
  if (const Duration interval = fields.duration_ms("send_min_interval_ms", Duration::zero());
      interval > Duration::zero()) {
    policy.latency = interval;
    return policy;
  }
  const Duration wait = fields.duration_ms("mw_latency_ms", milliseconds(350));
  const auto messages = std::clamp<int64_t>(fields.integer("mw_msgs", 8), 0, kMaxMergedMessages);
  if (!fields.boolean("min_latency", false)) {
    policy.latency = wait;
  } else if (messages > 0) {
    policy.kind = MergePolicy::Kind::kByCount;
    policy.messages = static_cast<unsigned>(messages);
    policy.latency = std::max<Duration>(wait, milliseconds(1));
  }
  return policy;
}

TimeJitter jitter_from(const Fields& fields) {
  if (fields.boolean("atc", false)) {
    return TimeJitter::kSource;
  }
  const std::string name = fields.text("time_jitter", "full");
  return name == "full"   ? TimeJitter::kFull
         : name == "zero" ? TimeJitter::kZero
                          : TimeJitter::kSource;
}

}  // namespace

PlayOptions PlayOptions::from(const Fields& fields, const Limits& limits) {
  PlayOptions options;
  options.stream = fields.text("stream");
  options.rendition.merge = merge_policy(fields);
  options.rendition.gop_cache = fields.boolean("gop_cache", true);
  options.rendition.gop_max_frames = static_cast<uint32_t>(
      std::clamp<int64_t>(fields.integer("gop_cache_max_frames", 2500), 0, UINT32_MAX));
  options.rendition.max_bytes = limits.ring_max_bytes;
  options.rendition.max_lag =
      std::clamp<Duration>(fields.duration_ms("queue_length_ms", seconds(30)), kMinLag,
                           std::max<Duration>(limits.ring_max, kMinLag));
  options.rendition.stall_limit = limits.slow_reader_timeout;
  options.jitter = jitter_from(fields);
  options.atc_auto = fields.boolean("atc_auto", false);
  // Whoever merges writes himself gains nothing from Nagle's algorithm: it holds the last segment
  // of each write until the others are acknowledged, which costs a packet and a round trip.
  options.tcp_nodelay =
      fields.boolean("tcp_nodelay", false) || options.rendition.merge.latency > Duration::zero();
  options.duration = fields.duration_ms("duration_ms", Duration::zero());
  return options;
}

std::string PlayOptions::rendition_suffix() const {
  const auto us = [](Duration duration) {
    return std::to_string(duration_cast<microseconds>(duration).count());
  };
  return " merge=" + us(rendition.merge.latency) + "/" + std::to_string(rendition.merge.messages) +
         " gop=" + std::to_string(rendition.gop_cache ? rendition.gop_max_frames : UINT32_MAX) +
         " lag=" + us(rendition.max_lag);
}

}  // namespace millrace
