#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "transcode/audio_pipeline.hpp"
#include "transcode/library_file.hpp"

/// Tones in, tones found again.
namespace millrace::transcode::testing {

inline const MillraceAudioLibrary& library() {
  std::string why;
  const auto opened = open_audio_library(why);
  EXPECT_TRUE(opened.ok()) << why;
  return **opened;
}

/// A sine on all channels, from sample `from` on.
inline std::vector<float> tone(double hertz, uint32_t rate, uint32_t channels, size_t count,
                               size_t from = 0, float amplitude = 0.5F) {
  std::vector<float> samples(count * channels);
  for (size_t i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(from + i) / rate;
    std::fill_n(samples.begin() + static_cast<std::ptrdiff_t>(i * channels), channels,
                amplitude * static_cast<float>(std::sin(phase)));
  }
  return samples;
}

/// Share of the power of one channel that lies at `hertz` (Goertzel, with a Hann window); 1 = all.
inline double share_of(std::span<const float> samples, uint32_t channels, double hertz,
                       uint32_t rate, uint32_t channel = 0) {
  const size_t count = samples.size() / channels;
  std::vector<double> windowed(count);
  double power = 0;
  for (size_t i = 0; i < count; ++i) {
    const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                               static_cast<double>(count - 1));
    windowed[i] = window * samples[i * channels + channel];
    power += windowed[i] * windowed[i];
  }
  double real = 0;
  double imaginary = 0;
  for (size_t i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
    real += windowed[i] * std::cos(phase);
    imaginary += windowed[i] * std::sin(phase);
  }
  // A windowed sine of amplitude A has a magnitude of A * N / 4 and a power of A^2 * N * 3 / 16.
  const double magnitude_squared = real * real + imaginary * imaginary;
  return power > 0 ? magnitude_squared / power / (static_cast<double>(count) / 3) : 0;
}

inline double loudness(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples) {
    sum += static_cast<double>(sample) * sample;
  }
  return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

/// Largest step from one sample of a channel to the next.
inline float largest_step(std::span<const float> samples, uint32_t channels) {
  float largest = 0;
  for (size_t i = channels; i < samples.size(); ++i) {
    largest = std::max(largest, std::abs(samples[i] - samples[i - channels]));
  }
  return largest;
}

struct Source {
  int32_t codec;
  uint32_t rate;
  uint32_t channels;
};

inline TrackRef track_of(const Source& source) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->audio.sample_rate = source.rate;
  track->audio.channels = source.channels;
  switch (source.codec) {
    case MILLRACE_AUDIO_AAC: {
      // ISO/IEC 14496-3 §1.6.2.1: object type 2, index of the rate, channels.
      track->codec = CodecId::kAac;
      const uint32_t index = source.rate == 48'000 ? 3 : source.rate == 44'100 ? 4 : 8;
      const uint32_t bits = 2U << 11 | index << 7 | source.channels << 3;
      auto configuration = Buffer::make(2);
      configuration->data()[0] = static_cast<uint8_t>(bits >> 8);
      configuration->data()[1] = static_cast<uint8_t>(bits);
      track->configuration = std::move(configuration);
      break;
    }
    case MILLRACE_AUDIO_OPUS:
      track->codec = CodecId::kOpus;
      break;
    case MILLRACE_AUDIO_PCMA:
      track->codec = CodecId::kG711A;
      break;
    default:
      track->codec = CodecId::kG711U;
      break;
  }
  return track;
}

struct CodedFrame {
  std::vector<uint8_t> data;
  int64_t position;  // samples
};

/// `seconds` of a tone, coded.
inline std::vector<CodedFrame> coded_tone(const Source& source, double hertz, double seconds) {
  const MillraceAudioLibrary& audio = library();
  const MillraceAudioFormat format{source.codec,
                                   static_cast<int32_t>(source.rate),
                                   static_cast<int32_t>(source.channels),
                                   128'000,
                                   nullptr,
                                   0};
  std::array<char, 200> error{};
  MillraceAudioEncoder* encoder = audio.encoder_open(&format, error.data(), error.size());
  EXPECT_NE(encoder, nullptr) << error.data();
  const auto frame = static_cast<size_t>(audio.encoder_frame_samples(encoder));
  std::vector<CodedFrame> frames;
  for (size_t at = 0; static_cast<double>(at) < seconds * source.rate; at += frame) {
    const auto samples = tone(hertz, source.rate, source.channels, frame, at);
    const uint8_t* data = nullptr;
    size_t size = 0;
    int64_t position = 0;
    if (audio.encoder_encode(encoder, samples.data(), static_cast<int64_t>(at), &data, &size,
                             &position) == 1) {
      frames.push_back({{data, data + size}, position});
    }
  }
  audio.encoder_close(encoder);
  return frames;
}

/// Decodes what a pipeline made, at the target's rate.
inline std::vector<float> decoded(const TrackRef& track, std::span<const EncodedAudio> packets) {
  const MillraceAudioLibrary& audio = library();
  const int32_t codec = track->codec == CodecId::kAac     ? MILLRACE_AUDIO_AAC
                        : track->codec == CodecId::kOpus  ? MILLRACE_AUDIO_OPUS
                        : track->codec == CodecId::kG711A ? MILLRACE_AUDIO_PCMA
                                                          : MILLRACE_AUDIO_PCMU;
  const MillraceAudioFormat format{codec,
                                   static_cast<int32_t>(track->audio.sample_rate),
                                   static_cast<int32_t>(track->audio.channels),
                                   0,
                                   track->configuration ? track->configuration->data() : nullptr,
                                   track->configuration ? track->configuration->size() : 0};
  std::array<char, 200> error{};
  MillraceAudioDecoder* decoder =
      audio.decoder_open(&format, format.sample_rate, format.channels, error.data(), error.size());
  EXPECT_NE(decoder, nullptr) << error.data();
  std::vector<float> all;
  for (const EncodedAudio& packet : packets) {
    const float* samples = nullptr;
    int32_t pending = 0;
    const int32_t count =
        audio.decoder_decode(decoder, packet.data->data(), packet.data->size(), &samples, &pending);
    EXPECT_GE(count, 0);
    all.insert(all.end(), samples, samples + count * format.channels);
  }
  audio.decoder_close(decoder);
  return all;
}

}  // namespace millrace::transcode::testing
