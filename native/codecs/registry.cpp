#include "codecs/registry.hpp"

#include "codecs/aac/audio_specific_config.hpp"
#include "codecs/h264/decoder_configuration.hpp"

namespace millrace {

bool has_configuration(CodecId codec) {
  switch (codec) {
    case CodecId::kH264:
    case CodecId::kAac:
      return true;
    default:
      return false;
  }
}

Result<Ref<Track>> make_track(CodecId codec, Bytes configuration) {
  if (configuration.size() > kMaxConfigurationBytes) {
    return Error{ErrorCode::kTooLarge, static_cast<uint32_t>(configuration.size())};
  }
  switch (codec) {
    case CodecId::kH264:
      return h264::make_track(configuration);
    case CodecId::kAac:
      return aac::make_track(configuration);
    default:
      return ErrorCode::kCodecUnsupported;
  }
}

}  // namespace millrace
