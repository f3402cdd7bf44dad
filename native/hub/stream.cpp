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

void Stream::attach(FrameSink& sink, Replay replay, AudioForm form) {
  if (video_) {
    sink.on_track(video_);
  }
  const bool derived = derived_.needed() && derived_.form == form;
  if (const TrackRef& audio = derived ? derived_track_ : audio_; audio) {
    sink.on_track(audio);
  }
  if (metadata_) {
    sink.on_frame(metadata_);
  }
  if (replay != Replay::kNo) {
    const Ring<FrameRef>& past = replay == Replay::kRecentAudio ? recent_audio_ : gop_;
    for (size_t i = 0; i < past.size(); ++i) {
      // What was made of audio before somebody stopped to want it has no track any more.
      if (fits(*past[i], form) && !(derived && past[i]->is_audio() && !derived_track_)) {
        sink.on_frame(past[i]);
      }
    }
  }
  sinks_.push_back({&sink, form});
  refresh_derived();
  tell_uses();
}

void Stream::detach(FrameSink& sink) {
  std::erase_if(sinks_, [&sink](const AttachedSink& attached) { return attached.sink == &sink; });
  refresh_derived();
  tell_uses();
}

/// Whether a frame is for sinks of that form.
bool Stream::fits(const Frame& frame, AudioForm form) const {
  if (!frame.is_audio() || !derived_.needed()) {
    return true;
  }
  return (frame.track->codec == derived_.target.codec) == (form == derived_.form);
}

void Stream::attach_packets(PacketSink& sink) {
  if (gop_limits_.enabled) {
    packets_.for_each([&sink](const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
      sink.on_packet(source, packet);
    });
  }
  packet_sinks_.push_back(&sink);
}

void Stream::detach_packets(PacketSink& sink) { std::erase(packet_sinks_, &sink); }

void Stream::request_key_frame(uint32_t source) {
  if (published_here_) {
    if (on_key_frame_wanted_) {
      on_key_frame_wanted_(source);
    }
  } else if (LoopHub* publisher = hub_.directory().publisher_of(key_); publisher != nullptr) {
    publisher->loop().post([publisher, key = key_, source] {
      if (const auto at = publisher->streams_.find(key);
          at != publisher->streams_.end() && at->second->published_here_) {
        at->second->request_key_frame(source);
      }
    });
  }
}

Rendition& Stream::rendition(const std::string& form, const RenditionOptions& options,
                             const std::function<std::unique_ptr<Muxer>()>& make_muxer,
                             AudioForm audio) {
  for (NamedRendition& named : renditions_) {
    if (named.form == form) {
      return *named.rendition;
    }
  }
  renditions_.push_back({form, std::make_unique<Rendition>(hub_.loop(), make_muxer(), options)});
  Rendition& made = *renditions_.back().rendition;
  made.begin_replay();
  attach(made,
         made.wants_recent_audio() ? Replay::kRecentAudio
         : options.gop_cache       ? Replay::kGop
                                   : Replay::kNo,
         audio);
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
  const bool audio = track->kind == TrackKind::kAudio;
  if (audio) {
    const DerivedAudio derived =
        hub_.workers() != nullptr ? derived_audio(track->codec, audio_settings_) : DerivedAudio{};
    if (derived.form != derived_.form || derived.target.codec != derived_.target.codec) {
      stop_transcoding();
      derived_ = derived;
    }
    derived_failed_ = false;
    derived_doubtful_ = false;
    tell_transcoding(Transcoding::kWorks);
    if (derived_.needed() && published_here_) {
      hub_.workers()->probe();  // so that it is known when the first player comes
    }
  }
  forward_track(FrameQueue::Item::Kind::kTrack, track);
  for (const AttachedSink& attached : sinks_) {
    if (audio && derived_.needed() && attached.form == derived_.form) {
      continue;
    }
    if (repeated) {
      attached.sink->on_track_repeated(track);
    } else {
      attached.sink->on_track(track);
    }
  }
  if (audio && !repeated) {
    if (transcoder_) {
      transcoder_->set_track(track);
    }
    refresh_derived();
  }
}

/// @param track  null: what was made of the source's audio is no more, who comes now has no sound.
void Stream::take_derived_track(const TrackRef& track) {
  derived_track_ = track;
  forward_track(FrameQueue::Item::Kind::kDerivedTrack, track);
  if (!track) {
    return;
  }
  for (const AttachedSink& attached : sinks_) {
    if (attached.form == derived_.form) {
      attached.sink->on_track(track);
    }
  }
}

void Stream::forward_track(FrameQueue::Item::Kind kind, const TrackRef& track) {
  for (Link& link : links_) {
    FrameQueue::Item item{kind, link.mirror.id, publication_, track, nullptr};
    if (link.lagging || !link.mirror.hub->receive(std::move(item))) {
      link.lagging = true;
      link.state_lost = true;
    }
  }
}

// ---- audio that is made from the source's
// ----------------------------------------------------------

/// Begins or ends the work, as sinks come and go. On the publisher's loop; elsewhere there is none.
void Stream::refresh_derived() {
  if (!published_here_ || !derived_.needed()) {
    return;
  }
  const auto form = static_cast<size_t>(derived_.form);
  const bool wanted =
      own_uses()[form] ||
      std::any_of(links_.begin(), links_.end(), [form](auto& link) { return link.uses[form]; });
  using Availability = transcode::Workers::Availability;
  if (!wanted) {
    stop_transcoding();
    if (!derived_failed_) {
      // Nobody would notice that the encoder is well again: who comes next finds out.
      tell_transcoding(Transcoding::kWorks);
    }
  } else if (!transcoder_ && audio_ && !derived_failed_) {
    transcoder_ = std::make_unique<transcode::AudioTranscoder>(
        hub_.loop(), *hub_.workers(), derived_.target,
        static_cast<transcode::AudioTranscoder::Owner&>(*this));
    transcoder_->set_track(audio_);
    // A track must not be told of that never has a frame. Once frames could be made, the next ones
    // surely can, and players know at once what comes.
    if (hub_.workers()->availability() == Availability::kAvailable && !derived_doubtful_) {
      take_derived_track(transcoder_->track());
    }
  }
}

void Stream::stop_transcoding() {
  if (transcoder_) {
    hub_.loop().dispose(std::move(transcoder_));  // perhaps it is calling
  }
  derived_track_ = nullptr;
}

void Stream::tell_transcoding(Transcoding state) {
  if (std::exchange(told_transcoding_, state) != state) {
    hub_.tell_transcoding(key_, state);
  }
}

std::array<bool, kAudioForms> Stream::own_uses() const {
  std::array<bool, kAudioForms> uses{};
  for (const AttachedSink& attached : sinks_) {
    uses[static_cast<size_t>(attached.form)] = true;
  }
  return uses;
}

/// Tells the publisher's loop in which forms audio is wanted here.
void Stream::tell_uses() {
  const auto uses = own_uses();
  if (publisher_ == nullptr || uses == told_uses_) {
    return;
  }
  told_uses_ = uses;
  publisher_->loop().post(
      [publisher = publisher_, key = key_, mirror = Directory::Mirror{&hub_, mirror_id_}, uses] {
        if (Stream* stream = publisher->find(key)) {
          stream->use_forms_of(mirror, uses);
        }
      });
}

void Stream::set_publisher(LoopHub* publisher) {
  publisher_ = publisher;
  told_uses_ = {};
  tell_uses();
}

void Stream::use_forms_of(Directory::Mirror mirror, const std::array<bool, kAudioForms>& uses) {
  for (Link& link : links_) {
    if (link.mirror == mirror) {
      link.uses = uses;
    }
  }
  refresh_derived();
}

void Stream::on_transcoded(FrameRef frame) {
  if (transcoder_ && frame->track == transcoder_->track()) {
    derived_doubtful_ = false;
    tell_transcoding(Transcoding::kWorks);
    if (!derived_track_) {
      take_derived_track(frame->track);
    }
    take_frame(frame);
  }
}

void Stream::on_transcode_trouble(Error error, const std::string& /*why*/) {
  hub_.report("transcode " + key_, error);
  if (error.code == ErrorCode::kTranscodeOverloaded) {
    return;
  }
  // Players who come now are told of no sound rather than of one that is silent. A decoder may find
  // frames again that it can read; then the track is back.
  derived_doubtful_ = true;
  tell_transcoding(Transcoding::kFails);
  if (derived_track_) {
    take_derived_track(nullptr);
  }
  if (error.code == ErrorCode::kTranscodeUnavailable) {
    derived_failed_ = true;
    stop_transcoding();
  }
}

// ---- frames
// ----------------------------------------------------------------------------------------

void Stream::take_frame(const FrameRef& frame) {
  if (frame->is_data()) {
    metadata_ = frame;
  } else {
    cache(frame);
    cache_recent_audio(frame);
  }
  for (Link& link : links_) {
    forward(link, frame);
  }
  for (const AttachedSink& attached : sinks_) {
    if (fits(*frame, attached.form)) {
      attached.sink->on_frame(frame);
    }
  }
  if (transcoder_ && frame->is_audio() && frame->track->codec != derived_.target.codec) {
    transcoder_->push(frame);
  }
}

/// A packet that a loop has no room for is lost for its players, as on a network.
void Stream::take_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
  packets_.add(source, packet);
  for (Link& link : links_) {
    FrameQueue::Item item{FrameQueue::Item::Kind::kPacket,
                          link.mirror.id,
                          publication_,
                          nullptr,
                          nullptr,
                          source,
                          packet};
    if (!link.mirror.hub->receive(std::move(item))) {
      hub_.count_dropped_for_loop();
    }
  }
  for (PacketSink* sink : packet_sinks_) {
    sink->on_packet(source, packet);
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
  if (derived_track_ && !to.receive({FrameQueue::Item::Kind::kDerivedTrack, link.mirror.id,
                                     publication_, derived_track_, nullptr})) {
    return false;
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
void Stream::begin_publication(uint64_t publication, const GopLimits& limits,
                               const AudioSettings& audio, bool packets) {
  if (publication_ != 0) {
    take_end();
  }
  carries_packets_ = packets;
  publication_ = publication;
  gop_limits_ = limits;
  audio_settings_ = audio;
}

void Stream::take_end() {
  clear_gop();
  packets_.clear();
  carries_packets_ = false;
  stop_transcoding();
  tell_transcoding(Transcoding::kWorks);
  derived_ = {};
  publisher_ = nullptr;
  recent_audio_.clear();
  recent_audio_bytes_ = 0;
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
  for (const AttachedSink& attached : sinks_) {
    attached.sink->on_end();
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
  } else if (derived_.needed() && frame->track->codec == derived_.target.codec) {
    // Beside the source's audio, which is counted.
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

void Stream::cache_recent_audio(const FrameRef& frame) {
  if (gop_limits_.recent_audio == MediaTime(0) || !frame->is_audio() ||
      !fits(*frame, AudioForm::kPlain)) {
    return;
  }
  recent_audio_.push_back(frame);
  recent_audio_bytes_ += frame->payload().size();
  while (!recent_audio_.empty() &&
         (frame->dts - recent_audio_.front()->dts > gop_limits_.recent_audio ||
          recent_audio_bytes_ > gop_limits_.max_bytes)) {
    recent_audio_bytes_ -= recent_audio_.front()->payload().size();
    recent_audio_.pop_front();
  }
}

/// What of the recent audio the cached GOP does not hold: both are in the order of arrival.
std::vector<FrameRef> Stream::audio_before_gop() const {
  size_t first = 0;
  while (first < gop_.size() &&
         !(gop_[first]->is_audio() && fits(*gop_[first], AudioForm::kPlain))) {
    ++first;
  }
  std::vector<FrameRef> older;
  for (size_t i = 0; i < recent_audio_.size(); ++i) {
    if (first < gop_.size() && recent_audio_[i] == gop_[first]) {
      return older;
    }
    older.push_back(recent_audio_[i]);
  }
  // Not met: the GOP has no audio, or all that is recent belongs to it.
  return first == gop_.size() ? older : std::vector<FrameRef>{};
}

/// Audio of before this loop had the stream, and before the frames that come next.
void Stream::take_recent_audio(const std::vector<FrameRef>& frames) {
  for (const FrameRef& frame : frames) {
    cache_recent_audio(frame);
    for (const NamedRendition& named : renditions_) {
      if (named.rendition->wants_recent_audio()) {
        named.rendition->on_frame(frame);
      }
    }
  }
}

void Stream::begin_replay() {
  for (const NamedRendition& named : renditions_) {
    if (named.rendition->wants_recent_audio()) {
      named.rendition->begin_replay();
    }
  }
}

void Stream::end_replay() {
  for (const NamedRendition& named : renditions_) {
    if (named.rendition->wants_recent_audio()) {
      named.rendition->end_replay();
    }
  }
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
  std::vector<SourcedPacket> packets;
  packets_.for_each([&packets](const PacketSourceRef& source, const rtp::MediaPacketRef& packet) {
    packets.push_back({source, packet});
  });
  mirror.hub->loop().post(
      [hub = mirror.hub, id = mirror.id, publication = publication_,
       state =
           LoopHub::MirrorState{&hub_, gop_limits_, audio_settings_, video_, audio_, derived_track_,
                                audio_before_gop(), carries_packets_, std::move(packets)},
       frames = std::move(frames)] { hub->begin_mirror(id, publication, state, frames); });
}

void Stream::unlink(Directory::Mirror mirror) {
  std::erase_if(links_, [&](const Link& link) { return link.mirror == mirror; });
  refresh_derived();
}

}  // namespace millrace
