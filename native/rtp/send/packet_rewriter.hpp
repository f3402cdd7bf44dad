#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace::rtp {

/// What a viewer's copy of a packet has of its own.
struct Rewritten {
  int64_t index = 0;  // the sequence number, counted on beyond 16 bits
  uint16_t sequence_number = 0;
  uint32_t timestamp = 0;
  uint16_t picture_id_offset = 0;  // to be added to the picture id, VP8 and VP9
  uint8_t tl0_pic_idx_offset = 0;  // to be added to TL0PICIDX
};

/// How a viewer who begins in the past of a source gets to its present: what lies before `edge` is
/// drawn together before it, so that a decoder gets through it at once and the first picture that
/// is shown for long is the newest.
struct CatchUp {
  int64_t edge = 0;  // the source's newest timestamp
  int64_t speed = 64;
};

/// Turns the packets of changing sources into one stream for one viewer: sequence numbers,
/// timestamps and picture ids go on over a change of simulcast layer or of the publisher.
///
/// A source is named by a number that the caller chooses; a publisher that comes back is a new one.
/// Rule of use: switch_to() at a random access point, then forward() its packets.
///
/// The numbers of a packet follow from its own and those of its source alone, so that nothing is
/// kept per packet that is sent, and one that is sent again is the same.
class PacketRewriter {
 public:
  struct Options {
    uint16_t first_sequence_number = 0;
    uint32_t first_timestamp = 0;
    uint32_t clock_rate = 90000;
    uint8_t max_retransmissions = 8;  // of one packet
  };
  explicit PacketRewriter(const Options& options);

  /// The packets of `source` count from `first` on, which should start a random access point.
  /// @param same_time  the timestamp on the clock of the source before of what `first` shows, when
  ///                   it is known (sender reports); else the time between the arrivals counts.
  void switch_to(uint32_t source, const MediaPacket& first,
                 std::optional<int64_t> same_time = std::nullopt,
                 std::optional<CatchUp> catch_up = std::nullopt);
  [[nodiscard]] std::optional<uint32_t> source() const {
    return started_ ? std::optional(current_.source) : std::nullopt;
  }

  /// @return nullopt when the packet is not to be sent: of another source, or before the switch.
  [[nodiscard]] std::optional<Rewritten> forward(uint32_t source, const MediaPacket& packet);
  /// Leaves out a packet of the current source (an upper temporal layer) without a gap.
  void leave_out(const MediaPacket& packet);

  /// Applies the offsets to the payload of the viewer's copy.
  static void patch(std::span<uint8_t> payload, const PayloadInfo& info,
                    const Rewritten& rewritten);

  struct Retransmission {
    MediaPacketRef packet;
    Rewritten rewritten;
  };
  /// Answers one sequence number of a NACK.
  /// @param rtt   a packet that was sent again less than this before is still under way.
  /// @param find  `MediaPacketRef find(uint32_t source, int64_t index)`: the source's
  /// PacketHistory.
  /// @return nullopt when it was never sent, is forgotten, under way, or was sent too often.
  template <typename Find>
  [[nodiscard]] std::optional<Retransmission> on_nack(uint16_t sequence_number, Time now,
                                                      Duration rtt, Find find) {
    const auto asked = packet_of(sequence_number);
    if (!asked || !may_repeat(asked->sequence, now, rtt)) {
      return std::nullopt;
    }
    MediaPacketRef packet = find(asked->epoch->source, asked->index);
    if (!packet) {
      return std::nullopt;
    }
    note_repeated(asked->sequence, now);
    const Rewritten numbers = rewritten(*asked->epoch, asked->sequence, packet->timestamp);
    return Retransmission{std::move(packet), numbers};
  }

  /// The packet that was sent `back` packets before the newest, for padding that is not only
  /// zeros. @param find  as above. @return nullopt when it is not here any more.
  template <typename Find>
  [[nodiscard]] std::optional<Retransmission> recent(uint16_t back, Find find) const {
    const auto asked = packet_of(static_cast<uint16_t>(last_sequence_ - back));
    MediaPacketRef packet = asked ? find(asked->epoch->source, asked->index) : MediaPacketRef();
    if (!packet) {
      return std::nullopt;
    }
    const Rewritten numbers = rewritten(*asked->epoch, asked->sequence, packet->timestamp);
    return Retransmission{std::move(packet), numbers};
  }
  /// What was sent until now is not sent again: it would only keep what follows waiting.
  void forget() { first_repeatable_ = last_sequence_ + 1; }

  /// Timestamp for the viewer of a timestamp of the current source: for sender reports.
  [[nodiscard]] uint32_t timestamp_of(int64_t timestamp) const {
    return static_cast<uint32_t>(current_.timestamp_of(timestamp));
  }

 private:
  /// A stretch of one source.
  struct Epoch {
    uint32_t source = 0;
    uint16_t picture_id_offset = 0;
    uint8_t tl0_pic_idx_offset = 0;
    bool has_left_out = false;
    int64_t first_index = 0;
    int64_t first_sequence = 0;
    int64_t sequence_offset = 0;  // to the index, before what was left out
    int64_t timestamp_offset = 0;
    std::optional<CatchUp> catch_up;

    [[nodiscard]] int64_t timestamp_of(int64_t timestamp) const {
      if (catch_up && timestamp < catch_up->edge) {
        timestamp = catch_up->edge - (catch_up->edge - timestamp) / catch_up->speed;
      }
      return timestamp + timestamp_offset;
    }
  };
  struct Asked {
    const Epoch* epoch;
    int64_t index;     // of the source's packet
    int64_t sequence;  // unwrapped
  };
  struct Repeated {
    int64_t sequence = -1;
    Time at{};
    uint8_t tries = 0;
  };
  static constexpr size_t kEpochs = 4;      // stretches that retransmissions reach back over
  static constexpr size_t kLeftOut = 128;   // indices that late packets reach back over
  static constexpr size_t kRepeated = 128;  // retransmissions that are remembered

  /// What was sent, or would have been, with a sequence number; nullopt when nobody knows.
  [[nodiscard]] std::optional<Asked> packet_of(uint16_t sequence_number) const;
  [[nodiscard]] bool may_repeat(int64_t sequence, Time now, Duration rtt) const;
  void note_repeated(int64_t sequence, Time now);
  [[nodiscard]] static Rewritten rewritten(const Epoch& epoch, int64_t sequence, int64_t timestamp);

  // What each packet needs comes first: of many viewers it is fetched anew for each.
  Epoch current_;
  bool started_ = false;
  uint8_t last_tl0_pic_idx_ = 0;  // this and what follows: of the newest packet that was sent
  uint16_t last_picture_id_ = 0;
  int64_t last_sequence_ = 0;  // unwrapped
  int64_t last_timestamp_ = 0;
  Time last_arrival_{};
  int64_t left_out_before_ = 0;    // those that are not in the list any more
  std::vector<int64_t> left_out_;  // ascending, of the current epoch

  std::vector<Epoch> previous_;  // the newest last
  int64_t first_repeatable_ = INT64_MIN;
  std::vector<Repeated> repeated_;  // by sequence; empty before the first
  uint32_t clock_rate_;
  uint8_t max_retransmissions_;
};

/// Bounds what retransmissions may add to the traffic of a viewer: half of what is sent anyway, so
/// that a peer that asks for everything again cannot multiply it.
class RetransmissionBudget {
 public:
  void on_sent(size_t bytes) { budget_ = std::min(budget_ + bytes / 2, kMost); }
  /// @return false when the packet must not be sent again now.
  [[nodiscard]] bool take(size_t bytes) {
    if (bytes > budget_) {
      return false;
    }
    budget_ -= bytes;
    return true;
  }

 private:
  static constexpr size_t kMost = 256 * 1024;  // a burst of loss over a GOP's largest picture
  size_t budget_ = 64 * 1024;
};

}  // namespace millrace::rtp
