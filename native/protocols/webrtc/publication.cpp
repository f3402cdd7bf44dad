#include "protocols/webrtc/publication.hpp"

#include <algorithm>

#include "hub/loop_hub.hpp"
#include "protocols/audio_settings.hpp"
#include "protocols/registry.hpp"

namespace millrace::webrtc {

Result<std::unique_ptr<Publication>> begin_publication(LoopContext& context,
                                                       const Description& description) {
  const Fields& fields = description.publish;
  PublicationOptions options;
  options.gop.enabled = fields.boolean("gop_cache", true);
  options.gop.max_frames = static_cast<uint32_t>(
      std::clamp<int64_t>(fields.integer("gop_cache_max_frames", 2500), 0, UINT32_MAX));
  options.gop.max_bytes = context.limits.gop_cache_max_bytes;
  options.audio = audio_settings_from(fields);
  options.mix_correct = fields.boolean("mix_correct", false);
  auto publication = context.hub.publish(description.stream, options);
  if (!publication.ok()) {
    return publication.error();
  }
  for (const auto& [name, settings] : fields.fields("outputs").entries()) {
    const ProtocolModule* module = find_protocol(name);
    if (const auto* output_options = settings.as<Fields>();
        module != nullptr && module->make_output != nullptr && output_options != nullptr) {
      if (auto output = module->make_output(context, description.stream, *output_options)) {
        (*publication)->add_output(std::move(output));
      }
    }
  }
  return publication;
}

Fields tracks_event(const Stream& stream) {
  Fields event{{"type", "stream_tracks"}, {"stream", stream.key()}};
  if (const TrackRef& video = stream.video(); video) {
    event.set("video", Fields{{"codec", codec_name(video->codec)},
                              {"width", video->video.width},
                              {"height", video->video.height},
                              {"profile", video->video.profile},
                              {"level", video->video.level}});
  }
  if (const TrackRef& audio = stream.audio(); audio) {
    event.set("audio", Fields{{"codec", codec_name(audio->codec)},
                              {"sample_rate", audio->audio.sample_rate},
                              {"channels", audio->audio.channels},
                              {"profile", audio->audio.profile}});
  }
  return event;
}

}  // namespace millrace::webrtc
