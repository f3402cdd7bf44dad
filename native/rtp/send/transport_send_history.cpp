#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {

uint16_t TransportSendHistory::on_packet(size_t size_bytes, Time now) {
  sent_[static_cast<size_t>(next_) & (sent_.size() - 1)] = {next_, now,
                                                            static_cast<uint32_t>(size_bytes)};
  sent_bytes_ += size_bytes;
  return static_cast<uint16_t>(next_++);
}

void TransportSendHistory::on_feedback(const TransportFeedback& feedback,
                                       std::vector<PacketResult>& results) {
  // The reference time has 24 bits; shifted up, it wraps where the unwrapper expects it.
  const int64_t reference =
      reference_.unwrap(static_cast<uint32_t>(feedback.reference_time) << 8) >> 8;
  const int64_t correction =
      (reference - feedback.reference_time) * TransportFeedback::kReferenceTicks;
  feedback.for_each([&](uint16_t sequence_number, std::optional<int64_t> arrival) {
    // The newest number that was sent with these 16 bits.
    const int64_t number =
        next_ - 1 - static_cast<uint16_t>(static_cast<uint16_t>(next_ - 1) - sequence_number);
    if (number < 0) {
      return;
    }
    Sent& sent = sent_[static_cast<size_t>(number) & (sent_.size() - 1)];
    if (sent.number != number) {
      return;  // forgotten, never sent, or told of before
    }
    PacketResult result{sent.time, std::nullopt, sent.size_bytes};
    if (arrival) {
      result.arrival = microseconds((*arrival + correction) * TransportFeedback::kTickUs);
    }
    sent.number = -1;
    results.push_back(result);
  });
}

}  // namespace millrace::rtp
