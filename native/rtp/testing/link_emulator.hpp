#pragma once

// For tests only: a network link with loss, delay, jitter, reordering, duplication and a rate, from
// a seed, in hand-moved time.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/clock.hpp"

namespace millrace::rtp::testing {

struct LinkOptions {
  double loss = 0;         // part of the packets, 0 to 1
  double duplication = 0;  // part of the packets that come twice
  Duration delay{0};       // one way
  Duration jitter{0};      // more delay, evenly from 0 to this; packets may overtake each other
  uint64_t rate_bps = 0;   // of the bottleneck; 0: no limit
  size_t queue_bytes = 50'000;  // before the bottleneck; what does not fit is lost
};

/// One direction of a link. send() puts packets in, receive() takes those out that have arrived.
class LinkEmulator {
 public:
  LinkEmulator(uint32_t seed, const LinkOptions& options) : random_(seed), options_(options) {}

  void set_options(const LinkOptions& options) { options_ = options; }
  [[nodiscard]] const LinkOptions& options() const { return options_; }

  void send(Bytes packet, Time now) {
    ++sent_;
    if (chance(options_.loss)) {
      ++lost_;
      return;
    }
    Time leaves = now;
    if (options_.rate_bps > 0) {
      const Duration takes = duration_cast<Duration>(std::chrono::duration<double>(
          static_cast<double>(packet.size()) * 8 / static_cast<double>(options_.rate_bps)));
      free_at_ = std::max(free_at_, now);
      const double queued = std::chrono::duration<double>(free_at_ - now).count() *
                            static_cast<double>(options_.rate_bps) / 8;
      if (queued > static_cast<double>(options_.queue_bytes)) {
        ++lost_;
        return;
      }
      free_at_ += takes;
      leaves = free_at_;
    }
    deliver(packet, leaves);
    if (chance(options_.duplication)) {
      deliver(packet, leaves);
    }
  }

  [[nodiscard]] std::optional<std::vector<uint8_t>> receive(Time now) {
    if (under_way_.empty() || under_way_.top().arrives > now) {
      return std::nullopt;
    }
    auto bytes = under_way_.top().bytes;
    under_way_.pop();
    return bytes;
  }

  [[nodiscard]] uint64_t sent() const { return sent_; }
  [[nodiscard]] uint64_t lost() const { return lost_; }

 private:
  struct Packet {
    Time arrives;
    uint64_t number;
    std::vector<uint8_t> bytes;
    bool operator<(const Packet& other) const {
      return arrives != other.arrives ? arrives > other.arrives : number > other.number;
    }
  };
  [[nodiscard]] bool chance(double part) {
    return part > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < part;
  }
  void deliver(Bytes bytes, Time leaves) {
    Duration more{0};
    if (options_.jitter > Duration(0)) {
      more = Duration(
          std::uniform_int_distribution<Duration::rep>(0, options_.jitter.count())(random_));
    }
    under_way_.push({leaves + options_.delay + more, number_++,
                     std::vector<uint8_t>(bytes.begin(), bytes.end())});
  }

  std::mt19937 random_;
  LinkOptions options_;
  std::priority_queue<Packet> under_way_;
  Time free_at_{};
  uint64_t number_ = 0;
  uint64_t sent_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace millrace::rtp::testing
