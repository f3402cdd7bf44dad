#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "av_error.hpp"

namespace millrace::transcode {

namespace {

// RFC 3551 §4.5: packets of 20 ms are the default.
constexpr int32_t kPcmFramesPerSecond = 50;

const AVCodec* find_encoder(int32_t codec) {
  switch (codec) {
    case MILLRACE_AUDIO_AAC:
      return avcodec_find_encoder_by_name("aac");
    case MILLRACE_AUDIO_OPUS:
      // FFmpeg's own encoder costs five times as much and is marked experimental.
      return avcodec_find_encoder_by_name("libopus");
    case MILLRACE_AUDIO_PCMA:
      return avcodec_find_encoder(AV_CODEC_ID_PCM_ALAW);
    case MILLRACE_AUDIO_PCMU:
      return avcodec_find_encoder(AV_CODEC_ID_PCM_MULAW);
    default:
      return nullptr;
  }
}

AVSampleFormat sample_format(int32_t codec) {
  switch (codec) {
    case MILLRACE_AUDIO_AAC:
      return AV_SAMPLE_FMT_FLTP;
    case MILLRACE_AUDIO_OPUS:
      return AV_SAMPLE_FMT_FLT;
    default:
      return AV_SAMPLE_FMT_S16;
  }
}

void set_options(AVCodecContext& context, int32_t codec) {
  if (codec == MILLRACE_AUDIO_OPUS) {
    // 120 samples of delay instead of 312 at the same cost; complexity 5 costs a third less
    // than 10.
    av_opt_set(context.priv_data, "application", "lowdelay", 0);
    av_opt_set(context.priv_data, "frame_duration", "20", 0);
    context.compression_level = 5;
  } else if (codec == MILLRACE_AUDIO_AAC) {
    // A third cheaper than the default search, which one does not hear at the rates of live audio.
    av_opt_set(context.priv_data, "aac_coder", "fast", 0);
  }
}

}  // namespace

std::unique_ptr<Encoder> Encoder::open(const MillraceAudioFormat& output, std::string& error) {
  const AVCodec* codec = find_encoder(output.codec);
  if (codec == nullptr) {
    error = output.codec == MILLRACE_AUDIO_OPUS ? "this FFmpeg was built without libopus"
                                                : "this FFmpeg has no encoder for the codec";
    return nullptr;
  }
  auto encoder = std::unique_ptr<Encoder>(new Encoder);
  encoder->context_.reset(avcodec_alloc_context3(codec));
  encoder->packet_.reset(av_packet_alloc());
  encoder->frame_.reset(av_frame_alloc());
  if (!encoder->context_ || !encoder->packet_ || !encoder->frame_) {
    error = "no memory";
    return nullptr;
  }
  AVCodecContext& context = *encoder->context_;
  context.thread_count = 1;
  context.sample_fmt = sample_format(output.codec);
  context.sample_rate = output.sample_rate;
  context.bit_rate = output.bit_rate_bps;
  context.time_base = {1, output.sample_rate};
  av_channel_layout_default(&context.ch_layout, output.channels);
  set_options(context, output.codec);
  if (const int result = avcodec_open2(&context, codec, nullptr); result < 0) {
    error = av_error_text(result);
    return nullptr;
  }
  encoder->frame_samples_ =
      context.frame_size > 0 ? context.frame_size : output.sample_rate / kPcmFramesPerSecond;
  AVFrame& frame = *encoder->frame_;
  frame.format = context.sample_fmt;
  frame.sample_rate = context.sample_rate;
  frame.nb_samples = encoder->frame_samples_;
  if (av_channel_layout_copy(&frame.ch_layout, &context.ch_layout) < 0 ||
      av_frame_get_buffer(&frame, 0) < 0) {
    error = "no memory";
    return nullptr;
  }
  return encoder;
}

/// Interleaved floats into the sample format of the encoder.
void Encoder::fill(const float* samples) {
  const int channels = frame_->ch_layout.nb_channels;
  const int count = frame_samples_ * channels;
  switch (frame_->format) {
    case AV_SAMPLE_FMT_FLTP:
      for (int channel = 0; channel < channels; ++channel) {
        auto* plane = reinterpret_cast<float*>(frame_->extended_data[channel]);
        for (int i = 0; i < frame_samples_; ++i) {
          plane[i] = samples[i * channels + channel];
        }
      }
      break;
    case AV_SAMPLE_FMT_FLT:
      std::copy_n(samples, count, reinterpret_cast<float*>(frame_->extended_data[0]));
      break;
    default: {
      auto* words = reinterpret_cast<int16_t*>(frame_->extended_data[0]);
      for (int i = 0; i < count; ++i) {
        words[i] =
            static_cast<int16_t>(std::lrintf(std::clamp(samples[i], -1.0F, 1.0F) * 32767.0F));
      }
      break;
    }
  }
}

int32_t Encoder::encode(const float* samples, int64_t position, const uint8_t** data, size_t* size,
                        int64_t* packet_position) {
  // The encoder may still hold the frame's memory from the last call.
  int result = av_frame_make_writable(frame_.get());
  if (result < 0) {
    return result;
  }
  fill(samples);
  frame_->pts = position;
  result = avcodec_send_frame(context_.get(), frame_.get());
  if (result < 0) {
    return result;
  }
  av_packet_unref(packet_.get());
  result = avcodec_receive_packet(context_.get(), packet_.get());
  if (result == AVERROR(EAGAIN)) {
    return 0;
  }
  if (result < 0) {
    return result;
  }
  *data = packet_->data;
  *size = static_cast<size_t>(packet_->size);
  *packet_position = packet_->pts;
  return 1;
}

}  // namespace millrace::transcode
