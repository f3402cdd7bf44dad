#pragma once

#include <stddef.h>
#include <stdint.h>

/* What the helper library millrace_transcode gives the server: audio decoding, resampling and encoding by libavcodec and
 * libswresample. A C interface, because the two sides are linked apart: the helper is opened when audio must be transcoded
 * for the first time, so that the server runs where FFmpeg is not installed.
 *
 * Samples are 32-bit floats, interleaved. An object is used by one thread at a time. Functions that can fail return a
 * negative number and never more than a line of text. */

#ifdef __cplusplus
extern "C" {
#endif

#define MILLRACE_AUDIO_LIBRARY_VERSION 1

enum MillraceAudioCodec {
  MILLRACE_AUDIO_AAC = 1,
  MILLRACE_AUDIO_MP3 = 2,
  MILLRACE_AUDIO_OPUS = 3,
  MILLRACE_AUDIO_PCMA = 4,
  MILLRACE_AUDIO_PCMU = 5
};

struct MillraceAudioFormat {
  int32_t codec; /* MillraceAudioCodec */
  int32_t sample_rate;
  int32_t channels;
  int32_t bit_rate_bps;         /* encoders only */
  const uint8_t* configuration; /* decoders only: AudioSpecificConfig, OpusHead; may be null */
  size_t configuration_size;
};

typedef struct MillraceAudioDecoder MillraceAudioDecoder;
typedef struct MillraceAudioEncoder MillraceAudioEncoder;

struct MillraceAudioLibrary {
  uint32_t version; /* MILLRACE_AUDIO_LIBRARY_VERSION */
  const char* backend; /* e.g. "libavcodec 59.37.100"; of the library */

  /* `error`, of `error_size` bytes, says why when null is returned. What the decoder gives has `output_rate` and
   * `output_channels` (1 or 2) whatever it decodes. */
  MillraceAudioDecoder* (*decoder_open)(const struct MillraceAudioFormat* input, int32_t output_rate,
                                        int32_t output_channels, char* error, size_t error_size);
  /* Decodes one codec frame. `*samples` is the decoder's until the next call. `*pending` is the number of samples that
   * the resampler keeps back for the next call.
   * Returns the number of samples per channel, or a negative number for a frame that cannot be decoded. */
  int32_t (*decoder_decode)(MillraceAudioDecoder*, const uint8_t* data, size_t size, const float** samples,
                            int32_t* pending);
  /* Makes `samples` more (or fewer) of the next `distance` samples than there would be. */
  int32_t (*decoder_stretch)(MillraceAudioDecoder*, int32_t samples, int32_t distance);
  void (*decoder_close)(MillraceAudioDecoder*);

  MillraceAudioEncoder* (*encoder_open)(const struct MillraceAudioFormat* output, char* error, size_t error_size);
  /* Samples per channel that each call of encoder_encode must bring. */
  int32_t (*encoder_frame_samples)(const MillraceAudioEncoder*);
  /* Encodes one frame whose first sample has the time `position`, in samples. `*packet_position` is the time of the first
   * sample that a decoder gives for the packet, the encoder's own delay taken off. `*data` is the encoder's until the next
   * call. Returns 1 with a packet, 0 without one yet, or a negative number. */
  int32_t (*encoder_encode)(MillraceAudioEncoder*, const float* samples, int64_t position, const uint8_t** data,
                            size_t* size, int64_t* packet_position);
  void (*encoder_close)(MillraceAudioEncoder*);
};

/* The one symbol of the library. */
const struct MillraceAudioLibrary* millrace_audio_library(void);

#ifdef __cplusplus
}
#endif
