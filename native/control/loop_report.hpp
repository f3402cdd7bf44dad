#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "control/session.hpp"
#include "control/value.hpp"
#include "io/loop.hpp"

namespace millrace {

/// How one loop is doing, taken on the loop.
struct LoopFigures {
  double at_ms = 0;  // of the monotonic clock
  Loop::TurnCounts turns_by_length{};
  Duration late{0};  // how long after its time the report was made: what timers have to wait
  uint64_t sessions = 0;
  uint64_t streams = 0;
  uint64_t frames_waiting = 0;  // from other loops
  uint64_t pool_blocks = 0;     // of memory, out at present
  uint64_t pool_free_bytes = 0;
};

/// Figures of one loop and of its sessions, made by the loop once a second and read by the control
/// thread when it likes. All loops report at whole seconds of the monotonic clock, so that sums
/// over them are of one time. Counters are plain members of their owners; nothing is counted twice
/// or atomically for this. One short lock a second on each side.
class LoopReport {
 public:
  LoopReport(Loop& loop, SessionTable& sessions, LoopHub& hub)
      : loop_(loop), sessions_(sessions), hub_(hub), next_([this] { make(); }) {}

  /// On the loop: reports from the next whole second on.
  void start();

  /// Control thread. Valid until the next call.
  struct View {
    const LoopFigures& figures;
    /// Records of `2 + kSessionColumns.size()` numbers: session, time in ms of the monotonic clock,
    /// then the columns.
    const std::vector<double>& records;
    /// Records of `1 + kTransportColumns.size()` numbers, of those sessions whose protocol measures
    /// the network: session, then the columns.
    const std::vector<double>& transports;
  };
  [[nodiscard]] View read();

  static constexpr Duration kInterval = seconds(1);

 private:
  void make();
  void arm_next();

  Loop& loop_;
  SessionTable& sessions_;
  LoopHub& hub_;
  Timer next_;
  Time due_{};
  struct Records {
    std::vector<double> sessions;
    std::vector<double> transports;
  };
  Records writing_;
  std::mutex mutex_;
  bool fresh_ = false;
  LoopFigures ready_figures_;
  Records ready_;
  LoopFigures figures_;  // of the control thread, like `reading_`
  Records reading_;
};

}  // namespace millrace
