#include "decoder.hpp"

#include <algorithm>
#include <cstring>

#include "av_error.hpp"

namespace millrace::transcode {

namespace {

AVCodecID codec_id(int32_t codec) {
  switch (codec) {
    case MILLRACE_AUDIO_AAC:
      return AV_CODEC_ID_AAC;
    case MILLRACE_AUDIO_MP3:
      return AV_CODEC_ID_MP3;
    case MILLRACE_AUDIO_OPUS:
      return AV_CODEC_ID_OPUS;
    case MILLRACE_AUDIO_PCMA:
      return AV_CODEC_ID_PCM_ALAW;
    case MILLRACE_AUDIO_PCMU:
      return AV_CODEC_ID_PCM_MULAW;
    default:
      return AV_CODEC_ID_NONE;
  }
}

// More than any codec frame holds: 120 ms of Opus, 2048 samples of AAC with SBR, at the highest
// output rate, twice.
constexpr int kMaxOutputSamples = 48000 / 2;

}  // namespace

std::unique_ptr<Decoder> Decoder::open(const MillraceAudioFormat& input, int32_t output_rate,
                                       int32_t output_channels, std::string& error) {
  // Of Opus this is FFmpeg's own, which takes a third of libopus's time for the same sound. What is
  // lost is concealed on the samples, whatever the codec.
  const AVCodec* codec = avcodec_find_decoder(codec_id(input.codec));
  if (codec == nullptr) {
    error = "this FFmpeg has no decoder for the codec";
    return nullptr;
  }
  auto decoder = std::unique_ptr<Decoder>(new Decoder);
  decoder->output_rate_ = output_rate;
  av_channel_layout_default(&decoder->output_layout_, output_channels);
  decoder->context_.reset(avcodec_alloc_context3(codec));
  decoder->packet_.reset(av_packet_alloc());
  decoder->frame_.reset(av_frame_alloc());
  if (!decoder->context_ || !decoder->packet_ || !decoder->frame_) {
    error = "no memory";
    return nullptr;
  }
  AVCodecContext& context = *decoder->context_;
  context.thread_count = 1;
  context.sample_rate = input.sample_rate;
  context.pkt_timebase = {1, output_rate};
  context.err_recognition = 0;
  if (input.channels > 0) {
    av_channel_layout_default(&context.ch_layout, input.channels);
  }
  if (input.configuration_size > 0) {
    context.extradata =
        static_cast<uint8_t*>(av_mallocz(input.configuration_size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (context.extradata == nullptr) {
      error = "no memory";
      return nullptr;
    }
    std::memcpy(context.extradata, input.configuration, input.configuration_size);
    context.extradata_size = static_cast<int>(input.configuration_size);
    if (input.codec == MILLRACE_AUDIO_OPUS && input.configuration_size >= 12) {
      // RFC 7845 §5.1: the pre-skip belongs to the start of a file. Frames of a live stream have
      // their own times.
      context.extradata[10] = context.extradata[11] = 0;
    }
  }
  if (const int result = avcodec_open2(&context, codec, nullptr); result < 0) {
    error = av_error_text(result);
    return nullptr;
  }
  return decoder;
}

int32_t Decoder::decode(const uint8_t* data, size_t size, const float** samples, int32_t* pending) {
  // libavcodec reads beyond the end of what it is given: it wants padding, and it wants it zeroed.
  input_.resize(size + AV_INPUT_BUFFER_PADDING_SIZE);
  std::memcpy(input_.data(), data, size);
  std::memset(input_.data() + size, 0, AV_INPUT_BUFFER_PADDING_SIZE);
  packet_->data = input_.data();
  packet_->size = static_cast<int>(size);
  output_.clear();
  int result = avcodec_send_packet(context_.get(), packet_.get());
  packet_->data = nullptr;
  packet_->size = 0;
  if (result < 0) {
    return result;
  }
  while ((result = avcodec_receive_frame(context_.get(), frame_.get())) >= 0) {
    result = append(*frame_);
    av_frame_unref(frame_.get());
    if (result < 0) {
      return result;
    }
  }
  if (result != AVERROR(EAGAIN)) {
    return result;
  }
  *samples = output_.data();
  *pending = resampler_ ? static_cast<int32_t>(swr_get_delay(resampler_.get(), output_rate_)) : 0;
  return static_cast<int32_t>(output_.size() / static_cast<size_t>(output_layout_.nb_channels));
}

int32_t Decoder::append(const AVFrame& frame) {
  const bool changed = !resampler_ || frame.sample_rate != input_rate_ ||
                       frame.format != input_format_ ||
                       av_channel_layout_compare(&frame.ch_layout, &input_layout_) != 0;
  if (changed) {
    if (const int result = open_resampler(frame); result < 0) {
      return result;
    }
  }
  const int room = swr_get_out_samples(resampler_.get(), frame.nb_samples);
  if (room < 0 || room > kMaxOutputSamples) {
    return AVERROR(ERANGE);
  }
  const auto channels = static_cast<size_t>(output_layout_.nb_channels);
  const size_t before = output_.size();
  output_.resize(before + static_cast<size_t>(room) * channels);
  auto* out = reinterpret_cast<uint8_t*>(output_.data() + before);
  const int made = swr_convert(resampler_.get(), &out, room,
                               const_cast<const uint8_t**>(frame.extended_data), frame.nb_samples);
  output_.resize(before + static_cast<size_t>(std::max(made, 0)) * channels);
  return made;
}

int Decoder::open_resampler(const AVFrame& frame) {
  resampler_.reset();
  SwrContext* made = nullptr;
  AVChannelLayout layout = {};
  if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&layout, frame.ch_layout.nb_channels);
  } else if (const int result = av_channel_layout_copy(&layout, &frame.ch_layout); result < 0) {
    return result;
  }
  int result =
      swr_alloc_set_opts2(&made, &output_layout_, AV_SAMPLE_FMT_FLT, output_rate_, &layout,
                          static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
  av_channel_layout_uninit(&layout);
  resampler_.reset(made);
  if (result < 0) {
    return result;
  }
  // Six channels that are mixed into two may be louder than full scale: scale the matrix, do not
  // clip.
  av_opt_set_double(made, "rematrix_maxval", 1.0, 0);
  // Always resample, also from one rate to the same: clock drift is then mended without a restart.
  av_opt_set_int(made, "flags", SWR_FLAG_RESAMPLE, 0);
  result = swr_init(made);
  if (result < 0) {
    resampler_.reset();
    return result;
  }
  input_rate_ = frame.sample_rate;
  input_format_ = frame.format;
  av_channel_layout_uninit(&input_layout_);
  return av_channel_layout_copy(&input_layout_, &frame.ch_layout);
}

int32_t Decoder::stretch(int32_t samples, int32_t distance) {
  return resampler_ ? swr_set_compensation(resampler_.get(), samples, distance) : 0;
}

}  // namespace millrace::transcode
