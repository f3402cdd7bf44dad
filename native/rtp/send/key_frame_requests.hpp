#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace millrace::rtp {

/// Merges what many viewers and depacketizers ask of one publisher (one simulcast layer): a random
/// access point. Says when to send a PLI (RFC 4585 §6.3.1) or FIR.
class KeyFrameRequests {
 public:
  struct Options {
    Duration min_interval = milliseconds(500);  // between two requests, whoever asks
    Duration retry = seconds(1);                // an encoder that does not answer is asked again
    uint32_t max_tries = 10;                    // then only a new request counts
  };
  KeyFrameRequests() : KeyFrameRequests(Options{}) {}
  explicit KeyFrameRequests(const Options& options) : options_(options) {}

  /// Somebody needs a random access point.
  void request(Time now) {
    if (!pending_) {
      pending_ = true;
      tries_ = 0;
      due_ = last_sent_ ? std::max(now, *last_sent_ + options_.min_interval) : now;
    }
  }
  /// One came: everybody is served.
  void on_random_access() { pending_ = false; }

  /// @return true when a request is to be sent now.
  [[nodiscard]] bool poll(Time now) {
    if (!pending_ || now < due_) {
      return false;
    }
    last_sent_ = now;
    due_ = now + std::max(options_.retry, options_.min_interval);
    pending_ = ++tries_ < options_.max_tries;
    return true;
  }
  [[nodiscard]] std::optional<Time> next_deadline() const {
    return pending_ ? std::optional(due_) : std::nullopt;
  }

 private:
  const Options options_;
  bool pending_ = false;
  uint32_t tries_ = 0;
  Time due_{};
  std::optional<Time> last_sent_;
};

/// Tells a new FIR of a viewer from a repetition of the same one, RFC 5104 §4.3.1.2.
class FullIntraRequestFilter {
 public:
  [[nodiscard]] bool is_new(uint8_t command_sequence_number) {
    const bool repeated = last_ == command_sequence_number;
    last_ = command_sequence_number;
    return !repeated;
  }

 private:
  std::optional<uint8_t> last_;
};

}  // namespace millrace::rtp
