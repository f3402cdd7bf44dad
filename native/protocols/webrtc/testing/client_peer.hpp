#pragma once

// For tests only: a WebRTC peer of 127.0.0.1 over UDP or TCP, blocking, that gives up after 10 s.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/value.hpp"
#include "io/fd.hpp"
#include "rtp/dtls/endpoint.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/srtp/srtp.hpp"
#include "rtp/stun/message.hpp"

namespace millrace::testing {

/// A full ICE agent's side of one session, with DTLS as client or server.
class ClientPeer {
 public:
  enum class Over : uint8_t { kUdp, kTcp };

  ClientPeer(uint16_t port, Over over = Over::kUdp,
             dtls::Endpoint::Role role = dtls::Endpoint::Role::kClient)
      : over_(over), port_(port), role_(role) {
    open();
  }

  /// What the control plane would tell the engine of this peer.
  [[nodiscard]] Fields describe(std::string_view role, Value::List media) const {
    const std::string& fingerprint = certificate_.fingerprint();
    const size_t space = fingerprint.find(' ');
    return {{"cid", "abcd1234"},
            {"role", role},
            {"stream", "live/a"},
            {"ip", "127.0.0.1"},
            {"local_ufrag", local_ufrag},
            {"local_pwd", local_pwd},
            {"remote_ufrag", remote_ufrag},
            {"remote_pwd", "0123456789012345678901"},
            {"dtls", plain                                    ? "off"
                     : role_ == dtls::Endpoint::Role::kClient ? "passive"
                                                              : "active"},
            {"encrypt", true},
            {"remote_fingerprints", Value::List{Fields{{"hash", fingerprint.substr(0, space)},
                                                       {"value", fingerprint.substr(space + 1)}}}},
            {"connect_timeout_ms", 10000},
            {"session_timeout_ms", 30000},
            {"media", std::move(media)},
            {"play", Fields{{"stream", "live/a"}}},
            {"publish", Fields{{"stream", "live/a"}}}};
  }

  /// Sends a check and waits for its answer. @return false when none comes within `limit_ms`.
  bool check(int limit_ms = 10'000) {
    bool answered = false;
    // RFC 8489 §6.2.1: a request whose answer does not come is sent again.
    for (const Time end = Clock::now() + milliseconds(limit_ms); !answered && Clock::now() < end;) {
      send_check(local_pwd);
      pump(std::min(limit_ms, 500), [&](std::span<uint8_t> packet) {
        const auto message = stun::Message::parse(packet);
        answered = message.ok() && message->message_class == stun::Class::kSuccess &&
                   message->is_authentic(local_pwd);
        return answered;
      });
    }
    return answered;
  }
  void send_check(const std::string& password) {
    std::array<uint8_t, 256> room{};
    ++transaction_[0];
    const size_t size = stun::write_binding_request(transaction_, local_ufrag + ":" + remote_ufrag,
                                                    password, 1, room);
    send(Bytes(room).first(size));
  }

  /// Checks and shakes hands. @param server_fingerprint  as Engine::describe gives it.
  bool connect(const std::string& server_fingerprint) {
    const size_t space = server_fingerprint.find(' ');
    dtls_ = std::make_unique<dtls::Endpoint>(
        certificate_, role_,
        std::vector<dtls::Fingerprint>{
            {server_fingerprint.substr(0, space), server_fingerprint.substr(space + 1)}});
    if (!check()) {
      return false;
    }
    if (plain) {
      return true;
    }
    dtls_->start(Clock::now());
    flush_dtls();
    pump(10'000, [this](std::span<uint8_t> packet) {
      on_dtls(packet);
      return dtls_->state() != dtls::Endpoint::State::kHandshaking &&
             dtls_->state() != dtls::Endpoint::State::kWaiting;
    });
    if (dtls_->state() != dtls::Endpoint::State::kConnected) {
      return false;
    }
    const auto& keys = *dtls_->srtp_keys();
    sender_ = std::make_unique<srtp::Sender>(keys.profile, keys.send);
    receiver_ = std::make_unique<srtp::Receiver>(keys.profile, keys.receive);
    return true;
  }

  /// Hands plain RTP and RTCP to `take` until it returns true. @return false after `limit_ms`.
  bool receive(const std::function<bool(const std::vector<uint8_t>& packet)>& take,
               int limit_ms = 10'000) {
    bool done = false;
    pump(limit_ms, [&](std::span<uint8_t> packet) {
      if (dtls::looks_like_dtls(packet)) {
        on_dtls(packet);
        return false;
      }
      if (!rtp::looks_like_rtp(packet)) {
        return false;
      }
      const auto size = plain                  ? Result<size_t>(packet.size())
                        : rtp::is_rtcp(packet) ? receiver_->unprotect_rtcp(packet)
                                               : receiver_->unprotect_rtp(packet);
      if (size.ok()) {
        done = take({packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(*size)});
      } else if (size.error().code == ErrorCode::kSrtpReplayed) {
        ++replays_;
      }
      return done;
    });
    return done;
  }

  void send_rtp(const rtp::RtpPacket& packet, uint64_t index) {
    std::array<uint8_t, 2048> room;
    ByteWriter writer(room);
    packet.write_to(writer);
    if (plain) {
      return send(writer.written());
    }
    send(Bytes(room).first(
        sender_->protect_rtp(room, writer.size(), packet.header_size(), packet.ssrc, index)));
  }
  void send_rtcp(Bytes compound) {
    if (plain) {
      return send(compound);
    }
    std::array<uint8_t, 2048> room;
    std::copy(compound.begin(), compound.end(), room.begin());
    send(Bytes(room).first(sender_->protect_rtcp(room, compound.size())));
  }
  void send(Bytes packet) {
    if (over_ == Over::kTcp) {
      const std::array<uint8_t, 2> length{static_cast<uint8_t>(packet.size() >> 8),
                                          static_cast<uint8_t>(packet.size())};
      (void)!::send(fd_.get(), length.data(), length.size(), MSG_NOSIGNAL);
    }
    (void)!::send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
  }
  /// Whether the server closes the connection within the time.
  bool closed(int limit_ms) {
    pollfd poll{fd_.get(), POLLIN, 0};
    std::array<uint8_t, 4096> room;
    while (::poll(&poll, 1, limit_ms) > 0) {
      if (::recv(fd_.get(), room.data(), room.size(), 0) <= 0) {
        return true;
      }
    }
    return false;
  }
  void say_goodbye() {
    dtls_->close();
    flush_dtls();
  }
  [[nodiscard]] dtls::Endpoint& dtls() { return *dtls_; }
  /// Packets that came a second time.
  [[nodiscard]] uint64_t replays() const { return replays_; }
  /// Goes on from another address, as after a change of networks.
  void move() { open(); }

  bool plain = false;  // RTP without DTLS and SRTP, as a session with `dtls` off
  std::string local_ufrag = "srvufrag";
  std::string local_pwd = "srvpassword0123456789012";
  std::string remote_ufrag = "cliufrag";

 private:
  void open() {
    fd_ = Fd(::socket(AF_INET, (over_ == Over::kUdp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  void on_dtls(std::span<uint8_t> packet) {
    if (dtls::looks_like_dtls(packet)) {
      dtls_->receive(packet, Clock::now());
      flush_dtls();
    }
  }
  void flush_dtls() {
    for (Bytes out = dtls_->poll_output(); !out.empty(); out = dtls_->poll_output()) {
      send(out);
    }
  }

  /// Hands packets to `take` until it returns true or the time is over.
  void pump(int limit_ms, const std::function<bool(std::span<uint8_t>)>& take) {
    const Time end = Clock::now() + milliseconds(limit_ms);
    for (;;) {
      const auto left = duration_cast<milliseconds>(end - Clock::now()).count();
      pollfd poll{fd_.get(), POLLIN, 0};
      if (left <= 0) {
        return;
      }
      if (::poll(&poll, 1, static_cast<int>(std::min<int64_t>(left, 20))) <= 0) {
        if (dtls_ && dtls_->deadline() && *dtls_->deadline() <= Clock::now()) {
          dtls_->on_timeout(Clock::now());
          flush_dtls();
        }
        continue;
      }
      std::array<uint8_t, 4096> room;
      const ssize_t size = ::recv(fd_.get(), room.data(), room.size(), 0);
      if (size <= 0) {
        return;
      }
      if (over_ == Over::kUdp) {
        if (take(std::span(room).first(static_cast<size_t>(size)))) {
          return;
        }
        continue;
      }
      stream_.insert(stream_.end(), room.begin(), room.begin() + size);
      bool done = false;
      while (!done && stream_.size() >= 2) {
        const size_t length = size_t{stream_[0]} << 8 | stream_[1];
        if (stream_.size() < 2 + length) {
          break;
        }
        std::vector<uint8_t> packet(stream_.begin() + 2,
                                    stream_.begin() + 2 + static_cast<std::ptrdiff_t>(length));
        stream_.erase(stream_.begin(), stream_.begin() + 2 + static_cast<std::ptrdiff_t>(length));
        done = take(packet);
      }
      if (done) {
        return;
      }
    }
  }

  const Over over_;
  const uint16_t port_;
  const dtls::Endpoint::Role role_;
  dtls::Certificate certificate_;
  Fd fd_;
  uint64_t replays_ = 0;
  std::vector<uint8_t> stream_;
  stun::TransactionId transaction_{};
  std::unique_ptr<dtls::Endpoint> dtls_;
  std::unique_ptr<srtp::Sender> sender_;
  std::unique_ptr<srtp::Receiver> receiver_;
};

}  // namespace millrace::testing
