#include "protocols/hls/egress.hpp"

#include <algorithm>
#include <utility>

#include "protocols/hls/recovery.hpp"

namespace millrace::hls {
namespace {

// A segment that left the list may still be asked for by a player that has just read the list.
constexpr int kGraceTargets = 3;

// While the old playlist is read from disk; a disk that needs longer than this many frames hangs.
constexpr size_t kMostWaiting = 512;

constexpr Duration kFailureReportInterval = std::chrono::seconds(1);

std::string_view text_of(const BufferRef& buffer) {
  return {reinterpret_cast<const char*>(buffer->data()), buffer->size()};
}

BufferChain chain_of(BufferRef buffer) {
  BufferChain chain;
  chain.add(std::move(buffer));
  return chain;
}

}  // namespace

Result<std::unique_ptr<Egress>> Egress::make(const Options& options, const StreamName& name,
                                             std::string url_root, const EgressServices& services) {
  auto paths = Paths::of(options, name);
  if (!paths) {
    return ErrorCode::kNameInvalid;
  }
  return std::unique_ptr<Egress>(
      new Egress(options, name, std::move(*paths), std::move(url_root), services));
}

Egress::Egress(const Options& options, const StreamName& name, Paths paths, std::string url_root,
               const EgressServices& services)
    : options_(options),
      name_(name),
      paths_(std::move(paths)),
      url_root_(std::move(url_root)),
      services_(services),
      disk_(services.files, services.disk, std::hash<std::string>{}(url(paths_.playlist()))),
      segmenter_(options, services.wall_clock),
      window_(options.window) {}

Egress::~Egress() {
  if (recovery_) {
    recovery_->egress = nullptr;
  }
}

void Egress::begin(std::function<void(Task)> post, TellSegments tell) {
  stopped_ = false;
  tell_ = tell;
  if (window_.entries().empty()) {
    put_pending_playlist();
  } else {
    put_playlist();
  }
  if (std::exchange(fresh_, false) && options_.recover && !options_.memory_only) {
    start_recovery(post);
  }
}

void Egress::on_track(const TrackRef& track) {
  if (recovery_) {
    waiting_.push_back({.track = track, .frame = nullptr});
  } else if (!stopped_) {
    handle(segmenter_.on_track(track));
    publish_finished();
  }
}

void Egress::on_frame(const FrameRef& frame) {
  if (recovery_) {
    waiting_.push_back({.track = nullptr, .frame = frame});
    if (waiting_.size() >= kMostWaiting) {
      finish_recovery(nullptr);
    }
  } else if (!stopped_) {
    handle(segmenter_.on_frame(frame));
    publish_finished();
  }
}

void Egress::on_end() {
  if (recovery_) {
    finish_recovery(nullptr);
  }
  handle(segmenter_.on_end());
  publish_finished();
  if (window_.entries().empty()) {
    // Nobody shall wait for a segment that nobody makes.
    services_.store.remove(url(paths_.playlist()));
  }
}

void Egress::handle(const Status& status) {
  if (status.ok() || stopped_) {
    return;
  }
  ++failures_;
  stopped_ = options_.on_error != OnError::kContinue;
  // Where HLS goes on, the next frame may fail just so.
  if (const Time now = services_.now(); stopped_ || now >= next_failure_report_) {
    next_failure_report_ = now + kFailureReportInterval;
    services_.events.on_failure(name_, status.error(), options_.on_error);
  }
}

void Egress::publish_finished() {
  while (auto segment = segmenter_.poll()) {
    publish(std::move(*segment));
  }
}

void Egress::publish(Segment segment) {
  const auto location = paths_.segment(options_, segment);
  const auto key = segment.key ? publish_key(segment) : nullptr;
  const bool named = location && (!segment.key || key);
  const bool stored = named && services_.store.put(url(location->path),
                                                   make_object(segment.body, kSegmentType,
                                                               wall_seconds(), segment.sequence));
  if (!named || (!stored && options_.memory_only)) {
    // Numbers in a playlist have no gap, so it begins anew after this one.
    drop(std::vector<PlaylistEntry>(window_.entries().begin(), window_.entries().end()));
    window_.clear();
    put_pending_playlist();
    handle(named ? ErrorCode::kOutOfMemory : ErrorCode::kNameInvalid);
    return;
  }
  if (!options_.memory_only) {
    disk_.write(options_.path, location->path, segment.body);
  }
  drop(window_.add({.sequence = segment.sequence,
                    .duration = segment.duration,
                    .discontinuity = segment.discontinuity,
                    .uri = location->uri,
                    .path = location->path,
                    .key = key}));
  put_playlist();
  if (tell_ == TellSegments::kNo) {
    return;
  }
  services_.events.on_segment({.name = name_,
                               .duration = segment.duration,
                               .sequence = segment.sequence,
                               .bytes = segment.body.size,
                               .file = options_.path + '/' + location->path,
                               .uri = location->uri,
                               .url = paths_.url_of(location->uri),
                               .m3u8 = options_.path + '/' + paths_.playlist(),
                               .m3u8_url = paths_.playlist()});
}

std::shared_ptr<const KeyTag> Egress::publish_key(const Segment& segment) {
  if (!keys_.empty() && keys_.back().key == segment.key) {
    return keys_.back().tag;
  }
  const auto location = paths_.key(options_, *segment.key);
  if (!location) {
    return nullptr;
  }
  const BufferRef bytes = Buffer::copy_of(Bytes(segment.key->key));
  if (options_.serves_keys() &&
      !services_.store.put(
          url(location->path),
          make_object(chain_of(bytes), kKeyType, wall_seconds(), segment.key->sequence)) &&
      options_.memory_only) {
    return nullptr;
  }
  if (!options_.memory_only) {
    disk_.write(options_.key_folder(), location->path, chain_of(bytes));
  }
  auto tag = std::make_shared<KeyTag>();
  tag->uri = location->uri;
  tag->iv = segment.key->iv;
  keys_.push_back({.key = segment.key, .tag = tag, .path = location->path});
  return tag;
}

void Egress::drop(const std::vector<PlaylistEntry>& entries) {
  if (entries.empty()) {
    return;
  }
  const Time at = services_.now() + grace();
  for (const auto& entry : entries) {
    if (entry.path.empty()) {
      continue;
    }
    services_.store.retire(url(entry.path), at);
    if (options_.cleanup && !options_.memory_only) {
      disk_.remove(options_.path, entry.path);
    }
  }
  drop_unused_keys(at);
}

void Egress::drop_unused_keys(Time at) {
  const auto unused = [this](const ListedKey& listed) {
    // The newest may be wanted by the segment that comes.
    return &listed != &keys_.back() &&
           std::ranges::none_of(window_.entries(), [&listed](const PlaylistEntry& entry) {
             return entry.key == listed.tag;
           });
  };
  // Keys leave in the order in which they came.
  while (!keys_.empty() && unused(keys_.front())) {
    services_.store.retire(url(keys_.front().path), at);
    if (options_.cleanup && !options_.memory_only) {
      disk_.remove(options_.key_folder(), keys_.front().path);
    }
    keys_.erase(keys_.begin());
  }
}

void Egress::put_playlist() {
  auto rendered = render_media_playlist(window_.entries(), options_.target_duration());
  const BufferRef text = Buffer::copy_of(std::string_view(rendered.text));
  auto object = make_object(chain_of(text), kPlaylistType, wall_seconds(), ++playlist_version_);
  auto with_uris = traits();
  with_uris->uri_ends = std::move(rendered.uri_ends);
  object->playlist = std::move(with_uris);
  if (!services_.store.put(url(paths_.playlist()), std::move(object))) {
    handle(ErrorCode::kOutOfMemory);
  }
  if (!options_.memory_only) {
    disk_.write(options_.path, paths_.playlist(), chain_of(text));
  }
}

void Egress::put_pending_playlist() {
  auto object = make_object({}, kPlaylistType, wall_seconds(), ++playlist_version_);
  object->playlist = traits();
  (void)services_.store.put(url(paths_.playlist()), std::move(object));
}

std::unique_ptr<PlaylistTraits> Egress::traits() const {
  auto out = std::make_unique<PlaylistTraits>();
  out->app = name_.app;
  out->stream = name_.stream;
  out->context = options_.context;
  out->segment_context = options_.ts_context;
  out->master_path_relative = options_.master_path_relative;
  out->window = options_.window;
  return out;
}

void Egress::dispose() {
  remove_all_files();
  forget();
}

void Egress::forget() {
  services_.store.remove(url(paths_.playlist()));
  for (const auto& entry : window_.entries()) {
    services_.store.remove(url(entry.path));
  }
  for (const auto& listed : keys_) {
    services_.store.remove(url(listed.path));
  }
  window_.clear();
  keys_.clear();
}

void Egress::remove_all_files() {
  if (options_.memory_only) {
    return;
  }
  disk_.remove(options_.path, paths_.playlist());
  for (const auto& entry : window_.entries()) {
    if (!entry.path.empty()) {
      disk_.remove(options_.path, entry.path);
    }
  }
  for (const auto& listed : keys_) {
    disk_.remove(options_.key_folder(), listed.path);
  }
}

void Egress::continue_from(uint64_t next_sequence) {
  segmenter_.continue_from(next_sequence);
  fresh_ = false;
}

void Egress::start_recovery(const std::function<void(Task)>& post) {
  recovery_ = std::make_shared<Recovery>(Recovery{.egress = this});
  disk_.read(options_.path, paths_.playlist(), kMaxRecoveredBytes,
             [recovery = recovery_, post](BufferRef text) {
               post([recovery, text = std::move(text)] {
                 if (recovery->egress != nullptr) {
                   recovery->egress->finish_recovery(text);
                 }
               });
             });
}

void Egress::finish_recovery(const BufferRef& text) {
  recovery_->egress = nullptr;
  recovery_ = nullptr;
  if (text && text->size() > 0) {
    if (const auto entries = parse_media_playlist(text_of(text)); !entries.ok()) {
      services_.events.on_failure(name_, entries.error(), OnError::kContinue);
    } else if (!entries->empty()) {
      segmenter_.continue_from(entries->back().sequence + 1);
      for (PlaylistEntry entry : *entries) {
        entry.path = paths_.path_of_uri(options_, entry.uri);
        drop(window_.add(std::move(entry)));
      }
      put_playlist();
    }
  }
  for (const auto& waiting : std::exchange(waiting_, {})) {
    if (waiting.track) {
      on_track(waiting.track);
    } else {
      on_frame(waiting.frame);
    }
  }
}

int64_t Egress::wall_seconds() const {
  return std::chrono::floor<std::chrono::seconds>(services_.wall_clock().time_since_epoch())
      .count();
}

Duration Egress::grace() const {
  MediaTime longest = options_.target_duration();
  for (const auto& entry : window_.entries()) {
    longest = std::max(longest, entry.duration);
  }
  return kGraceTargets * longest;
}

}  // namespace millrace::hls
