#pragma once

#include <memory>
#include <string>

#include "io/loop.hpp"
#include "media/frame.hpp"
#include "transcode/audio_pipeline.hpp"
#include "transcode/workers.hpp"

namespace millrace::transcode {

/// Audio frames of one track in, frames of another codec out, on the same loop; the work in between
/// is done by a worker thread. Never blocks the loop: frames that come faster than they can be
/// transcoded are dropped and counted, which the sample clock then mends as a loss.
class AudioTranscoder {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// A frame of `track()`, some milliseconds after the frames it was made of. On the loop; the
    /// transcoder must not be destroyed within the call.
    virtual void on_transcoded(FrameRef frame) = 0;
    /// kTranscodeUnavailable, kTranscodeFailed: nothing more will come of the present input;
    /// kTranscodeOverloaded, with the number of frames that were dropped. On the loop.
    virtual void on_transcode_trouble(Error error, const std::string& why) = 0;
  };

  /// @param loop, workers, owner  outlive it.
  AudioTranscoder(Loop& loop, Workers& workers, const AudioTarget& target, Owner& owner);
  ~AudioTranscoder();
  AudioTranscoder(const AudioTranscoder&) = delete;
  AudioTranscoder& operator=(const AudioTranscoder&) = delete;

  /// What its frames belong to; known before the first of them.
  [[nodiscard]] const TrackRef& track() const { return track_; }

  /// The frames that follow are of this track.
  void set_track(const TrackRef& track);
  void push(const FrameRef& frame);

 private:
  class Job;
  void deliver(const EncodedAudio& audio);

  Loop& loop_;
  Workers& workers_;
  Owner& owner_;
  const TrackRef track_;
  const std::shared_ptr<Job> job_;
  uint32_t shed_ = 0;  // in this run of drops
};

}  // namespace millrace::transcode
