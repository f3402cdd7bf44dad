#include "hub/log_index.hpp"

#include <algorithm>

namespace millrace {

void LogIndex::note_end(MediaTime dts) {
  if (entries_.empty() || entries_.back().end != log_.end()) {
    entries_.push_back({log_.end(), dts});
  }
}

uint64_t LogIndex::frame_end_after(uint64_t position) const {
  size_t low = 0;
  size_t high = entries_.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (entries_[middle].end <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < entries_.size() ? entries_[low].end : log_.end();
}

bool LogIndex::at_boundary(uint64_t position) const {
  return position == log_.end() || position == 0 || frame_end_after(position - 1) == position;
}

uint64_t LogIndex::oldest_within(size_t max_bytes, Duration max_lag, MediaTime newest) const {
  uint64_t oldest = log_.begin();
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (log_.end() - oldest <= max_bytes && newest - entries_[i].dts <= max_lag) {
      break;
    }
    oldest = entries_[i].end;
  }
  return oldest;
}

void LogIndex::add_join(JoinPoint point) {
  joins_.push_back(std::move(point));
  if (joins_.size() > kMaxJoinPoints) {
    joins_.pop_front();
  }
}

const JoinPoint* LogIndex::newest_join() const { return joins_.empty() ? nullptr : &joins_.back(); }

void LogIndex::forget_joins_without_video() {
  while (!joins_.empty() && joins_.front().video == nullptr) {
    joins_.pop_front();
  }
}

void LogIndex::add_splice(JoinPoint splice) {
  for (size_t i = 0; i < joins_.size(); ++i) {
    if (joins_[i].position == splice.position) {
      joins_[i].video = splice.video;
      joins_[i].audio = splice.audio;
      joins_[i].mark = splice.mark;
    }
  }
  if (!splices_.empty() && splices_.back().position == splice.position) {
    splices_.back() = std::move(splice);
  } else {
    splices_.push_back(std::move(splice));
  }
}

const JoinPoint* LogIndex::splice_at(uint64_t position) const {
  for (const JoinPoint& splice : splices_) {
    if (splice.position == position) {
      return &splice;
    }
  }
  return nullptr;
}

uint64_t LogIndex::next_stop(uint64_t position) const {
  uint64_t stop = log_.end();
  for (const JoinPoint& splice : splices_) {
    if (splice.position > position) {
      stop = std::min(stop, splice.position);
    }
  }
  return stop;
}

const JoinPoint* LogIndex::point_at(uint64_t position) const {
  // A join point first: one that lies at a splice is the later of the two.
  for (size_t i = joins_.size(); i > 0; --i) {
    if (joins_[i - 1].position == position) {
      return &joins_[i - 1];
    }
  }
  return splice_at(position);
}

void LogIndex::forget_before(uint64_t position) {
  while (!joins_.empty() && joins_.front().position < position) {
    joins_.pop_front();
  }
  std::erase_if(splices_,
                [position](const JoinPoint& splice) { return splice.position < position; });
  // The entry that ends here is kept: it says that here is a boundary.
  while (!entries_.empty() && entries_.front().end < position) {
    entries_.pop_front();
  }
}

}  // namespace millrace
