#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "protocols/webrtc/path.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/dtls/endpoint.hpp"
#include "rtp/srtp/srtp.hpp"
#include "rtp/stun/message.hpp"

namespace millrace::webrtc {

class PeerTable;

/// One WebRTC peer on its loop: ICE-lite, DTLS, SRTP, and what they carry.
///
/// The path is the one of the newest check with USE-CANDIDATE, so that a peer whose address changes
/// goes on; before the first of those it is the first that was checked. Consent (RFC 7675) is the
/// peer's checks: without any for the session's timeout it has gone.
class Peer final : public Transport {
 public:
  Peer(PeerTable& table, SharedRef shared);
  ~Peer() override;

  [[nodiscard]] const SharedRef& shared_ref() const { return shared_; }

  /// An authentic binding request. Answers it.
  void on_check(const stun::Message& check, const IceCredentials& ice, const Path& path);
  /// DTLS, RTP or RTCP from an address that was checked.
  void on_packet(std::span<uint8_t> bytes);
  /// A connection of this peer has closed.
  void on_carrier_gone(const TcpCarrier& carrier);
  /// Last words and the end of the media; by the table alone.
  void stop(Error error);

  LoopContext& context() override;
  Shared& shared() override { return *shared_; }
  PacketSender& sender() override { return sender_; }
  void end(Error error) override;

 private:
  void use_path(const Path& path);
  void release_oldest_carrier();
  void on_dtls(Bytes bytes);
  void on_dtls_timeout();
  void after_dtls();
  void on_connected();
  void tell_connected();
  void on_watch();
  void tell_trouble(ErrorCode code);
  void count_in(size_t bytes);
  void send_dtls();
  [[nodiscard]] const Path& used_path() const { return sender_.path(); }
  [[nodiscard]] bool connected() const { return media_ != nullptr; }

  PeerTable& table_;
  const SharedRef shared_;
  PacketSender sender_;
  Path told_path_;
  std::vector<Address> addresses_;     // that were checked, oldest first
  std::vector<TcpCarrier*> carriers_;  // likewise
  uint64_t packets_ = 0;               // of RTP that came
  uint64_t undecryptable_ = 0;         // packets that came with other keys, or broken
  bool silence_told_ = false;
  bool nominated_ = false;
  bool stopped_ = false;
  Time last_check_;
  std::unique_ptr<dtls::Endpoint> dtls_;
  std::unique_ptr<srtp::Receiver> receiver_;
  std::unique_ptr<Media> media_;
  Timer dtls_timer_;
  Timer watch_;  // consent; until connected, what is told of it
};

}  // namespace millrace::webrtc
