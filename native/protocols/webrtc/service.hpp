#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/address.hpp"
#include "protocols/webrtc/description.hpp"
#include "protocols/webrtc/rtp_counters.hpp"
#include "rtp/dtls/certificate.hpp"

namespace millrace::webrtc {

class PeerTable;

/// What the home of a session (WebrtcSession) and its peer, on perhaps another loop, both see.
/// Everything but the counters and the wish for a layer is immutable.
struct Shared {
  SessionId id = 0;
  LoopContext* home = nullptr;
  Description description;
  std::atomic<uint64_t> bytes_in{0};
  std::atomic<uint64_t> bytes_out{0};
  std::atomic<uint64_t> skips{0};
  std::atomic<uint64_t> video_frames{0};
  std::atomic<uint64_t> audio_frames{0};
  std::atomic<uint64_t> packets_lost{0};
  std::atomic<uint64_t> packets_resent{0};
  RtpCounters rtp;
  std::atomic<uint32_t> checks{0};
  std::atomic<uint32_t> bad_integrity{0};

  /// A check that named this session with another password. Any thread.
  void note_bad_integrity(const Address& from);
  /// `ip:port` of the last of them; empty when there was none.
  [[nodiscard]] std::string last_bad_integrity() const;

  /// What a player wants from now on, in place of Description::layer. Any thread.
  void want_layer(std::string wish);
  [[nodiscard]] std::string wanted_layer() const;
  /// Grows with each wish.
  std::atomic<uint32_t> layer_wishes{0};

 private:
  mutable std::mutex mutex_;
  std::string wanted_layer_;
  std::optional<Address> last_bad_integrity_;
};
using SharedRef = std::shared_ptr<Shared>;

/// The WebRTC part of one engine: its certificates, and which loop has which peer. Thread-safe; the
/// lock is taken for a connectivity check from an address that its loop does not know, and when a
/// session begins, ends or restarts ICE; never for media.
class Service {
 public:
  /// Made when it is first asked for, which takes a tenth of a second with RSA.
  [[nodiscard]] const dtls::Certificate& certificate(dtls::KeyType type);

  struct Found {
    SharedRef shared;
    IceCredentials ice;          // of the ufrag that was asked for
    PeerTable* owner = nullptr;  // null: no loop has it yet
  };
  /// @param ufrag  the server's own. `shared` is null when no session has it.
  [[nodiscard]] Found find(std::string_view ufrag);

  void announce(const SharedRef& shared);
  /// New credentials; the old ones stay good for checks under way.
  void restart(SessionId session, const IceCredentials& ice);
  /// Takes a session that no loop has. @return false when another was quicker, or it has ended.
  [[nodiscard]] bool claim(SessionId session, PeerTable& table);
  /// @return the loop that had it; null when none.
  PeerTable* forget(SessionId session);

 private:
  struct Entry {
    SharedRef shared;
    PeerTable* owner = nullptr;
    std::vector<std::string> ufrags;
  };
  struct Ufrag {
    SessionId session = 0;
    IceCredentials ice;
  };

  struct MadeOnce {
    std::once_flag once;
    std::unique_ptr<const dtls::Certificate> certificate;
  };
  std::array<MadeOnce, 2> certificates_;  // by key type
  std::mutex mutex_;
  std::unordered_map<SessionId, Entry> entries_;
  std::unordered_map<std::string, Ufrag> ufrags_;
};

}  // namespace millrace::webrtc
