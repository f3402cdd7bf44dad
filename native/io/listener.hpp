#pragma once

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"
#include "io/loop.hpp"

namespace millrace {

/// One listening TCP socket of one loop. All loops listen on the same address with SO_REUSEPORT, so
/// the kernel deals the connections out.
///
/// Out of descriptors: accepting pauses for 100 ms and goes on by itself; until then peers wait in
/// the kernel's queue.
class TcpListener final : public Pollable {
 public:
  using OnAccept = std::function<void(Fd fd, const Address& peer)>;
  using OnTrouble = std::function<void(Error error)>;

  /// A bound socket for each loop. Port 0: the system chooses, the same for all.
  /// @return kPortInUse, kListenFailed (detail: errno).
  static Result<std::vector<Fd>> bind_all(const Address& address, size_t count);

  TcpListener(Loop& loop, Fd socket, OnAccept on_accept, OnTrouble on_trouble);
  ~TcpListener() override;
  /// On the loop.
  [[nodiscard]] bool start();
  void on_ready(uint32_t events) override;

 private:
  void accept_some();

  Loop& loop_;
  Fd socket_;
  OnAccept on_accept_;
  OnTrouble on_trouble_;
  Timer pause_;
};

}  // namespace millrace
