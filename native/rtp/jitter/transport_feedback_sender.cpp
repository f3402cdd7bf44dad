#include "rtp/jitter/transport_feedback_sender.hpp"

#include "rtp/rtcp/transport_feedback.hpp"

namespace millrace::rtp {

void TransportFeedbackSender::on_packet(uint16_t transport_sequence_number, Time arrival) {
  if (!start_) {
    start_ = arrival;
    due_ = arrival + interval_;
  }
  const int64_t number = unwrapper_.unwrap(transport_sequence_number);
  const int64_t ticks =
      duration_cast<microseconds>(arrival - *start_).count() / TransportFeedback::kTickUs;
  if (arrivals_.empty()) {
    if (!reported_ || number - first_ >= static_cast<int64_t>(kMaxPending)) {
      first_ = number;
    }
  }
  if (number < first_) {
    return;  // reported as lost already
  }
  const auto at = static_cast<size_t>(number - first_);
  if (at >= kMaxPending) {
    arrivals_.clear();  // a jump: the sender began anew
    first_ = number;
    arrivals_.emplace_back(ticks);
    return;
  }
  if (at >= arrivals_.size()) {
    arrivals_.resize(at + 1);
  }
  if (!arrivals_[at]) {
    arrivals_[at] = ticks;
  }
}

bool TransportFeedbackSender::poll(Time now, uint32_t sender_ssrc, uint32_t media_ssrc,
                                   ByteWriter& writer) {
  if (arrivals_.empty() || now < due_) {
    return false;
  }
  const size_t count = TransportFeedback::write(writer, sender_ssrc, media_ssrc, feedback_count_,
                                                static_cast<uint16_t>(first_), arrivals_);
  if (count == 0) {
    return false;
  }
  ++feedback_count_;
  reported_ = true;
  arrivals_.erase(arrivals_.begin(), arrivals_.begin() + static_cast<ptrdiff_t>(count));
  first_ += static_cast<int64_t>(count);
  if (arrivals_.empty()) {
    due_ = now + interval_;
  }
  return true;
}

}  // namespace millrace::rtp
