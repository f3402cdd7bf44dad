#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace millrace::aac {

/// audioObjectType, ISO/IEC 14496-3 Table 1.17; those that live streams use.
constexpr uint32_t kObjectTypeMain = 1;
constexpr uint32_t kObjectTypeLc = 2;
constexpr uint32_t kObjectTypeSbr = 5;  // HE-AAC
constexpr uint32_t kObjectTypePs = 29;  // HE-AAC v2

/// samplingFrequencyIndex 0 to 12, Table 1.18.
constexpr std::array<uint32_t, 13> kSamplingFrequencies{
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};

/// The index of a rate that is in the table; nullopt for others, which need the escape value 15.
[[nodiscard]] std::optional<uint32_t> sampling_frequency_index(uint32_t rate);

/// AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1.
struct AudioSpecificConfig {
  uint32_t object_type = kObjectTypeLc;  // of the core coder: LC also in HE-AAC
  uint32_t sampling_frequency = 0;       // Hz, of the core coder
  uint32_t channel_configuration = 0;    // Table 1.19; 0: a program_config_element tells
  uint32_t channels = 0;                 // of the core coder
  uint32_t frame_length = 1024;  // samples per raw_data_block of the core coder; 960 in radio
  bool sbr = false;              // spectral band replication is signalled
  bool ps = false;               // parametric stereo is signalled
  uint32_t extension_sampling_frequency = 0;  // Hz, of the output with SBR

  /// Takes explicit (hierarchical) and backward compatible signalling of SBR and PS (§1.6.5). What
  /// no signalling tells stays as it is: SBR that only the frames reveal is found by decoders
  /// alone.
  /// @return kAacConfigInvalid when it is cut, or the rate or the channels are reserved values or
  ///         beyond what decoders do (1 to 192 kHz, 64 channels).
  [[nodiscard]] static Result<AudioSpecificConfig> parse(Bytes bytes);

  /// Bytes that write_to() takes: 2 for AAC-LC at a rate of the table.
  [[nodiscard]] size_t size() const;
  /// Writes explicit signalling; channel_configuration must not be 0.
  void write_to(ByteWriter& writer) const;

  /// Of the decoder's output.
  [[nodiscard]] uint32_t output_sample_rate() const {
    return sbr ? extension_sampling_frequency : sampling_frequency;
  }
  [[nodiscard]] uint32_t output_channels() const { return ps && channels == 1 ? 2 : channels; }
  /// At the output's rate, so that this over output_sample_rate() is how long a frame lasts.
  [[nodiscard]] uint32_t output_samples_per_frame() const;
};

/// A track from an AudioSpecificConfig; its parameters are those of the output.
/// @return kAacConfigInvalid.
[[nodiscard]] Result<Ref<Track>> make_track(Bytes audio_specific_config);

}  // namespace millrace::aac
