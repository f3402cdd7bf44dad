#include "rtp/rtcp/transport_feedback.hpp"

#include <algorithm>

namespace millrace::rtp {
namespace {

constexpr size_t kFixedSize = kFeedbackHeaderSize + 8;
constexpr size_t kVectorSymbols = 7;  // of two bits each, in a status vector chunk
constexpr size_t kMaxRun = 0x1fff;

int64_t floor_div(int64_t value, int64_t divisor) {
  return value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor);
}

}  // namespace

Result<TransportFeedback> TransportFeedback::parse(const RtcpPacket& packet) {
  const Error malformed{ErrorCode::kRtcpPacketMalformed, static_cast<uint32_t>(packet.body.size())};
  ByteReader reader(packet.body);
  TransportFeedback out;
  out.sender_ssrc = reader.u32();
  out.media_ssrc = reader.u32();
  out.base_sequence_number = reader.u16();
  out.status_count = reader.u16();
  out.reference_time = reader.s24();
  out.feedback_count = reader.u8();
  if (!reader.ok() || !packet.is(TransportFeedbackType::kTransportWide) || out.status_count == 0 ||
      out.status_count > kMaxStatuses) {
    return malformed;
  }
  const Bytes rest = reader.rest();
  size_t delta_bytes = 0;
  for (size_t left = out.status_count; left > 0;) {
    const Chunk chunk(reader.u16());
    const size_t count = std::min(chunk.count, left);
    if (!reader.ok() || count == 0) {
      return malformed;
    }
    for (size_t i = 0; i < count; ++i) {
      const Symbol symbol = chunk.symbol(i);
      delta_bytes += symbol == Symbol::kSmallDelta ? 1 : symbol == Symbol::kLargeDelta ? 2 : 0;
    }
    left -= count;
  }
  out.chunks_ = rest.first(rest.size() - reader.remaining());
  if (delta_bytes > reader.remaining()) {
    return malformed;
  }
  out.deltas_ = reader.bytes(delta_bytes);
  return out;
}

size_t TransportFeedback::write(ByteWriter& writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                                uint8_t feedback_count, uint16_t base_sequence_number,
                                std::span<const std::optional<int64_t>> arrivals) {
  assert(!arrivals.empty() && arrivals.back());
  arrivals = arrivals.first(std::min(arrivals.size(), kMaxStatuses));
  const auto first =
      std::ranges::find_if(arrivals, [](const auto& one) { return one.has_value(); });
  if (first == arrivals.end()) {
    return 0;
  }
  const int64_t reference = floor_div(**first, kReferenceTicks);
  const auto symbol_of = [](int64_t delta) {
    return delta >= 0 && delta <= 0xff ? Symbol::kSmallDelta : Symbol::kLargeDelta;
  };

  // First how far the message reaches: chunks and deltas share the room.
  const size_t room = writer.room_left() / 4 * 4;
  const size_t fixed = kRtcpHeaderSize + kFixedSize;
  size_t count = 0;   // up to the last received packet that fits
  size_t deltas = 0;  // bytes
  size_t chunks = 0;  // up to `count`
  {
    int64_t last = reference * kReferenceTicks;
    size_t chunk_total = 0;
    size_t in_vector = 0;  // symbols in the vector chunk at hand
    for (size_t i = 0; i < arrivals.size();) {
      if (!arrivals[i]) {
        size_t run = 1;
        while (i + run < arrivals.size() && !arrivals[i + run]) {
          ++run;
        }
        // A gap goes into what is left of the vector, and a long rest of it into chunks of its own.
        const size_t into_vector = std::min(run, (kVectorSymbols - in_vector) % kVectorSymbols);
        in_vector = (in_vector + into_vector) % kVectorSymbols;
        size_t rest = run - into_vector;
        if (rest >= kVectorSymbols) {
          chunk_total += (rest + kMaxRun - 1) / kMaxRun;
        } else if (rest > 0) {
          ++chunk_total;
          in_vector = rest;
        }
        i += run;
        continue;
      }
      const int64_t delta = *arrivals[i] - last;
      if (delta < INT16_MIN || delta > INT16_MAX) {
        break;
      }
      const size_t more = symbol_of(delta) == Symbol::kSmallDelta ? 1 : 2;
      const size_t total_chunks = chunk_total + (in_vector == 0 ? 1 : 0);
      if (fixed + 2 * total_chunks + deltas + more > room) {
        break;
      }
      chunk_total = total_chunks;
      in_vector = (in_vector + 1) % kVectorSymbols;
      deltas += more;
      last = *arrivals[i];
      count = ++i;
      chunks = chunk_total;
    }
  }
  if (count == 0) {
    return 0;
  }

  const size_t unpadded = kFixedSize + 2 * chunks + deltas;
  const size_t body = (unpadded + 3) / 4 * 4;
  write_rtcp_header(writer, RtcpType::kTransportFeedback,
                    static_cast<uint8_t>(TransportFeedbackType::kTransportWide), body);
  writer.u32(sender_ssrc);
  writer.u32(media_ssrc);
  writer.u16(base_sequence_number);
  writer.u16(static_cast<uint32_t>(count));
  writer.u24(static_cast<uint32_t>(reference) & 0xffffff);
  writer.u8(feedback_count);

  const auto reported = arrivals.first(count);
  int64_t last = reference * kReferenceTicks;
  uint32_t vector = 0;
  size_t in_vector = 0;
  size_t written_chunks = 0;
  const auto flush = [&] {
    if (in_vector > 0) {
      writer.u16(0xc000U | vector << (2 * (kVectorSymbols - in_vector)));
      ++written_chunks;
      vector = 0;
      in_vector = 0;
    }
  };
  const auto put = [&](Symbol symbol) {
    vector = vector << 2 | static_cast<uint32_t>(symbol);
    if (++in_vector == kVectorSymbols) {
      flush();
    }
  };
  for (size_t i = 0; i < count;) {
    if (reported[i]) {
      put(symbol_of(*reported[i] - last));
      last = *reported[i++];
      continue;
    }
    size_t run = 1;
    while (!reported[i + run]) {
      ++run;  // ends: the last one was received
    }
    i += run;
    for (; run > 0 && in_vector > 0; --run) {
      put(Symbol::kNotReceived);
    }
    if (run >= kVectorSymbols) {
      for (; run > 0; run -= std::min(run, kMaxRun)) {
        writer.u16(static_cast<uint32_t>(std::min(run, kMaxRun)));
        ++written_chunks;
      }
    }
    for (; run > 0; --run) {
      put(Symbol::kNotReceived);
    }
  }
  flush();
  assert(written_chunks == chunks);
  last = reference * kReferenceTicks;
  for (const auto& arrival : reported) {
    if (arrival) {
      const int64_t delta = *arrival - last;
      if (symbol_of(delta) == Symbol::kSmallDelta) {
        writer.u8(static_cast<uint32_t>(delta));
      } else {
        writer.u16(static_cast<uint32_t>(delta) & 0xffff);
      }
      last = *arrival;
    }
  }
  writer.fill(0, body - unpadded);
  return count;
}

}  // namespace millrace::rtp
