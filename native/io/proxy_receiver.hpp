#pragma once

#include <memory>
#include <unordered_map>

#include "base/result.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"
#include "io/loop.hpp"

namespace millrace {

/// Reads the PROXY header in front of connections that a proxy hands on, and then hands them on
/// itself, with the client's address. One loop's own. Nothing behind the header is taken from the
/// socket.
class ProxyReceiver {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// A connection whose header is read: `client` is the proxy's own address where the header
    /// tells none.
    virtual void on_proxied(Fd fd, const Address& client) = 0;
    /// One that was closed: kProxyHeaderInvalid, kTimedOut, kPeerClosed, kOutOfDescriptors.
    virtual void on_proxy_failed(Error error) = 0;
  };

  /// @param limit  how long a proxy may take for the header.
  ProxyReceiver(Loop& loop, Duration limit, Owner& owner);
  ~ProxyReceiver();
  ProxyReceiver(const ProxyReceiver&) = delete;
  ProxyReceiver& operator=(const ProxyReceiver&) = delete;

  /// Takes over a connected, non-blocking socket.
  void take(Fd fd, const Address& proxy);
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  class Waiting;
  void finish(Waiting& waiting);

  Loop& loop_;
  const Duration limit_;
  Owner& owner_;
  std::unordered_map<Waiting*, std::unique_ptr<Waiting>> waiting_;
};

}  // namespace millrace
