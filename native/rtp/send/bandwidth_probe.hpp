#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {

/// Finds out whether a path takes more than is being sent: for a moment packets that nobody needs
/// make up what is missing, and the feedback tells at which rate they came.
///
/// What a probe may do to a path that is full already is bounded: it lasts 200 ms, tries three
/// times what is known to pass at most, and after one that did not pass the next waits, twice as
/// long each time.
class BandwidthProbe {
 public:
  struct Options {
    Duration duration = milliseconds(200);
    double most_growth = 3;
    uint64_t least_bps = 300'000;  // less are too few packets to measure
    uint64_t most_bps = 20'000'000;
    Duration between = milliseconds(500);
    Duration first_retry = seconds(3);
    Duration max_retry = seconds(12);
  };
  BandwidthProbe() : BandwidthProbe(Options{}) {}
  explicit BandwidthProbe(const Options& options) : options_(options) {}

  /// Begins one if it is time for it.
  /// @param wanted_bps  what is to be known to pass; 0: nothing.
  /// @param known_bps   what passes at present.
  /// @param sent_bytes  TransportSendHistory::sent_bytes().
  /// @return whether a probe has begun: pad_bytes() says from now on what is missing.
  bool begin(uint64_t wanted_bps, uint64_t known_bps, uint64_t sent_bytes, Time now);
  [[nodiscard]] bool is_sending(Time now) const { return target_bps_ != 0 && now < end_; }
  /// What is missing at this moment beside what was sent.
  [[nodiscard]] size_t pad_bytes(uint64_t sent_bytes, Time now) const;

  void on_result(const PacketResult& result);

  struct Outcome {
    bool passed = false;
    uint64_t rate_bps = 0;  // at which it came; 0: too little came to tell
  };
  /// @return what became of a probe, once, when its feedback has come, or should have.
  std::optional<Outcome> poll(Duration rtt, Time now);

 private:
  [[nodiscard]] Outcome outcome() const;

  const Options options_;
  uint64_t target_bps_ = 0;  // 0: there is none
  Time begin_{};
  Time end_{};
  Time not_before_{};
  Duration retry_{0};
  uint64_t sent_before_ = 0;

  uint32_t came_ = 0;
  uint32_t lost_ = 0;
  uint64_t came_bytes_ = 0;  // without the first: it begins the time
  Time first_sent_{};
  Time last_sent_{};
  Duration first_arrival_{};
  Duration last_arrival_{};
};

}  // namespace millrace::rtp
