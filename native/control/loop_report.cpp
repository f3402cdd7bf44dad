#include "control/loop_report.hpp"

#include <algorithm>
#include <utility>

#include "control/session_counters.hpp"
#include "hub/loop_hub.hpp"

namespace millrace {

namespace {

double in_ms(Time at) {
  return std::chrono::duration<double, std::milli>(at.time_since_epoch()).count();
}

}  // namespace

void LoopReport::start() { arm_next(); }

void LoopReport::arm_next() {
  due_ = Time(std::chrono::floor<std::chrono::seconds>(loop_.now().time_since_epoch()) + kInterval);
  loop_.arm(next_, due_);
}

void LoopReport::make() {
  writing_.sessions.clear();
  writing_.transports.clear();
  const double at_ms = in_ms(loop_.now());
  sessions_.for_each_known([this, at_ms](const Session& session) {
    SessionCounters counters;
    session.count(counters);
    writing_.sessions.push_back(static_cast<double>(session.id()));
    writing_.sessions.push_back(at_ms);
    for (const SessionColumn& column : kSessionColumns) {
      writing_.sessions.push_back(static_cast<double>(column.value(counters)));
    }
    if (counters.transport) {
      writing_.transports.push_back(static_cast<double>(session.id()));
      for (const TransportColumn& column : kTransportColumns) {
        writing_.transports.push_back(column.value(counters, *counters.transport));
      }
    }
  });
  LoopFigures figures{
      .at_ms = at_ms,
      .turns_by_length = loop_.turns_by_length(),
      .late = loop_.now() - due_,
      .sessions = sessions_.size(),
      .streams = hub_.stream_count(),
      .frames_waiting = hub_.frames_waiting(),
      .pool_blocks = static_cast<uint64_t>(std::max<int64_t>(loop_.pool().outstanding(), 0)),
      .pool_free_bytes = loop_.pool().free_bytes()};
  {
    const std::lock_guard lock(mutex_);
    std::swap(ready_, writing_);
    ready_figures_ = figures;
    fresh_ = true;
  }
  arm_next();
}

LoopReport::View LoopReport::read() {
  {
    const std::lock_guard lock(mutex_);
    if (fresh_) {
      std::swap(reading_, ready_);
      figures_ = ready_figures_;
      fresh_ = false;
    }
  }
  return {figures_, reading_.sessions, reading_.transports};
}

}  // namespace millrace
