#include "rtp/send/packet_rewriter.hpp"

#include <algorithm>

namespace millrace::rtp {
namespace {

struct PictureIds {
  uint16_t picture_id = 0;
  bool is_long = false;
  uint8_t tl0_pic_idx = 0;
};

PictureIds read_ids(Bytes payload, const PayloadInfo& info) {
  PictureIds out;
  const auto byte = [payload](size_t at) { return at < payload.size() ? payload[at] : uint8_t{0}; };
  if (info.picture_id_offset != 0) {
    const uint8_t high = byte(info.picture_id_offset);
    out.is_long = (high & 0x80) != 0;
    out.picture_id = static_cast<uint16_t>(
        out.is_long ? (high & 0x7f) << 8 | byte(info.picture_id_offset + 1U) : high);
  }
  if (info.tl0_pic_idx_offset != 0) {
    out.tl0_pic_idx = byte(info.tl0_pic_idx_offset);
  }
  return out;
}

}  // namespace

PacketRewriter::PacketRewriter(const Options& options)
    : last_sequence_(int64_t{options.first_sequence_number} - 1),
      last_timestamp_(options.first_timestamp),
      clock_rate_(options.clock_rate),
      max_retransmissions_(options.max_retransmissions) {}

void PacketRewriter::switch_to(uint32_t source, const MediaPacket& first,
                               std::optional<int64_t> same_time, std::optional<CatchUp> catch_up) {
  int64_t timestamp = last_timestamp_;
  if (started_) {
    const int64_t elapsed = duration_cast<microseconds>(first.arrival - last_arrival_).count() *
                            clock_rate_ / 1'000'000;
    timestamp = same_time ? current_.timestamp_of(*same_time) : last_timestamp_ + elapsed;
    // Decoders order frames by it: it must go on, if only a little.
    timestamp = std::max(timestamp, last_timestamp_ + clock_rate_ / 1000);
  }
  Epoch epoch;
  epoch.source = source;
  epoch.first_index = first.index;
  epoch.first_sequence = last_sequence_ + 1;
  epoch.sequence_offset = last_sequence_ + 1 - first.index;
  epoch.catch_up = catch_up;
  epoch.timestamp_offset = timestamp - epoch.timestamp_of(first.timestamp);
  if (started_) {
    const PictureIds ids = read_ids(first.payload(), first.info);
    epoch.picture_id_offset = static_cast<uint16_t>(last_picture_id_ + 1 - ids.picture_id);
    epoch.tl0_pic_idx_offset = static_cast<uint8_t>(last_tl0_pic_idx_ + 1 - ids.tl0_pic_idx);
  }
  left_out_.clear();
  left_out_before_ = 0;
  if (started_) {
    if (previous_.size() == kEpochs - 1) {
      previous_.erase(previous_.begin());
    }
    previous_.push_back(current_);
  }
  current_ = epoch;
  started_ = true;
}

Rewritten PacketRewriter::rewritten(const Epoch& epoch, int64_t sequence, int64_t timestamp) {
  return {sequence, static_cast<uint16_t>(sequence),
          static_cast<uint32_t>(epoch.timestamp_of(timestamp)), epoch.picture_id_offset,
          epoch.tl0_pic_idx_offset};
}

std::optional<Rewritten> PacketRewriter::forward(uint32_t source, const MediaPacket& packet) {
  const Epoch& epoch = current_;
  if (!started_ || epoch.source != source || packet.index < epoch.first_index) {
    return std::nullopt;
  }
  const auto left_out = std::ranges::lower_bound(left_out_, packet.index);
  if ((left_out != left_out_.end() && *left_out == packet.index) ||
      (left_out == left_out_.begin() && left_out_before_ > 0 && !left_out_.empty())) {
    return std::nullopt;  // left out, or so late that nobody knows how many were
  }
  const int64_t sequence =
      packet.index + epoch.sequence_offset - left_out_before_ - (left_out - left_out_.begin());
  if (sequence > last_sequence_) {
    last_sequence_ = sequence;
    last_timestamp_ = std::max(last_timestamp_, epoch.timestamp_of(packet.timestamp));
    last_arrival_ = packet.arrival;
    const PictureIds ids = read_ids(packet.payload(), packet.info);
    last_picture_id_ = static_cast<uint16_t>(ids.picture_id + epoch.picture_id_offset);
    last_tl0_pic_idx_ = static_cast<uint8_t>(ids.tl0_pic_idx + epoch.tl0_pic_idx_offset);
  }
  return rewritten(epoch, sequence, packet.timestamp);
}

void PacketRewriter::leave_out(const MediaPacket& packet) {
  if (!started_ || packet.index < current_.first_index) {
    return;
  }
  const int64_t newest_sent = last_sequence_ - current_.sequence_offset + left_out_before_ +
                              static_cast<int64_t>(left_out_.size());
  if (packet.index <= newest_sent) {
    return;  // the viewer has been told of a gap here already
  }
  current_.has_left_out = true;
  left_out_.reserve(kLeftOut);
  if (left_out_.size() == kLeftOut) {
    left_out_.erase(left_out_.begin(), left_out_.begin() + kLeftOut / 2);
    left_out_before_ += static_cast<int64_t>(kLeftOut / 2);
  }
  left_out_.push_back(packet.index);
}

void PacketRewriter::patch(std::span<uint8_t> payload, const PayloadInfo& info,
                           const Rewritten& rewritten) {
  if (rewritten.picture_id_offset != 0 && info.picture_id_offset != 0 &&
      info.picture_id_offset + 1U < payload.size()) {
    const PictureIds ids = read_ids(payload, info);
    const auto id = static_cast<uint16_t>(ids.picture_id + rewritten.picture_id_offset);
    if (ids.is_long) {
      payload[info.picture_id_offset] = static_cast<uint8_t>(0x80 | (id >> 8 & 0x7f));
      payload[info.picture_id_offset + 1U] = static_cast<uint8_t>(id);
    } else {
      payload[info.picture_id_offset] = static_cast<uint8_t>(id & 0x7f);
    }
  }
  if (info.tl0_pic_idx_offset != 0 && info.tl0_pic_idx_offset < payload.size()) {
    uint8_t& tl0 = payload[info.tl0_pic_idx_offset];
    tl0 = static_cast<uint8_t>(tl0 + rewritten.tl0_pic_idx_offset);
  }
}

std::optional<PacketRewriter::Asked> PacketRewriter::packet_of(uint16_t sequence_number) const {
  const int64_t sequence =
      last_sequence_ -
      static_cast<uint16_t>(static_cast<uint16_t>(last_sequence_) - sequence_number);
  if (!started_ || sequence < first_repeatable_) {
    return std::nullopt;
  }
  for (size_t back = 0; back <= previous_.size(); ++back) {
    const Epoch& epoch = back == 0 ? current_ : previous_[previous_.size() - back];
    if (sequence < epoch.first_sequence) {
      continue;
    }
    int64_t index = sequence - epoch.sequence_offset;
    if (!epoch.has_left_out) {
      return Asked{&epoch, index, sequence};
    }
    if (back != 0) {
      return std::nullopt;  // what was left out of it is forgotten
    }
    index += left_out_before_;
    if (left_out_before_ > 0 && !left_out_.empty() && index < left_out_.front()) {
      return std::nullopt;
    }
    for (const int64_t left_out : left_out_) {
      index += left_out <= index ? 1 : 0;
    }
    return Asked{&epoch, index, sequence};
  }
  return std::nullopt;
}

bool PacketRewriter::may_repeat(int64_t sequence, Time now, Duration rtt) const {
  if (repeated_.empty()) {
    return true;
  }
  const Repeated& repeated = repeated_[static_cast<size_t>(sequence) & (kRepeated - 1)];
  return repeated.sequence != sequence ||
         (repeated.tries < max_retransmissions_ && now - repeated.at >= rtt);
}

void PacketRewriter::note_repeated(int64_t sequence, Time now) {
  repeated_.resize(kRepeated);
  Repeated& repeated = repeated_[static_cast<size_t>(sequence) & (kRepeated - 1)];
  if (repeated.sequence != sequence) {
    repeated = {sequence, now, 0};
  }
  repeated.at = now;
  ++repeated.tries;
}

}  // namespace millrace::rtp
