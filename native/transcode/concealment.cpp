#include "transcode/concealment.hpp"

#include <algorithm>
#include <cstddef>

namespace millrace::transcode {

namespace {

// Pitch is looked for from 400 Hz down to 66 Hz, over a window of 20 ms (G.711 Appendix I).
constexpr uint32_t kHighestPitch = 400;
constexpr uint32_t kLowestPitch = 66;
constexpr uint32_t kWindowsPerSecond = 50;
// A longer repetition sounds like a machine: it is silent after 60 ms.
constexpr uint32_t kFadeMs = 60;

}  // namespace

Concealment::Concealment(uint32_t rate, uint32_t channels)
    : rate_(rate), channels_(channels), capacity_(rate / kLowestPitch + rate / kWindowsPerSecond) {
  history_.reserve(2 * capacity_ * channels);
}

void Concealment::remember(std::span<const float> samples) {
  const size_t keep = capacity_ * channels_;
  if (samples.size() >= keep) {
    history_.assign(samples.end() - static_cast<std::ptrdiff_t>(keep), samples.end());
    return;
  }
  history_.insert(history_.end(), samples.begin(), samples.end());
  if (history_.size() > keep) {
    history_.erase(history_.begin(), history_.end() - static_cast<std::ptrdiff_t>(keep));
  }
}

void Concealment::forget() { history_.clear(); }

/// The lag, in samples, at which the newest window is most like what came before it.
size_t Concealment::find_period() const {
  const size_t length = history_.size() / channels_;
  const size_t window = rate_ / kWindowsPerSecond;
  const size_t shortest = rate_ / kHighestPitch;
  if (length < window + shortest) {
    return 0;
  }
  const size_t longest = std::min<size_t>(rate_ / kLowestPitch, length - window);
  // The first channel alone: the period is the same for all, and only a few lags per millisecond
  // and every second sample are looked at, because 48 kHz is much finer than pitch.
  constexpr size_t kSampleStep = 2;
  const auto at = [this](size_t index) { return history_[index * channels_]; };
  size_t best = longest;
  float best_score = -1.0F;
  for (size_t lag = shortest; lag <= longest; ++lag) {
    float product = 0;
    float energy = 0;
    for (size_t i = length - window; i < length; i += kSampleStep) {
      product += at(i) * at(i - lag);
      energy += at(i - lag) * at(i - lag);
    }
    const float score = energy > 0 && product > 0 ? product * product / energy : 0;
    if (score > best_score) {
      best_score = score;
      best = lag;
    }
  }
  return best;
}

void Concealment::conceal(size_t count, std::vector<float>& out) {
  const size_t begin = out.size();
  out.resize(begin + count * channels_, 0.0F);
  const size_t period = find_period();
  if (period == 0) {
    return;
  }
  const size_t fade = static_cast<size_t>(rate_) * kFadeMs / 1000;
  const float* last = history_.data() + history_.size() - period * channels_;
  for (size_t i = 0; i < std::min(count, fade); ++i) {
    const float gain = 1.0F - static_cast<float>(i) / static_cast<float>(fade);
    for (size_t channel = 0; channel < channels_; ++channel) {
      out[begin + i * channels_ + channel] = gain * last[i % period * channels_ + channel];
    }
  }
}

}  // namespace millrace::transcode
