#pragma once

#include <string>

#include "control/session.hpp"
#include "protocols/hls/service.hpp"

namespace millrace::hls {

/// A player of HLS as the control plane sees it: admitted once, kicked, ended when it asks no more.
/// It has no connection; its requests come over any, on any loop, and are counted in the session
/// table.
class ViewerSession final : public Session {
 public:
  /// Who made the first request and waits for the decision; on the same loop.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    virtual void on_viewer_admitted() = 0;
    virtual void on_viewer_refused(ErrorCode code, int http_status) = 0;
  };

  ViewerSession(LoopContext& context, std::string context_id, Fields request, Waiter& waiter);
  ~ViewerSession() override = default;

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;
  /// The one who waited has gone.
  void forget_waiter() { waiter_ = nullptr; }

 private:
  void look_whether_over();

  Service& service_;
  Fields request_;
  Waiter* waiter_;
  Timer look_;
};

}  // namespace millrace::hls
