#include "transcode/sample_timeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace millrace::transcode {

namespace {

// A longer hole is no loss but a pause: nobody wants to hear it filled, and the times show it.
constexpr int64_t kJumpMs = 500;
// Sound that sets in at once clicks.
constexpr int64_t kFadeInMs = 10;
constexpr int64_t kCrossFadeMs = 5;
// Weight of one frame in the average: about a second and a half of frames of 20 ms.
constexpr double kDriftWeight = 1.0 / 64;
// A difference that lasts and is larger is mended, by at most 2 samples of 1000, which is
// inaudible.
constexpr int64_t kDriftMs = 5;
constexpr int64_t kMaxStretchPerMille = 2;

}  // namespace

SampleTimeline::SampleTimeline(const Options& options)
    : options_(options), concealment_(options.rate, options.channels) {
  set_tolerance(std::chrono::milliseconds(60));
}

void SampleTimeline::set_tolerance(MediaTime tolerance) {
  tolerance_ = to_ticks(tolerance, options_.rate);
}

void SampleTimeline::add(std::span<const float> samples, MediaTime at, uint32_t pending) {
  // poll() has taken all whole frames; what is left is less than one.
  fifo_.erase(fifo_.begin(), fifo_.begin() + static_cast<std::ptrdiff_t>(head_));
  if (jump_index_) {
    *jump_index_ -= std::min(*jump_index_, head_);
  }
  head_ = 0;

  const int64_t position = to_ticks(at, options_.rate);
  const size_t channels = options_.channels;
  if (!started_) {
    start_at(position);
  }
  // The resampler gives the end of the frame before first.
  const size_t before = std::min<size_t>(pending_ * channels, samples.size());
  append(samples.first(before));
  samples = samples.subspan(before);
  pending_ = pending;

  const int64_t difference = position - next_position_;
  const int64_t jump = kJumpMs * options_.rate / 1000;
  if (difference >= jump || difference <= -jump) {
    ++repairs_.jumps;
    jump_to(position);
  } else if (difference > tolerance_) {
    ++repairs_.gaps;
    fill_gap(difference);
  } else if (difference < -tolerance_) {
    ++repairs_.overlaps;
    const size_t surplus = std::min(static_cast<size_t>(-difference) * channels, samples.size());
    samples = samples.subspan(surplus);
    cross_fade_.clear();
    concealment_.conceal(static_cast<size_t>(kCrossFadeMs * options_.rate / 1000), cross_fade_);
    drift_ = 0;
  } else {
    drift_ += (static_cast<double>(difference) - drift_) * kDriftWeight;
  }
  append_crossfaded(samples);
}

void SampleTimeline::start_at(int64_t position) {
  started_ = true;
  head_position_ = next_position_ = position;
  stretch_not_before_ = position + options_.rate;
  fade_in_left_ = static_cast<size_t>(kFadeInMs * options_.rate / 1000);
  drift_ = 0;
  cross_fade_.clear();
  concealment_.forget();
}

/// The old time ends with a whole frame, in which the sound fades out.
void SampleTimeline::jump_to(int64_t position) {
  const size_t channels = options_.channels;
  const size_t frame = options_.frame_samples;
  const size_t begin = jump_index_.value_or(0);
  const size_t rest = (fifo_.size() - begin) / channels % frame;
  made_.clear();
  concealment_.conceal(frame - rest, made_);
  fifo_.insert(fifo_.end(), made_.begin(), made_.end());
  const size_t count = std::min<size_t>((fifo_.size() - begin) / channels,
                                        static_cast<size_t>(kFadeInMs * options_.rate / 1000));
  for (size_t i = 0; i < count; ++i) {
    const float gain = static_cast<float>(i) / static_cast<float>(count);
    for (size_t channel = 0; channel < channels; ++channel) {
      fifo_[fifo_.size() - 1 - i * channels - channel] *= gain;
    }
  }
  const int64_t head_position = head_position_;
  start_at(position);
  head_position_ = head_position;
  jump_index_ = fifo_.size();
  jump_position_ = position;
}

void SampleTimeline::fill_gap(int64_t missing) {
  made_.clear();
  const auto count = static_cast<size_t>(missing);
  const auto overlap = static_cast<size_t>(kCrossFadeMs * options_.rate / 1000);
  concealment_.conceal(count + overlap, made_);
  const std::span<const float> all(made_);
  append(all.first(count * options_.channels));
  cross_fade_.assign(all.begin() + static_cast<std::ptrdiff_t>(count * options_.channels),
                     all.end());
  drift_ = 0;
}

void SampleTimeline::append(std::span<const float> samples) {
  const size_t begin = fifo_.size();
  fifo_.insert(fifo_.end(), samples.begin(), samples.end());
  const size_t channels = options_.channels;
  const size_t count = samples.size() / channels;
  if (fade_in_left_ > 0) {
    const auto whole = static_cast<float>(kFadeInMs * options_.rate / 1000);
    for (size_t i = 0; i < count && fade_in_left_ > 0; ++i, --fade_in_left_) {
      const float gain = 1.0F - static_cast<float>(fade_in_left_) / whole;
      for (size_t channel = 0; channel < channels; ++channel) {
        fifo_[begin + i * channels + channel] *= gain;
      }
    }
  }
  concealment_.remember(std::span<const float>(fifo_).subspan(begin));
  next_position_ += static_cast<int64_t>(count);
}

void SampleTimeline::append_crossfaded(std::span<const float> samples) {
  const size_t channels = options_.channels;
  const size_t count = std::min(cross_fade_.size(), samples.size()) / channels;
  if (count == 0) {
    append(samples);
    return;
  }
  made_.assign(samples.begin(), samples.end());
  for (size_t i = 0; i < count; ++i) {
    const float gain = static_cast<float>(i) / static_cast<float>(count);
    for (size_t channel = 0; channel < channels; ++channel) {
      float& sample = made_[i * channels + channel];
      sample = gain * sample + (1.0F - gain) * cross_fade_[i * channels + channel];
    }
  }
  cross_fade_.clear();
  append(made_);
}

std::optional<SampleTimeline::Block> SampleTimeline::poll() {
  const size_t frame = static_cast<size_t>(options_.frame_samples) * options_.channels;
  if (jump_index_ && head_ >= *jump_index_) {
    head_position_ = jump_position_;
    jump_index_.reset();
  }
  if (fifo_.size() - head_ < frame) {
    return std::nullopt;
  }
  const Block block{std::span<const float>(fifo_).subspan(head_, frame), head_position_};
  head_ += frame;
  head_position_ += options_.frame_samples;
  return block;
}

int32_t SampleTimeline::take_stretch() {
  const int64_t threshold = kDriftMs * options_.rate / 1000;
  if (next_position_ < stretch_not_before_ || std::abs(drift_) < static_cast<double>(threshold)) {
    return 0;
  }
  const auto most = static_cast<double>(kMaxStretchPerMille * options_.rate / 1000);
  const double wanted = std::clamp(drift_, -most, most);
  // The stretch takes a second, and the average another one to see it.
  stretch_not_before_ = next_position_ + int64_t{2} * options_.rate;
  return static_cast<int32_t>(std::lround(wanted));
}

}  // namespace millrace::transcode
