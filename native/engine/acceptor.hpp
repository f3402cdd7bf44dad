#pragma once

#include <memory>

#include "control/session.hpp"
#include "io/listener.hpp"
#include "io/proxy_receiver.hpp"
#include "protocols/module.hpp"

namespace millrace {

/// What a listener is for; the same on all loops.
struct ListenerSettings {
  const ProtocolModule* module = nullptr;
  uint16_t local_port = 0;
  std::shared_ptr<ReloadableTls> tls;  // null = plain
  bool proxy_protocol = false;         // peers among the trusted proxies send a PROXY header
};

/// One listener on one loop: takes connections within the limits, and makes a session of each. Who
/// is over a limit gets an answer where the protocol has one that costs nothing.
class Acceptor final : private ProxyReceiver::Owner {
 public:
  Acceptor(LoopContext& context, ListenerSettings settings, Fd socket);
  /// Closes the listener, and connections whose PROXY header has not come yet.
  ~Acceptor() override;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  [[nodiscard]] bool start() { return listener_.start(); }

 private:
  void on_accept(Fd fd, const Address& peer);
  void on_proxied(Fd fd, const Address& client) override;
  void on_proxy_failed(Error error) override;
  void begin(Fd fd, const Address& client);
  void refuse(const Fd& fd, const Address& client, Error error);

  LoopContext& context_;
  const ListenerSettings settings_;
  ProxyReceiver proxied_;
  TcpListener listener_;
};

}  // namespace millrace
