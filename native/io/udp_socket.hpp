#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"
#include "io/loop.hpp"

namespace millrace {

/// Which of the machine's addresses a datagram came to. What is answered goes out from there, as a
/// peer takes answers from the address that it asked only.
struct LocalIp {
  int family = 0;  // 0: let the system choose
  std::array<uint8_t, 16> ip{};
  friend bool operator==(const LocalIp&, const LocalIp&) = default;
};

/// One loop's UDP socket of a port that all loops share by SO_REUSEPORT.
///
/// Receives in batches (recvmmsg), with datagrams of one peer glued together by the kernel where it
/// can (UDP_GRO). Sends many datagrams to one peer with one call (UDP_SEGMENT); a kernel or device
/// that cannot is found out at the first attempt and is given sendmmsg from then on.
class UdpSocket final : public Pollable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// @param bytes  one datagram, to be changed at will; valid for the call.
    virtual void on_datagram(UdpSocket& socket, std::span<uint8_t> bytes, const Address& from,
                             const LocalIp& to) = 0;
  };

  /// Most datagrams that go out with one call (the kernel's UDP_MAX_SEGMENTS is at least 64), and
  /// most bytes.
  static constexpr size_t kMaxSegments = 60;
  static constexpr size_t kMaxSendBytes = 64000;

  /// A bound socket for each loop. Port 0: the system chooses, the same for all.
  /// @return kPortInUse, kListenFailed (detail: errno).
  static Result<std::vector<Fd>> bind_all(const Address& address, size_t count);

  UdpSocket(Loop& loop, Fd socket, Owner& owner);
  ~UdpSocket() override;
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  /// On the loop.
  [[nodiscard]] bool start();

  /// Sends one datagram, or as many of `segment_bytes` as there are in `bytes`, of which the last
  /// may be shorter: at most kMaxSegments and kMaxSendBytes. What the system does not take is lost,
  /// as on the network, and counted.
  /// @return whether it was taken.
  bool send(const Address& to, const LocalIp& from, Bytes bytes, size_t segment_bytes);
  bool send(const Address& to, const LocalIp& from, Bytes bytes) {
    return send(to, from, bytes, bytes.size());
  }

  /// Whether the system, if it may choose (LocalIp of no family), would now send to `to` from
  /// `from`: not to be told spares it a look-up for each datagram. Asks the system.
  [[nodiscard]] bool chooses(const Address& to, const LocalIp& from) const;

  /// Calls of send() that the system did not take.
  [[nodiscard]] uint64_t dropped() const { return dropped_; }
  [[nodiscard]] uint16_t port() const { return port_; }

  void on_ready(uint32_t events) override;

 private:
  struct Receive;
  bool send_one(const Address& to, Bytes bytes);
  bool send_each(msghdr& head, Bytes bytes, size_t segment_bytes);
  void deliver(Receive& receive, size_t index, size_t size);

  Loop& loop_;
  Fd socket_;
  Owner& owner_;
  uint16_t port_;
  int family_;
  bool segmentation_ = true;
  uint64_t dropped_ = 0;
  std::unique_ptr<Receive> receive_;
};

}  // namespace millrace
