#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"

namespace millrace::rtp {

struct NackOptions {
  Duration reordering_wait = milliseconds(5);  // before a gap is taken for a loss
  Duration min_interval = milliseconds(20);    // between two requests for one packet; else the RTT
  Duration max_age = seconds(2);               // then nobody could use the packet any more
  uint8_t max_tries = 10;
  size_t max_missing = 512;  // packets; more are no loss but an outage, and a new start is better
};

/// Says which packets to ask for again, and when. Source: RFC 4585 §6.2.1 (message); the schedule
/// is ours: first after `reordering_wait`, then once for each round trip.
///
/// Call on_packet() for each packet of the stream, from wherever it came (RTX too).
class NackGenerator {
 public:
  explicit NackGenerator(const NackOptions& options = {}) : options_(options) {}

  /// @param index  unwrapped sequence number.
  void on_packet(int64_t index, Time now);
  /// Packets before this one are of no more use: a random access point begins here.
  void forget_before(int64_t index);
  void set_round_trip_time(Duration rtt) { rtt_ = rtt; }

  /// Fills in the sequence numbers to ask for now, in ascending order.
  /// @return how many; when it is the size of `out` there may be more.
  size_t poll(Time now, std::span<uint16_t> out);
  /// When poll() has something to say again.
  [[nodiscard]] std::optional<Time> next_deadline() const;

  /// Were packets given up since the last call? Then only a random access point helps.
  [[nodiscard]] bool take_given_up();
  [[nodiscard]] size_t missing() const { return missing_.size(); }

 private:
  struct Missing {
    int64_t index;
    Time noticed;
    Time next_try;
    uint8_t tries;
  };

  const NackOptions options_;
  Duration rtt_ = milliseconds(100);
  std::optional<int64_t> newest_;
  std::vector<Missing> missing_;  // by index
  bool given_up_ = false;
};

}  // namespace millrace::rtp
