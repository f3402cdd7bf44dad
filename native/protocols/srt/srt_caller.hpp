#pragma once

#include <memory>
#include <string>

#include "protocols/srt/link.hpp"

namespace millrace::srt {

/// One call of ours to another server: pushes a stream to it, or pulls one from it. A push asks
/// nobody, as the control plane began it; a pull asks to publish as every publisher does. Tells
/// `relay_connected` when it is answered, and `session_closed` at its end in any case. Whether to
/// call again is for the control plane.
class SrtCaller final : public Session, private Link::Owner {
 public:
  /// @param what  as begin().
  SrtCaller(LoopContext& context, const Address& address, const Fields& what);
  ~SrtCaller() override;

  /// Makes the session, on its loop.
  /// @param what  `cid`, `mode` (push or pull), `ip`, `port`, `srt` (options of the socket); of a
  /// push
  ///              `media` (options of a player); of a pull `vhost`, `app`, `stream`, `param`,
  ///              `tc_url`.
  static void begin(LoopContext& context, Driver& driver, const Fields& what);

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

 private:
  void on_connected() override;
  void on_link_ended(Error error) override;
  void on_tracks(const Stream& stream) override;
  void end(Error error);

  const Address address_;
  const Fields what_;
  bool connected_ = false;
  Error failed_{ErrorCode::kNone};  // before there was a socket
  std::unique_ptr<Link> link_;
};

}  // namespace millrace::srt
