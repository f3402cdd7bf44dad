#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace millrace::http2 {

/// What a peer may make the server do that brings neither of them forward: answers to PING and
/// SETTINGS, priorities, frames without bytes, streams that are broken off. Source: RFC 9113 §10.5;
/// CVE-2019-9512 and its kin, CVE-2023-44487, CVE-2025-8671.
class FloodGuard {
 public:
  /// @return false when the peer has used up what it had.
  bool spend(double tokens, Time now) {
    if (refilled_at_ != Time{}) {
      const std::chrono::duration<double> passed = now - refilled_at_;
      tokens_ = std::min(kBurst, tokens_ + passed.count() * kPerSecond);
    }
    refilled_at_ = now;
    tokens_ -= tokens;
    return tokens_ >= 0;
  }

 private:
  static constexpr double kBurst = 1000;
  static constexpr double kPerSecond = 50;

  double tokens_ = kBurst;
  Time refilled_at_{};
};

}  // namespace millrace::http2
