#include "hub/loop_hub.hpp"

#include <cassert>

namespace millrace {

namespace {

// Frames under way to one loop: several seconds of hundreds of streams, or a stalled loop's
// patience.
constexpr size_t kQueueFrames = size_t{1} << 13;
constexpr size_t kCollectAtOnce = 4096;
constexpr Duration kMaintenance = seconds(1);
constexpr unsigned kPoolTrimInterval = 10;  // maintenances; longer than the usual GOP
// What a burst leaves behind goes sooner. Longer than most GOPs, because publishers whose GOPs end
// together leave much unused between them; twice this is still within the ten seconds in which
// memory is to be back.
constexpr unsigned kPoolShedInterval = 4;
constexpr size_t kPoolKeepBytes = size_t{8} << 20;
// A viewer who comes again at once finds the rendition still there.
constexpr Duration kRenditionLinger = seconds(5);

}  // namespace

StreamUse::StreamUse(Stream& stream) : stream_(&stream) { ++stream.users_; }

void StreamUse::reset() {
  if (Stream* stream = std::exchange(stream_, nullptr);
      stream != nullptr && --stream->users_ == 0) {
    stream->hub().release(*stream);
  }
}

LoopHub::LoopHub(Loop& loop, Directory& directory, transcode::Workers* workers)
    : loop_(loop),
      directory_(directory),
      workers_(workers),
      queue_(kQueueFrames),
      maintenance_([this] { maintain(); }) {
  collected_.reserve(kCollectAtOnce);
  loop_.set_inbox(this);
  loop_.arm_in(maintenance_, kMaintenance);
}

LoopHub::~LoopHub() { loop_.set_inbox(nullptr); }

StreamUse LoopHub::use(const std::string& key) {
  loop_.assert_here();
  const auto found = streams_.find(key);
  if (found != streams_.end()) {
    return StreamUse(*found->second);
  }
  const uint64_t id = next_mirror_++;
  auto made = std::make_unique<Stream>(*this, key, id);
  Stream& stream = *made;
  streams_.emplace(key, std::move(made));
  mirrors_.emplace(id, &stream);
  const Directory::Mirror mirror{this, id};
  if (LoopHub* publisher = directory_.begin_mirror(key, mirror);
      publisher != nullptr && publisher != this) {
    publisher->loop_.post([publisher, key, mirror] {
      const auto at = publisher->streams_.find(key);
      // Another publication may have begun there meanwhile, after the mirror had left: nobody would
      // ever unlink it.
      if (at != publisher->streams_.end() && publisher->directory_.has_mirror(key, mirror)) {
        at->second->link(mirror);
      }
    });
  }
  return StreamUse(stream);
}

void LoopHub::release(Stream& stream) {
  const Directory::Mirror mirror{this, stream.mirror_id_};
  LoopHub* publisher = directory_.end_mirror(stream.key(), mirror);
  if (publisher != nullptr && publisher != this) {
    publisher->loop_.post([publisher, key = stream.key(), mirror] {
      if (const auto at = publisher->streams_.find(key); at != publisher->streams_.end()) {
        at->second->unlink(mirror);
      }
    });
  }
  mirrors_.erase(stream.mirror_id_);
  const auto found = streams_.find(stream.key());
  assert(found != streams_.end());
  // Perhaps called from within one of its sinks.
  loop_.dispose(std::move(found->second));
  streams_.erase(found);
}

Result<std::unique_ptr<Publication>> LoopHub::publish(const std::string& key,
                                                      const PublicationOptions& options) {
  StreamUse stream = use(key);
  auto begun = directory_.begin_publish(key, *this);
  if (!begun) {
    return ErrorCode::kStreamBusy;
  }
  stream->begin_publication(begun->publication, options.gop, options.audio, options.packets);
  stream->published_here_ = true;
  for (const Directory::Mirror& mirror : begun->mirrors) {
    if (mirror.hub != this) {
      stream->link(mirror);
    }
  }
  return std::unique_ptr<Publication>(
      new Publication(std::move(stream), options, begun->continue_after));
}

bool LoopHub::receive(FrameQueue::Item&& item) {
  const bool taken = queue_.push(std::move(item));
  loop_.wake();
  return taken;
}

void LoopHub::post_end(uint64_t mirror, uint64_t publication) {
  loop_.post([this, mirror, publication] {
    const auto found = mirrors_.find(mirror);
    if (found != mirrors_.end() && found->second->publication_ == publication) {
      found->second->take_end();
    }
  });
}

Stream* LoopHub::find(const std::string& key) {
  const auto found = streams_.find(key);
  return found != streams_.end() ? found->second.get() : nullptr;
}

void LoopHub::begin_mirror(uint64_t id, uint64_t publication, const MirrorState& state,
                           const std::vector<FrameRef>& frames) {
  const auto found = mirrors_.find(id);
  if (found == mirrors_.end()) {
    return;
  }
  Stream& stream = *found->second;
  if (publication < stream.publication_) {
    return;  // from a publisher whose successor was quicker
  }
  stream.begin_publication(publication, state.gop, state.audio_settings, state.carries_packets);
  if (state.video) {
    stream.take_track(state.video);
  }
  if (state.audio) {
    stream.take_track(state.audio);
  }
  if (state.derived_audio) {
    stream.take_derived_track(state.derived_audio);
  }
  stream.set_publisher(state.publisher);
  stream.begin_replay();
  stream.take_recent_audio(state.older_audio);
  for (const FrameRef& frame : frames) {
    stream.take_frame(frame);
  }
  for (const SourcedPacket& packet : state.packets) {
    stream.take_packet(packet.source, packet.packet);
  }
  stream.end_replay();
}

void LoopHub::collect() {
  FrameQueue::Item item;
  while (collected_.size() < kCollectAtOnce && queue_.pop(item)) {
    collected_.push_back(std::move(item));
  }
  if (collected_.size() == kCollectAtOnce) {
    loop_.wake();
  }
}

void LoopHub::process() {
  for (FrameQueue::Item& item : collected_) {
    const auto found = mirrors_.find(item.mirror);
    if (found == mirrors_.end() || found->second->publication_ != item.publication) {
      continue;  // the last viewer here has gone meanwhile, or another publisher has come
    }
    switch (item.kind) {
      case FrameQueue::Item::Kind::kTrack:
        found->second->take_track(item.track);
        break;
      case FrameQueue::Item::Kind::kDerivedTrack:
        found->second->take_derived_track(item.track);
        break;
      case FrameQueue::Item::Kind::kFrame:
        found->second->take_frame(item.frame);
        break;
      case FrameQueue::Item::Kind::kPacket:
        found->second->take_packet(item.source, item.packet);
        break;
      case FrameQueue::Item::Kind::kEnd:
        found->second->take_end();
        break;
    }
  }
  collected_.clear();
}

void LoopHub::discard() {
  FrameQueue::Item item;
  while (queue_.pop(item)) {
  }
  collected_.clear();
}

void LoopHub::maintain() {
  loop_.arm_in(maintenance_, kMaintenance);
  for (auto& [key, stream] : streams_) {
    stream->drop_idle_renditions(loop_.now() - kRenditionLinger);
  }
  ++maintenances_;
  if (maintenances_ % kPoolShedInterval == 0) {
    loop_.pool().shed(kPoolKeepBytes);
  }
  if (maintenances_ % kPoolTrimInterval == 0) {
    loop_.pool().trim();
  }
}

}  // namespace millrace
