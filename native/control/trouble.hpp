#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "control/events.hpp"
#include "io/loop.hpp"

namespace millrace {

/// Faults that peers can cause again and again (a bad frame, a full table, no descriptors), folded
/// into one event per second, area and code with their count and the last detail. One per loop.
class TroubleLog {
 public:
  TroubleLog(Loop& loop, EventQueue& events)
      : loop_(loop), events_(events), report_([this] { report(); }) {}

  /// @param session  the last one it happened to; 0 = none.
  void note(std::string_view area, Error error, uint64_t session = 0) {
    Counted& counted = counted_[{std::string(area), error.code}];
    ++counted.count;
    counted.detail = error.detail;
    counted.session = session;
    if (!report_.armed()) {
      loop_.arm_in(report_, seconds(1));
    }
  }

 private:
  struct Counted {
    uint64_t count = 0;
    uint32_t detail = 0;
    uint64_t session = 0;
  };
  void report() {
    for (const auto& [key, counted] : counted_) {
      events_.send({{"type", "trouble"},
                    {"area", key.first},
                    {"code", error_info(key.second).name},
                    {"detail", counted.detail},
                    {"count", counted.count},
                    {"session", counted.session}});
    }
    counted_.clear();
  }

  Loop& loop_;
  EventQueue& events_;
  Timer report_;
  std::map<std::pair<std::string, ErrorCode>, Counted> counted_;
};

}  // namespace millrace
