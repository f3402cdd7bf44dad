#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/block_pool.hpp"
#include "base/clock.hpp"
#include "media/codec_id.hpp"
#include "rtp/jitter/nack_generator.hpp"
#include "rtp/jitter/received_times.hpp"
#include "rtp/jitter/reception_statistics.hpp"
#include "rtp/jitter/reorder_buffer.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/packet/media_packet.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/packet/unwrapper.hpp"

namespace millrace::rtp {

struct ReceiveStreamOptions {
  CodecId codec = CodecId::kUnknown;
  uint32_t clock_rate = 90000;
  bool nack = false;  // the peer answers NACKs
  NackOptions nack_options;
  Duration max_reorder_delay = milliseconds(500);  // with NACK: time for a few retransmissions
  size_t max_reorder_packets = 1024;               // a power of two
  bool redundancy = false;                         // packets may bring copies of earlier ones
};

struct ReceiveCounters {
  uint64_t packets = 0;          // taken, retransmissions included
  uint64_t bytes = 0;            // of their payloads
  uint64_t retransmissions = 0;  // taken
  uint64_t recovered = 0;        // taken from the redundancy of later packets
  uint64_t duplicates = 0;
  uint64_t late = 0;
  uint64_t restarts = 0;  // the sender began its sequence numbers anew
};

/// One SSRC that is received: puts its packets in order, asks for lost ones, counts.
///
/// receive() gives each packet once, at once, in the order of arrival: that is what is forwarded.
/// pop() gives them once more in order, for depacketizers; who only forwards drops those.
class ReceiveStream {
 public:
  ReceiveStream(BlockPool& pool, const ReceiveStreamOptions& options);

  enum class Source : uint8_t { kOriginal, kRetransmission, kRedundancy };

  /// Takes a packet of the SSRC, or one that RTX or RED repeats (decapsulated before). Its payload
  /// is copied. What the caller knows of it is to be added before it is handed on.
  /// @return null when it is a duplicate or too late, or the first after a jump of the sequence
  ///         numbers that the next one must confirm (RFC 3550 A.1). That one is kept until then:
  ///         see take_confirmed().
  Ref<MediaPacket> receive(const RtpPacket& packet, const HeaderExtensions& extensions,
                           Source source, Time now);

  /// The packet before the one that receive() has just returned, when with the two the sender has
  /// begun its sequence numbers anew; counters().restarts has grown then.
  [[nodiscard]] Ref<MediaPacket> take_confirmed() { return std::exchange(confirmed_, nullptr); }

  /// Whether a redundant copy in `carrier` is of a packet that is missing. To be asked before
  /// `carrier` itself is received, so that what it brings keeps its place before it.
  /// @param payload  the copy, of the packet that was sent with `timestamp`.
  /// @return the sequence number of that packet; nullopt when it is here, or its place is not sure.
  [[nodiscard]] std::optional<uint16_t> missing_at(const RtpPacket& carrier, uint32_t timestamp,
                                                   Bytes payload) const;

  /// Call until null after each receive(), and at the deadline.
  [[nodiscard]] MediaPacketRef pop(Time now) { return reorder_.pop(now); }

  /// Sequence numbers to ask for again now; see NackGenerator::poll().
  size_t poll_nack(Time now, std::span<uint16_t> out) {
    return options_.nack ? nack_.poll(now, out) : 0;
  }
  /// Is something lost for good, so that a random access point should be asked for?
  [[nodiscard]] bool take_given_up() { return nack_.take_given_up(); }
  void set_round_trip_time(Duration rtt) { nack_.set_round_trip_time(rtt); }

  /// @return the report's RTP timestamp, unwrapped with those of the packets.
  int64_t on_sender_report(uint64_t ntp, uint32_t rtp_timestamp, Time arrival);
  [[nodiscard]] ReportBlock report(uint32_t ssrc, Time now) {
    return statistics_.report(ssrc, now);
  }

  [[nodiscard]] std::optional<Time> next_deadline() const;
  [[nodiscard]] const ReceiveCounters& counters() const { return counters_; }
  [[nodiscard]] const ReceptionStatistics& statistics() const { return statistics_; }
  /// Packets that never came, as far as pop() had to wait for them.
  [[nodiscard]] uint64_t lost() const { return reorder_.lost(); }

 private:
  std::optional<int64_t> index_of(const RtpPacket& packet, const HeaderExtensions& extensions,
                                  Source source, Time now);
  [[nodiscard]] Ref<MediaPacket> keep(const RtpPacket& packet, const HeaderExtensions& extensions,
                                      Time now) const;

  BlockPool& pool_;
  const ReceiveStreamOptions options_;
  SequenceUnwrapper sequence_;
  TimestampUnwrapper timestamp_;
  int64_t restart_offset_ = 0;
  std::optional<uint16_t> expected_after_jump_;
  Ref<MediaPacket> jumped_;  // the packet before that
  uint32_t jumped_timestamp_ = 0;
  Ref<MediaPacket> confirmed_;
  std::unique_ptr<ReceivedTimes> times_;  // with redundancy
  ReceptionStatistics statistics_;
  NackGenerator nack_;
  ReorderBuffer reorder_;
  ReceiveCounters counters_;
};

}  // namespace millrace::rtp
