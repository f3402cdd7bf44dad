#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "control/session.hpp"
#include "io/udp_socket.hpp"
#include "protocols/webrtc/packet_sender.hpp"
#include "protocols/webrtc/path.hpp"
#include "protocols/webrtc/service.hpp"
#include "rtp/stun/message.hpp"

namespace millrace::webrtc {

class Peer;

/// The WebRTC peers of one loop, and whose each datagram is.
///
/// A datagram of a known address goes to its peer. From an unknown address only a connectivity
/// check is looked at: when its user is a session that no loop has and its integrity is good, this
/// loop takes the session; when another loop has it (the peer's address has changed, or it checks
/// from several), the check is passed over to that loop, and what follows from the address too.
/// Everything else of a stranger is dropped without an answer, and counted.
class PeerTable final : public UdpSocket::Owner {
 public:
  explicit PeerTable(LoopContext& context);
  ~PeerTable() override;

  [[nodiscard]] LoopContext& context() { return context_; }
  [[nodiscard]] Loop& loop() { return context_.loop; }
  [[nodiscard]] Service& service() { return service_; }

  /// Opens this loop's socket of a port; the table keeps it until `close_socket`, peers longer.
  void open_socket(uint32_t listener, Fd fd);
  void close_socket(uint32_t listener);

  void on_datagram(UdpSocket& socket, std::span<uint8_t> bytes, const Address& from,
                   const LocalIp& to) override;
  /// A check on a connection that is nobody's yet.
  /// @return the peer that has taken it as its path.
  Peer* on_tcp_check(std::span<uint8_t> bytes, const Path& path);

  /// From now on datagrams from `address` are `peer`'s.
  void learn(const Address& address, Peer& peer);
  void unlearn(const Address& address, const Peer& peer);
  /// Ends a peer, on behalf of its home or of itself, and tells its home.
  void drop(SessionId session, Error error);

  [[nodiscard]] PacketRun& run() { return run_; }

 private:
  struct Socket {
    uint32_t listener = 0;
    std::shared_ptr<UdpSocket> socket;
  };
  struct Left {
    AddressKey address;
    Time at{};
  };
  struct Passed {
    PeerTable* to = nullptr;
    Time last{};
  };

  Peer* on_check(std::span<uint8_t> bytes, const Path& path);
  Peer* find(SessionId session);
  void pass_over(PeerTable& to, Bytes bytes, const Path& path);
  void receive_passed(std::vector<uint8_t>& bytes, const Address& from, const LocalIp& local,
                      uint16_t port, PeerTable& by);
  [[nodiscard]] std::shared_ptr<UdpSocket> socket_of(const UdpSocket& socket);
  [[nodiscard]] std::shared_ptr<UdpSocket> socket_of_port(uint16_t port);
  void forget_passed();
  [[nodiscard]] bool has_left(const AddressKey& address) const;

  LoopContext& context_;
  Service& service_;
  std::vector<Socket> sockets_;
  std::vector<std::weak_ptr<UdpSocket>> closed_sockets_;  // that peers still use
  std::unordered_map<SessionId, std::unique_ptr<Peer>> peers_;
  std::unordered_map<AddressKey, Peer*, AddressKeyHash> addresses_;
  std::unordered_map<AddressKey, Passed, AddressKeyHash> passed_;
  std::vector<Left> left_;  // of peers that are gone, the newest ones
  size_t next_left_ = 0;
  std::atomic<size_t> passing_{0};  // datagrams that other loops have handed over
  PacketRun run_;
  Timer forget_passed_;
};

/// The one of a loop, made on first use.
struct PeerTableOfLoop {
  std::unique_ptr<PeerTable> table;
};
PeerTable& peer_table(LoopContext& context);

}  // namespace millrace::webrtc
