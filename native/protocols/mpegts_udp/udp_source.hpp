#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/session.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"
#include "io/loop.hpp"
#include "protocols/module.hpp"

namespace millrace::mpegts_udp {

/// One `stream_caster mpegts_over_udp`: where its packets come from, and what they are published
/// as.
struct SourceOptions {
  Address address;                   // unicast or multicast
  std::string interface;             // of a multicast group: name; empty lets the system choose
  std::vector<std::string> senders;  // addresses that may send; empty: anybody
  std::string vhost;
  std::string app;
  std::string stream;
  std::string param;
  std::string tc_url;
};

/// One UDP port, which is one stream: the first sender begins a session and has the port to itself
/// until the session ends; what others send meanwhile is dropped.
class UdpSource final : public Pollable {
 public:
  /// @param socket  bound, from open().
  UdpSource(LoopContext& context, Fd socket, SourceOptions options);
  ~UdpSource() override;

  /// A bound socket that has joined its group. Any thread.
  /// @return kPortInUse, kListenFailed (detail: errno).
  static Result<Fd> open(const SourceOptions& options);

  /// On the loop. @return false when it has no descriptor left.
  [[nodiscard]] bool start();
  void on_ready(uint32_t events) override;

  [[nodiscard]] const SourceOptions& options() const { return options_; }
  /// The sender was refused, or its session was ended by an operator. Nobody can tell it, so it
  /// goes on sending: it is asked about again only after some time.
  void on_turned_away();

 private:
  void take(Bytes datagram, const Address& sender);
  [[nodiscard]] bool is_welcome(const Address& sender) const;
  void begin_session(const Address& sender);

  LoopContext& context_;
  Fd socket_;
  const uint16_t local_port_;
  const SourceOptions options_;
  SessionId session_ = 0;  // under way; 0: none
  std::string sender_;     // of it, with port
  Time not_before_{};      // of the next session
};

}  // namespace millrace::mpegts_udp
