#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

/// Transport-wide feedback: which packets came, and when.
/// Source: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1. Borrows from the packet.
class TransportFeedback {
 public:
  /// Unit of the arrival times, in microseconds: 250, and the reference time is 256 of them.
  static constexpr int64_t kTickUs = 250;
  static constexpr int64_t kReferenceTicks = 256;
  /// Most packets that one message may report. Real ones report some hundred; a run of "not
  /// received" takes 2 bytes for up to 8191, so the limit bounds the work that a few bytes can ask
  /// for.
  static constexpr size_t kMaxStatuses = 8192;

  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;
  uint16_t base_sequence_number = 0;
  uint16_t status_count = 0;
  int32_t reference_time = 0;  // 24 bits, signed, units of 64 ms on the receiver's clock; wraps
  uint8_t feedback_count = 0;  // number of the message, wraps

  /// Checks the whole message, so that for_each() cannot fail.
  /// @return kRtcpPacketMalformed when chunks or deltas are cut, or there are more statuses than
  ///         kMaxStatuses, or none.
  [[nodiscard]] static Result<TransportFeedback> parse(const RtcpPacket& packet);

  /// Calls `visit(uint16_t sequence_number, std::optional<int64_t> arrival)` for each packet in
  /// order; the arrival is in ticks of kTickUs on the receiver's clock, nullopt: not received.
  template <typename Visit>
  void for_each(Visit visit) const {
    ByteReader chunks(chunks_);
    ByteReader deltas(deltas_);
    int64_t arrival = reference_time * kReferenceTicks;
    uint16_t sequence_number = base_sequence_number;
    size_t left = status_count;
    while (left > 0) {
      const Chunk chunk(chunks.u16());
      for (size_t i = 0; i < chunk.count && left > 0; ++i, --left, ++sequence_number) {
        const Symbol symbol = chunk.symbol(i);
        if (symbol == Symbol::kSmallDelta) {
          arrival += deltas.u8();
        } else if (symbol == Symbol::kLargeDelta) {
          arrival += static_cast<int16_t>(deltas.u16());
        }
        const bool received = symbol == Symbol::kSmallDelta || symbol == Symbol::kLargeDelta;
        visit(sequence_number, received ? std::optional<int64_t>(arrival) : std::nullopt);
      }
    }
  }

  /// Writes a message about consecutive packets.
  /// @param arrivals  in ticks, of the packets from `base_sequence_number` on; the last one must
  /// have
  ///                  been received. The reference time is taken from the first that was.
  /// @return how many of them are reported: fewer than given when the room is full or two arrivals
  ///         are too far apart for a delta; the rest belongs into the next message. 0: no room.
  static size_t write(ByteWriter& writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                      uint8_t feedback_count, uint16_t base_sequence_number,
                      std::span<const std::optional<int64_t>> arrivals);

 private:
  /// Packet status symbols, §3.1.1.
  enum class Symbol : uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2, kReserved = 3 };

  /// Packet status chunks, §3.1.3 (run length) and §3.1.4 (status vector).
  struct Chunk {
    explicit Chunk(uint16_t word)
        : bits(word),
          count((word & 0x8000) == 0   ? word & 0x1fffU
                : (word & 0x4000) == 0 ? 14U
                                       : 7U) {}
    [[nodiscard]] Symbol symbol(size_t index) const {
      if ((bits & 0x8000) == 0) {
        return static_cast<Symbol>(bits >> 13 & 3);
      }
      if ((bits & 0x4000) == 0) {
        return static_cast<Symbol>(bits >> (13 - index) & 1);
      }
      return static_cast<Symbol>(bits >> (12 - 2 * index) & 3);
    }
    uint16_t bits;
    size_t count;
  };

  Bytes chunks_;
  Bytes deltas_;
};

}  // namespace millrace::rtp
