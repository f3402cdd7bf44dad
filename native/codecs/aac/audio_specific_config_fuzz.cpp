// A configuration that parses must write to bytes that parse to the same output parameters.
#include <cstdlib>
#include <vector>

#include "codecs/aac/audio_specific_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto config = aac::AudioSpecificConfig::parse({data, size});
  if (!config) {
    return 0;
  }
  if (config->output_sample_rate() == 0 || config->output_channels() > 64 ||
      config->output_samples_per_frame() > 192 * 1024) {
    std::abort();
  }
  // What write_to() does not claim to write: other object types carry other fields behind.
  if (config->channel_configuration == 0 || config->object_type > 4) {
    return 0;
  }
  std::vector<uint8_t> written(config->size());
  ByteWriter writer(written);
  config->write_to(writer);
  const auto again = aac::AudioSpecificConfig::parse(writer.written());
  if (!again || again->output_sample_rate() != config->output_sample_rate() ||
      again->output_channels() != config->output_channels() ||
      again->output_samples_per_frame() != config->output_samples_per_frame()) {
    std::abort();
  }
  return 0;
}
