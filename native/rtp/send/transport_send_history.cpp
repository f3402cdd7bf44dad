#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {

uint16_t TransportSendHistory::on_packet(size_t size_bytes, Time now) {
  newest_us_ = duration_cast<microseconds>(now.time_since_epoch()).count();
  sent_[static_cast<size_t>(next_) & (sent_.size() - 1)] = {static_cast<uint32_t>(newest_us_),
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
    if (number < 0 || next_ - number > static_cast<int64_t>(sent_.size())) {
      return;  // never sent, or forgotten
    }
    Sent& sent = sent_[static_cast<size_t>(number) & (sent_.size() - 1)];
    if (sent.size_bytes == 0) {
      return;
    }
    const uint32_t before_newest_us = static_cast<uint32_t>(newest_us_) - sent.time_us;
    PacketResult result{Time(microseconds(newest_us_ - before_newest_us)), std::nullopt,
                        sent.size_bytes};
    if (arrival) {
      result.arrival = microseconds((*arrival + correction) * TransportFeedback::kTickUs);
    }
    sent.size_bytes = 0;
    results.push_back(result);
  });
}

}  // namespace millrace::rtp
