#include "protocols/hls/viewer_session.hpp"

#include "control/module_states.hpp"
#include "control/session_counters.hpp"

namespace millrace::hls {

namespace {

constexpr Duration kLookInterval = seconds(2);

}  // namespace

ViewerSession::ViewerSession(LoopContext& context, std::string context_id, Fields request,
                             Waiter& waiter)
    : Session(context, "hls", std::move(context_id)),
      service_(context.modules.get<Service>()),
      request_(std::move(request)),
      waiter_(&waiter),
      look_([this] { look_whether_over(); }) {
  // It is no connection, but counts down as one at its end.
  context.connections.fetch_add(1, std::memory_order_relaxed);
}

void ViewerSession::start() {
  request_.set("type", "hls_session_requested");
  request_.set("cid", cid());
  ask(std::move(request_));
}

void ViewerSession::on_accept(const Fields& /*options*/) {
  service_.sessions().admit(cid());
  this->context().loop.arm_in(look_, kLookInterval);
  if (Waiter* waiter = std::exchange(waiter_, nullptr)) {
    waiter->on_viewer_admitted();
  }
}

void ViewerSession::on_reject(ErrorCode code, std::string_view /*text*/, int http_status) {
  service_.sessions().refuse(cid());
  if (Waiter* waiter = std::exchange(waiter_, nullptr)) {
    waiter->on_viewer_refused(code, http_status);
  }
  finish({code}, 0, 0, 0);
}

void ViewerSession::look_whether_over() {
  if (const auto bytes = service_.take_ended(cid())) {
    finish({ErrorCode::kNone}, 0, *bytes, 0);
    return;
  }
  this->context().loop.arm_in(look_, kLookInterval);
}

void ViewerSession::count(SessionCounters& counters) const {
  counters.bytes_out = service_.sessions().bytes_of(cid());
}

void ViewerSession::close(ErrorCode code) {
  if (finished()) {
    return;
  }
  if (asking()) {
    return on_reject(code, {}, error_info(code).http_status);
  }
  service_.sessions().kick(cid());
  look_.disarm();
  finish({code}, 0, service_.take_ended(cid()).value_or(0), 0);
}

}  // namespace millrace::hls
