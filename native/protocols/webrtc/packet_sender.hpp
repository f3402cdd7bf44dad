#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "protocols/webrtc/path.hpp"
#include "rtp/srtp/srtp.hpp"

namespace millrace::webrtc {

/// Longest RTP header that is written: fixed part and a few extensions.
constexpr size_t kMaxRtpHeader = 64;

/// RTP packets to one peer that go out with one call: all of one size, only the last may be
/// shorter. There is one of a loop, which its peers use one after the other, so that it stays in
/// the cache.
struct PacketRun {
  std::vector<uint8_t> room = std::vector<uint8_t>(UdpSocket::kMaxSendBytes + 2048);
  size_t bytes = 0;
  size_t packets = 0;
  size_t segment_bytes = 0;
  bool ended = false;  // the last packet was shorter: nothing may follow it
};

/// What goes out to one peer: on which path, protected with which keys.
class PacketSender {
 public:
  /// @param bytes_out  of the session, for statistics.
  PacketSender(PacketRun& run, std::atomic<uint64_t>& bytes_out)
      : run_(run), bytes_out_(bytes_out) {}

  [[nodiscard]] const Path& path() const { return path_; }
  void set_path(const Path& path) {
    path_ = path;
    path_.settle();
  }
  /// To be called now and then, as routes may change.
  void settle_path() { path_.settle(); }
  void set_keys(srtp::Profile profile, const srtp::MasterKey& key) { srtp_.emplace(profile, key); }

  /// OpenSSL's context, to be fetched before use; null when there is none.
  [[nodiscard]] const void* cipher() const { return srtp_ ? srtp_->cipher() : nullptr; }
  /// As it is: one packet, or many of `segment` bytes of which the last may be shorter.
  void send(Bytes bytes, size_t segment);
  /// Protects and sends a compound packet.
  void send_rtcp(Bytes compound);
  /// Protects a packet and adds it to what flush() sends.
  /// @param header  whole RTP header, at most kMaxRtpHeader bytes.
  /// @param index   its sequence number, counted on beyond 16 bits. Of a packet that is sent again
  ///                the same, and then the packet must be the same too.
  void add_rtp(Bytes header, Bytes payload, uint32_t ssrc, uint64_t index);
  /// Sends what was added. To be called before another peer of the loop adds.
  void flush();
  /// Tells statistics what was sent since the last call.
  void count();

 private:
  PacketRun& run_;
  std::optional<srtp::Sender> srtp_;  // null: plain
  uint64_t uncounted_bytes_ = 0;
  Path path_;
  std::atomic<uint64_t>& bytes_out_;
};

}  // namespace millrace::webrtc
