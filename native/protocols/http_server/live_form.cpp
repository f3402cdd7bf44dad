#include "protocols/http_server/live_form.hpp"

#include <algorithm>
#include <array>

#include "formats/flv/muxer.hpp"
#include "formats/mpegts/muxer.hpp"
#include "protocols/http_audio/audio_muxer.hpp"
#include "protocols/http_flv/flv_muxer.hpp"
#include "protocols/http_ts/ts_muxer.hpp"

namespace millrace::http_server {

namespace {

constexpr std::array kForms{
    LiveForm{"flv", "http_flv", "video/x-flv",
             [](const Track& track) { return flv::can_carry(track.codec); }},
    LiveForm{"ts", "http_ts", "video/MP2T",
             [](const Track& track) { return mpegts::Muxer::supports(track); }},
    LiveForm{"aac", "http_aac", "audio/x-aac",
             [](const Track& track) {
               return track.kind != TrackKind::kAudio || track.codec == CodecId::kAac;
             },
             true},
    LiveForm{"mp3", "http_mp3", "audio/mpeg",
             [](const Track& track) {
               return track.kind != TrackKind::kAudio || track.codec == CodecId::kMp3;
             },
             true},
};

/// `has_audio`, `has_video`, `guess_has_av` and `drop_if_not_match` of `http_remux`.
struct Announced {
  explicit Announced(const Fields& fields)
      : guess(fields.boolean("guess_has_av", true)),
        audio(fields.boolean("has_audio", true)),
        video(fields.boolean("has_video", true)),
        drop(fields.boolean("drop_if_not_match", true)) {}

  /// What is not announced is dropped; guessing announces what there is.
  [[nodiscard]] bool sends_audio() const { return guess || audio || !drop; }
  [[nodiscard]] bool sends_video() const { return guess || video || !drop; }

  bool guess;
  bool audio;
  bool video;
  bool drop;
};

std::string kinds(bool audio, bool video) {
  return std::string(audio ? " audio" : "") + (video ? " video" : "");
}

LiveRendition flv_rendition(http::Framing framing, const PlayOptions& play, const Fields& fields) {
  const Announced announced(fields);
  http_flv::FlvMuxerOptions muxer;
  muxer.framing = framing;
  muxer.source_clock = play.jitter == TimeJitter::kSource;
  muxer.atc_auto = play.atc_auto;
  muxer.audio = announced.sends_audio();
  muxer.video = announced.sends_video();
  std::string name = kinds(muxer.audio, muxer.video) + (muxer.atc_auto ? " atc_auto" : "");
  if (!announced.guess) {
    muxer.announce_audio = announced.audio;
    muxer.announce_video = announced.video;
    name += announced.audio ? " A" : " a";
    name += announced.video ? " V" : " v";
  }
  return {std::move(name), play.rendition,
          [muxer] { return std::make_unique<http_flv::FlvMuxer>(muxer); }};
}

LiveRendition ts_rendition(http::Framing framing, const PlayOptions& play, const Fields& fields) {
  const Announced announced(fields);
  http_ts::TsMuxerOptions muxer;
  muxer.framing = framing;
  muxer.source_clock = play.jitter == TimeJitter::kSource;
  muxer.audio = announced.sends_audio();
  muxer.video = announced.sends_video();
  return {kinds(muxer.audio, muxer.video), play.rendition,
          [muxer] { return std::make_unique<http_ts::TsMuxer>(muxer); }};
}

LiveRendition audio_rendition(const LiveForm& form, http::Framing framing, const PlayOptions& play,
                              const Fields& fields) {
  const Duration backlog = fields.duration_ms("fast_cache_ms", Duration::zero());
  LiveRendition made{" backlog=" + std::to_string(backlog.count()), play.rendition, {}};
  made.options.audio_only = true;
  made.options.backlog = duration_cast<MediaTime>(backlog);
  if (form.format == "aac") {
    made.make_muxer = [framing] { return std::make_unique<http_audio::AdtsMuxer>(framing); };
  } else {
    made.make_muxer = [framing] { return std::make_unique<http_audio::Mp3Muxer>(framing); };
  }
  return made;
}

}  // namespace

const LiveForm* find_live_form(std::string_view format) {
  const auto* found = std::find_if(kForms.begin(), kForms.end(),
                                   [&](const LiveForm& form) { return form.format == format; });
  return found != kForms.end() ? found : nullptr;
}

LiveRendition live_rendition(const LiveForm& form, http::Framing framing, const PlayOptions& play,
                             const Fields& fields) {
  LiveRendition made = form.format == "flv"  ? flv_rendition(framing, play, fields)
                       : form.format == "ts" ? ts_rendition(framing, play, fields)
                                             : audio_rendition(form, framing, play, fields);
  made.name = std::string(form.format) + " framing=" + std::to_string(static_cast<int>(framing)) +
              made.name + (play.jitter == TimeJitter::kSource ? " source" : "") +
              play.rendition_suffix();
  return made;
}

}  // namespace millrace::http_server
