#include "hub/stream.hpp"

#include <algorithm>

#include "hub/loop_hub.hpp"

namespace millrace {

namespace {

// So many audio frames without video mean that the video has ended (SRS's rule for its GOP cache).
constexpr uint32_t kPureAudioFrames = 115;

}  // namespace

Stream::Stream(LoopHub& hub, std::string key, uint64_t mirror_id)
    : hub_(hub), key_(std::move(key)), mirror_id_(mirror_id) {}

Stream::~Stream() = default;

void Stream::attach(FrameSink& sink, Replay replay) {
  sinks_.push_back(&sink);
  if (video_) {
    sink.on_track(video_);
  }
  if (audio_) {
    sink.on_track(audio_);
  }
  if (metadata_) {
    sink.on_frame(metadata_);
  }
  if (replay == Replay::kGop) {
    for (size_t i = 0; i < gop_.size(); ++i) {
      sink.on_frame(gop_[i]);
    }
  }
}

void Stream::detach(FrameSink& sink) { std::erase(sinks_, &sink); }

Rendition& Stream::rendition(const std::string& form, const RenditionOptions& options,
                             const std::function<std::unique_ptr<Muxer>()>& make_muxer) {
  for (NamedRendition& named : renditions_) {
    if (named.form == form) {
      return *named.rendition;
    }
  }
  renditions_.push_back({form, std::make_unique<Rendition>(hub_.loop(), make_muxer(), options)});
  Rendition& made = *renditions_.back().rendition;
  made.begin_replay();
  attach(made, options.gop_cache ? Replay::kGop : Replay::kNo);
  made.end_replay();
  return made;
}

void Stream::drop_idle_renditions(Time before) {
  std::erase_if(renditions_, [this, before](NamedRendition& named) {
    if (named.rendition->reader_count() != 0 || named.rendition->idle_since() > before) {
      return false;
    }
    detach(*named.rendition);
    return true;
  });
}

void Stream::take_track(const TrackRef& track) {
  TrackRef* current = track->kind == TrackKind::kVideo   ? &video_
                      : track->kind == TrackKind::kAudio ? &audio_
                                                         : nullptr;
  if (current == nullptr) {
    return;
  }
  const bool repeated = *current == track;
  *current = track;
  for (Link& link : links_) {
    FrameQueue::Item item{FrameQueue::Item::Kind::kTrack, link.mirror.id, publication_, track,
                          nullptr};
    if (link.lagging || !link.mirror.hub->receive(std::move(item))) {
      link.lagging = true;
      link.state_lost = true;
    }
  }
  for (FrameSink* sink : sinks_) {
    if (repeated) {
      sink->on_track_repeated(track);
    } else {
      sink->on_track(track);
    }
  }
}

void Stream::take_frame(const FrameRef& frame) {
  if (frame->is_data()) {
    metadata_ = frame;
  } else {
    cache(frame);
  }
  for (Link& link : links_) {
    forward(link, frame);
  }
  for (FrameSink* sink : sinks_) {
    sink->on_frame(frame);
  }
}

void Stream::forward(Link& link, const FrameRef& frame) {
  const bool clean_start = frame->random_access && (frame->is_video() || !video_);
  bool sent = false;
  if (!link.lagging || (clean_start && (!link.state_lost || forward_state(link)))) {
    FrameQueue::Item item{FrameQueue::Item::Kind::kFrame, link.mirror.id, publication_, nullptr,
                          frame};
    sent = link.mirror.hub->receive(std::move(item));
  }
  link.lagging = !sent;
  if (!sent) {
    link.state_lost = link.state_lost || frame->is_data();
    hub_.count_dropped_for_loop();
  }
}

/// Tells a loop that has missed some of it what the stream is like now.
bool Stream::forward_state(Link& link) {
  LoopHub& to = *link.mirror.hub;
  for (const TrackRef& track : {video_, audio_}) {
    if (track && !to.receive({FrameQueue::Item::Kind::kTrack, link.mirror.id, publication_, track,
                              nullptr})) {
      return false;
    }
  }
  if (metadata_ && !to.receive({FrameQueue::Item::Kind::kFrame, link.mirror.id, publication_,
                                nullptr, metadata_})) {
    return false;
  }
  link.state_lost = false;
  return true;
}

/// What comes from here on is of this publication. The end of the one before may still be under way
/// to this loop, since tasks overtake the queue; it is void then, so what it would have done is
/// done here.
void Stream::begin_publication(uint64_t publication, const GopLimits& limits) {
  if (publication_ != 0) {
    take_end();
  }
  publication_ = publication;
  gop_limits_ = limits;
}

void Stream::take_end() {
  clear_gop();
  video_ = nullptr;
  audio_ = nullptr;
  metadata_ = nullptr;
  for (Link& link : links_) {
    FrameQueue::Item item{FrameQueue::Item::Kind::kEnd, link.mirror.id, publication_, nullptr,
                          nullptr};
    if (!link.mirror.hub->receive(std::move(item))) {
      // The end must not be lost: it takes the unbounded way. It overtakes what is in the queue,
      // which is then dropped on arrival.
      link.mirror.hub->post_end(link.mirror.id, publication_);
    }
  }
  links_.clear();
  publication_ = 0;
  for (FrameSink* sink : sinks_) {
    sink->on_end();
  }
}

void Stream::cache(const FrameRef& frame) {
  if (!gop_limits_.enabled) {
    return;
  }
  if (frame->is_video()) {
    audio_since_video_ = 0;
    if (frame->random_access) {
      clear_gop();
    } else if (gop_.empty()) {
      return;
    }
  } else if (gop_.empty()) {
    return;
  } else if (++audio_since_video_ > kPureAudioFrames) {
    clear_gop();
    return;
  }
  gop_.push_back(frame);
  gop_bytes_ += frame->payload().size();
  if ((gop_limits_.max_frames != 0 && gop_.size() > gop_limits_.max_frames) ||
      gop_bytes_ > gop_limits_.max_bytes) {
    clear_gop();
  }
}

void Stream::clear_gop() {
  // The frames are as old as the GOP and have left the caches; their counts are fetched side by
  // side.
  for (size_t i = 0; i < gop_.size(); ++i) {
    __builtin_prefetch(gop_[i].get(), 1);
  }
  gop_.clear();
  gop_bytes_ = 0;
}

void Stream::link(Directory::Mirror mirror) {
  if (!published_here_ || std::any_of(links_.begin(), links_.end(),
                                      [&](const Link& l) { return l.mirror == mirror; })) {
    return;
  }
  links_.push_back({mirror});
  // One task, so that nothing of a burst is lost however full the queue is; frames that follow go
  // through the queue and are processed after it (see Inbox).
  std::vector<FrameRef> frames;
  if (metadata_) {
    frames.push_back(metadata_);
  }
  for (size_t i = 0; i < gop_.size(); ++i) {
    frames.push_back(gop_[i]);
  }
  mirror.hub->loop().post([hub = mirror.hub, id = mirror.id, publication = publication_,
                           video = video_, audio = audio_, limits = gop_limits_,
                           frames = std::move(frames)] {
    hub->begin_mirror(id, publication, limits, video, audio, frames);
  });
}

void Stream::unlink(Directory::Mirror mirror) {
  std::erase_if(links_, [&](const Link& link) { return link.mirror == mirror; });
}

}  // namespace millrace
