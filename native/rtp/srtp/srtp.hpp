#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "rtp/srtp/replay_window.hpp"
#include "rtp/srtp/session_keys.hpp"

namespace millrace::srtp {

/// Protects what one session sends.
/// Source: RFC 3711, RFC 7714. Not offered: MKI, key derivation rates, unencrypted SRTCP.
class Sender {
 public:
  Sender(Profile profile, const MasterKey& key)
      : keys_(profile, key, SessionKeys::Direction::kEncrypt) {}

  /// @param room         the packet and behind it room for kMaxOverhead bytes.
  /// @param header_size  with sources and extension.
  /// @param index        sequence number, counted on beyond 16 bits by the caller. The same index
  ///                     again must be the same packet, byte for byte: otherwise the key stream
  ///                     would be used twice.
  /// @return size of the protected packet.
  size_t protect_rtp(std::span<uint8_t> room, size_t size, size_t header_size, uint32_t ssrc,
                     uint64_t index) {
    return keys_.protect_rtp(room, size, header_size, ssrc, index);
  }
  /// The same for a payload that lies elsewhere and is shared: `room` holds the header alone.
  size_t protect_rtp_payload(std::span<uint8_t> room, size_t header_size, Bytes payload,
                             uint32_t ssrc, uint64_t index) {
    return keys_.protect_rtp_payload(room, header_size, payload, ssrc, index);
  }
  /// A compound packet.
  size_t protect_rtcp(std::span<uint8_t> room, size_t size);
  [[nodiscard]] size_t rtp_overhead() const { return keys_.sizes().rtp_tag; }
  [[nodiscard]] const void* cipher() const { return keys_.rtp_cipher(); }

 private:
  SessionKeys keys_;
  uint32_t rtcp_index_ = 0;
};

/// Checks and decrypts what one session receives. Nothing is kept of a source before a packet of
/// it was authentic, and of at most kMaxSources.
class Receiver {
 public:
  static constexpr size_t kMaxSources = 32;

  Receiver(Profile profile, const MasterKey& key)
      : keys_(profile, key, SessionKeys::Direction::kDecrypt) {}

  /// Decrypts in place. After an error the bytes are spoilt.
  /// @return size of the plain packet. kSrtpMalformed, kSrtpReplayed, kSrtpAuthenticationFailed.
  Result<size_t> unprotect_rtp(std::span<uint8_t> packet);
  Result<size_t> unprotect_rtcp(std::span<uint8_t> packet);

 private:
  struct Source {
    uint32_t ssrc = 0;
    ReplayWindow rtp;
    ReplayWindow rtcp;
  };
  Source* find(uint32_t ssrc);
  Source* add(uint32_t ssrc);

  SessionKeys keys_;
  std::vector<std::unique_ptr<Source>> sources_;
};

/// Bytes from the start of an RTP packet to its payload; nullopt when they reach beyond the packet.
[[nodiscard]] std::optional<size_t> rtp_header_size(Bytes packet);

/// The index that a sequence number most probably stands for, RFC 3711 §3.3.1 and Appendix A.
[[nodiscard]] uint64_t guess_index(uint64_t highest, uint16_t sequence_number);

}  // namespace millrace::srtp
