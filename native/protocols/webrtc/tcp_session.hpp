#pragma once

#include <vector>

#include "io/connection.hpp"
#include "protocols/module.hpp"
#include "protocols/webrtc/path.hpp"
#include "protocols/webrtc/peer_table.hpp"

namespace millrace::webrtc {

/// A TCP connection to a WebRTC peer: packets, each with two bytes of length before it (RFC 4571).
/// The first must be a connectivity check of a session (RFC 6544 §7.2); then it is a path of that
/// peer. Told to nobody: the session is the peer's.
class TcpSession final : public UntoldSession, private Connection::Owner, private TcpCarrier {
 public:
  TcpSession(LoopContext& context, Accepted accepted);
  ~TcpSession() override;

  void start() override;
  void close(ErrorCode code) override;
  /// Its bytes count as the peer's.

 private:
  void on_bytes(Bytes bytes) override;
  void on_closed(Error error) override;
  bool send(Bytes packet) override;
  void release() override;
  void on_packet(std::span<uint8_t> packet);
  void end(Error error);

  PeerTable& table_;
  std::unique_ptr<Connection> connection_;
  Peer* peer_ = nullptr;
  std::vector<uint8_t> packet_;  // length and what has come of it
  Timer deadline_;
};

}  // namespace millrace::webrtc
