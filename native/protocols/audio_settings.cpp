#include "protocols/audio_settings.hpp"

#include <algorithm>

namespace millrace {

AudioSettings audio_settings_from(const Fields& options) {
  const Fields& fields = options.fields("audio");
  AudioSettings settings;
  settings.plain_as_aac = fields.boolean("plain_as_aac", settings.plain_as_aac);
  const auto bit_rate = [&fields](std::string_view name, uint32_t fallback) {
    return static_cast<uint32_t>(
        std::clamp<int64_t>(fields.integer(name, fallback), 8000, 320'000));
  };
  settings.opus_bit_rate_bps = bit_rate("opus_bitrate_bps", settings.opus_bit_rate_bps);
  settings.aac_bit_rate_bps = bit_rate("aac_bitrate_bps", settings.aac_bit_rate_bps);
  return settings;
}

}  // namespace millrace
