#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "control/events.hpp"
#include "io/address.hpp"
#include "io/loop.hpp"

namespace millrace {

/// Faults that peers can cause again and again (a bad frame, a full table, no descriptors), folded
/// into one event per second, area and code with their count and what is known of the last. One per
/// loop.
class TroubleLog {
 public:
  TroubleLog(Loop& loop, EventQueue& events)
      : loop_(loop), events_(events), report_([this] { report(); }) {}

  /// @param session  the last one it happened to; 0 = none.
  void note(std::string_view area, Error error, uint64_t session = 0) {
    count(area, error).session = session;
  }
  /// @param peer  of the last one, which is no session that the control plane knows.
  void note(std::string_view area, Error error, const Address& peer) {
    count(area, error).peer = peer;
  }

 private:
  struct Counted {
    uint64_t count = 0;
    uint32_t detail = 0;
    uint64_t session = 0;
    Address peer;
  };
  Counted& count(std::string_view area, Error error) {
    Counted& counted = counted_[{std::string(area), error.code}];
    ++counted.count;
    counted.detail = error.detail;
    if (!report_.armed()) {
      loop_.arm_in(report_, seconds(1));
    }
    return counted;
  }
  void report() {
    for (const auto& [key, counted] : counted_) {
      Fields event{{"type", "trouble"},
                   {"area", key.first},
                   {"code", error_info(key.second).name},
                   {"detail", counted.detail},
                   {"count", counted.count},
                   {"session", counted.session}};
      if (counted.peer.size() != 0) {
        event.set("ip", counted.peer.ip());
        event.set("port", counted.peer.port());
      }
      events_.send(std::move(event));
    }
    counted_.clear();
  }

  Loop& loop_;
  EventQueue& events_;
  Timer report_;
  std::map<std::pair<std::string, ErrorCode>, Counted> counted_;
};

}  // namespace millrace
