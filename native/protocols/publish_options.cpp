#include "protocols/publish_options.hpp"

#include <algorithm>

#include "hub/loop_hub.hpp"
#include "protocols/audio_settings.hpp"
#include "protocols/registry.hpp"

namespace millrace {

namespace {

// Beyond it a player that fetches it all at once is better served with a file.
constexpr MediaTime kMaxRecentAudio = seconds(600);

}  // namespace

PublishOptions PublishOptions::from(const Fields& fields, const Limits& limits) {
  PublishOptions options;
  options.stream = fields.text("stream");
  options.publication.gop.enabled = fields.boolean("gop_cache", true);
  options.publication.gop.max_frames = static_cast<uint32_t>(
      std::clamp<int64_t>(fields.integer("gop_cache_max_frames", 2500), 0, UINT32_MAX));
  options.publication.gop.max_bytes = limits.gop_cache_max_bytes;
  options.publication.gop.recent_audio = std::clamp<MediaTime>(
      duration_cast<MediaTime>(fields.duration_ms("recent_audio_ms", Duration::zero())),
      MediaTime(0), kMaxRecentAudio);
  options.publication.audio = audio_settings_from(fields);
  options.publication.mix_correct = fields.boolean("mix_correct", false);
  options.first_packet_timeout =
      fields.duration_ms("first_packet_timeout_ms", options.first_packet_timeout);
  options.normal_timeout = fields.duration_ms("normal_timeout_ms", options.normal_timeout);
  options.reduce_sequence_header = fields.boolean("reduce_sequence_header", false);
  options.tcp_nodelay = fields.boolean("tcp_nodelay", false);
  options.outputs = fields.fields("outputs");
  return options;
}

Result<std::unique_ptr<Publication>> begin_publication(LoopContext& context,
                                                       const PublishOptions& options) {
  auto publication = context.hub.publish(options.stream, options.publication);
  if (!publication.ok()) {
    return publication;
  }
  for (const auto& [name, settings] : options.outputs.entries()) {
    const ProtocolModule* module = find_protocol(name);
    if (const auto* fields = settings.as<Fields>();
        module != nullptr && module->make_output != nullptr && fields != nullptr) {
      if (auto output = module->make_output(context, options.stream, *fields)) {
        (*publication)->add_output(std::move(output));
      }
    }
  }
  return publication;
}

Fields tracks_event(const Stream& stream) {
  return tracks_event(stream.key(), stream.video(), stream.audio());
}

Fields tracks_event(const std::string& stream, const TrackRef& video, const TrackRef& audio) {
  Fields event{{"type", "stream_tracks"}, {"stream", stream}};
  if (video) {
    event.set("video", Fields{{"codec", codec_name(video->codec)},
                              {"width", video->video.width},
                              {"height", video->video.height},
                              {"profile", video->video.profile},
                              {"level", video->video.level}});
  }
  if (audio) {
    event.set("audio", Fields{{"codec", codec_name(audio->codec)},
                              {"sample_rate", audio->audio.sample_rate},
                              {"channels", audio->audio.channels},
                              {"profile", audio->audio.profile}});
  }
  return event;
}

}  // namespace millrace
