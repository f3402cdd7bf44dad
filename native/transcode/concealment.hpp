#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace millrace::transcode {

/// Remembers the newest samples and goes on from them where samples are missing: the last period of
/// the waveform is repeated while it fades out, as ITU-T G.711 Appendix I does it. Longer gaps end
/// in silence. Sans-IO.
class Concealment {
 public:
  /// @param rate  samples per second and channel. @param channels  interleaved.
  Concealment(uint32_t rate, uint32_t channels);

  /// Samples that were handed on, real or made.
  void remember(std::span<const float> samples);
  /// Forgets them: what comes next does not follow on.
  void forget();
  /// Appends `count` samples per channel to `out`.
  void conceal(size_t count, std::vector<float>& out);

 private:
  [[nodiscard]] size_t find_period() const;

  const uint32_t rate_;
  const uint32_t channels_;
  const size_t capacity_;       // samples per channel that are remembered
  std::vector<float> history_;  // interleaved, newest last
};

}  // namespace millrace::transcode
