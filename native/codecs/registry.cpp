#include "codecs/registry.hpp"

#include "codecs/aac/audio_specific_config.hpp"
#include "codecs/av1/codec_configuration.hpp"
#include "codecs/flac/stream_info.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/opus/identification_header.hpp"
#include "codecs/vp9/codec_configuration.hpp"

namespace millrace {

bool has_configuration(CodecId codec) {
  switch (codec) {
    case CodecId::kH264:
    case CodecId::kH265:
    case CodecId::kAv1:
    case CodecId::kVp8:
    case CodecId::kVp9:
    case CodecId::kAac:
    case CodecId::kOpus:
    case CodecId::kFlac:
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
    case CodecId::kH265:
      return h265::make_track(configuration);
    case CodecId::kAv1:
      return av1::make_track(configuration);
    case CodecId::kVp8:
    case CodecId::kVp9:
      return vp9::make_track(codec, configuration);
    case CodecId::kAac:
      return aac::make_track(configuration);
    case CodecId::kOpus:
      return opus::make_track(configuration);
    case CodecId::kFlac:
      return flac::make_track(configuration);
    default:
      return ErrorCode::kCodecUnsupported;
  }
}

}  // namespace millrace
