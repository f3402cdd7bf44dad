#pragma once

#include "control/session.hpp"
#include "protocols/webrtc/service.hpp"

namespace millrace::webrtc {

/// The home of a WebRTC session: what the control plane names, from its description to its end. The
/// peer itself lives on the loop to which its first connectivity check came (Peer); between the two
/// go a few tasks in a session's life.
class WebrtcSession final : public Session {
 public:
  WebrtcSession(LoopContext& context, const Fields& options);
  ~WebrtcSession() override;

  void start() override;
  void on_accept(const Fields& /*options*/) override {}
  void on_reject(ErrorCode /*code*/, std::string_view /*text*/, int /*http_status*/) override {}
  /// New ICE credentials, or another layer.
  void on_command(const Fields& command) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

  /// The peer is connected: it watches over itself from now on.
  void on_connected();
  /// The peer's loop has let go of it.
  void on_peer_ended(Error error);

 private:
  void on_deadline();
  void tell_trouble(ErrorCode code);

  Service& service_;
  SharedRef shared_;
  Timer deadline_;
  Time give_up_at_;
  bool connected_ = false;
  bool closing_ = false;
};

/// Calls `call(WebrtcSession&)` on the home of a session, if it is still there. Any thread.
template <typename Call>
void at_home(const Shared& shared, Call call) {
  shared.home->loop.post([home = shared.home, id = shared.id, call = std::move(call)] {
    if (Session* session = home->sessions.find(id)) {
      call(static_cast<WebrtcSession&>(*session));
    }
  });
}

}  // namespace millrace::webrtc
