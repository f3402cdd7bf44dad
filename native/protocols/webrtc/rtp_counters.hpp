#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::webrtc {

/// What RTP and RTCP tell of one session, as statistics want it. The peer's loop writes, any thread
/// reads; each value by itself is right.
struct RtpCounters {
  std::atomic<uint64_t> packets_in{0};  // of media, as they came
  std::atomic<uint64_t> packets_out{0};
  std::atomic<uint64_t> retransmissions_in{0};
  std::atomic<uint64_t> retransmissions_out{0};
  std::atomic<uint64_t> recovered{0};  // from the redundancy (RED) of later packets
  std::atomic<uint64_t> nacks_in{0};   // packets that the peer asked for again
  std::atomic<uint64_t> nacks_out{0};
  std::atomic<uint64_t> plis_in{0};  // PLI and FIR
  std::atomic<uint64_t> plis_out{0};
  /// Lost on the way: of a publisher what never came, of a player what it reports.
  std::atomic<uint64_t> lost{0};
  std::atomic<uint32_t> fraction_lost{0};  // of 256, by the newest report
  std::atomic<uint32_t> rtt_us{0};         // 0: not known
  std::atomic<uint32_t> jitter_us{0};
  std::atomic<uint64_t> estimate_bps{0};  // what the path to a player takes; 0: not known
  std::atomic<uint64_t> switches{0};      // of layer or publisher
};

/// One loop writes each of them.
template <typename T>
void bump(std::atomic<T>& counter, T value = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}
template <typename T, typename V>
void put(std::atomic<T>& counter, V value) {
  counter.store(static_cast<T>(value), std::memory_order_relaxed);
}

}  // namespace millrace::webrtc
