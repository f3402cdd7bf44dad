// The exported table of functions; nothing may be thrown through it.
#include <algorithm>
#include <cstring>
#include <new>

#include "decoder.hpp"
#include "encoder.hpp"

using millrace::transcode::Decoder;
using millrace::transcode::Encoder;

struct MillraceAudioDecoder {
  std::unique_ptr<Decoder> decoder;
};
struct MillraceAudioEncoder {
  std::unique_ptr<Encoder> encoder;
};

namespace {

void say(const std::string& text, char* error, size_t size) {
  if (size > 0) {
    const size_t length = std::min(text.size(), size - 1);
    std::memcpy(error, text.data(), length);
    error[length] = '\0';
  }
}

MillraceAudioDecoder* decoder_open(const MillraceAudioFormat* input, int32_t output_rate,
                                   int32_t output_channels, char* error, size_t error_size) {
  std::string why;
  auto decoder = Decoder::open(*input, output_rate, output_channels, why);
  if (!decoder) {
    say(why, error, error_size);
    return nullptr;
  }
  return new MillraceAudioDecoder{std::move(decoder)};
}

MillraceAudioEncoder* encoder_open(const MillraceAudioFormat* output, char* error,
                                   size_t error_size) {
  std::string why;
  auto encoder = Encoder::open(*output, why);
  if (!encoder) {
    say(why, error, error_size);
    return nullptr;
  }
  return new MillraceAudioEncoder{std::move(encoder)};
}

const MillraceAudioLibrary kLibrary{
    .version = MILLRACE_AUDIO_LIBRARY_VERSION,
    .backend = LIBAVCODEC_IDENT,
    .decoder_open = decoder_open,
    .decoder_decode =
        [](MillraceAudioDecoder* decoder, const uint8_t* data, size_t size, const float** samples,
           int32_t* pending) { return decoder->decoder->decode(data, size, samples, pending); },
    .decoder_stretch =
        [](MillraceAudioDecoder* decoder, int32_t samples, int32_t distance) {
          return decoder->decoder->stretch(samples, distance);
        },
    .decoder_close = [](MillraceAudioDecoder* decoder) { delete decoder; },
    .encoder_open = encoder_open,
    .encoder_frame_samples =
        [](const MillraceAudioEncoder* encoder) { return encoder->encoder->frame_samples(); },
    .encoder_encode =
        [](MillraceAudioEncoder* encoder, const float* samples, int64_t position,
           const uint8_t** data, size_t* size, int64_t* packet_position) {
          return encoder->encoder->encode(samples, position, data, size, packet_position);
        },
    .encoder_close = [](MillraceAudioEncoder* encoder) { delete encoder; },
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const MillraceAudioLibrary*
millrace_audio_library(void) {
  // Bad frames are counted by the server; libavcodec would write a line to stderr for each.
  av_log_set_level(AV_LOG_QUIET);
  return &kLibrary;
}
