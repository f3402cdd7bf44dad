#include "transcode/audio_transcoder.hpp"

#include <cstring>
#include <deque>
#include <optional>
#include <utility>

namespace millrace::transcode {

namespace {

// About two seconds of audio: a worker that is behind by more will not make it good.
constexpr size_t kMaxQueued = 96;
// What one stream may do before the next one of the thread has its turn.
constexpr size_t kFramesPerTurn = 4;

}  // namespace

/// What loop and worker share.
class AudioTranscoder::Job final : public Work, public std::enable_shared_from_this<Job> {
 public:
  Job(AudioTranscoder& owner, Loop& loop, Workers& workers, const AudioTarget& target)
      : owner_(&owner),
        loop_(loop),
        workers_(workers),
        target_(target),
        thread_(workers.enlist()) {}
  ~Job() override { workers_.discharge(thread_); }

  struct Item {
    TrackRef track;  // a change of track, or
    FrameRef frame;  // a frame
  };

  /// On the loop. @return false when the queue is full.
  bool push(Item item) {
    {
      const std::lock_guard lock(mutex_);
      // A track is never dropped: it comes once. Publishers cannot send more of them than frames.
      if (queue_.size() >= (item.track ? 2 * kMaxQueued : kMaxQueued)) {
        return false;
      }
      queue_.push_back(std::move(item));
      if (std::exchange(scheduled_, true)) {
        return true;
      }
    }
    workers_.schedule(thread_, shared_from_this());
    return true;
  }

  /// On the loop: nothing more is wanted.
  void close() {
    owner_ = nullptr;
    std::deque<Item> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    queue_.swap(dropped);
  }

  bool run() override {
    for (size_t i = 0; i < kFramesPerTurn; ++i) {
      Item item;
      {
        const std::lock_guard lock(mutex_);
        if (queue_.empty() || closed_) {
          break;
        }
        item = std::move(queue_.front());
        queue_.pop_front();
      }
      process(item);
    }
    return hand_over();
  }

 private:
  struct Trouble {
    Error error;
    std::string why;
  };

  void process(const Item& item) {
    if (!opened_) {
      opened_ = true;
      open();
    }
    if (!pipeline_) {
      return;
    }
    std::string why;
    if (item.track) {
      if (const Status status = pipeline_->set_track(*item.track, why); !status.ok()) {
        trouble_ = Trouble{status.error(), why};
      }
      return;
    }
    const Frame& frame = *item.frame;
    if (const Status status = pipeline_->feed(frame.payload(), frame.dts, made_); !status.ok()) {
      trouble_ = Trouble{status.error(), "frames cannot be decoded"};
    }
  }

  void open() {
    std::string why;
    const auto library = workers_.library(why);
    if (!library.ok()) {
      trouble_ = Trouble{library.error(), why};
      return;
    }
    auto pipeline = AudioPipeline::open(**library, target_, why);
    if (!pipeline.ok()) {
      trouble_ = Trouble{pipeline.error(), why};
      return;
    }
    pipeline_ = std::move(pipeline).value();
  }

  /// Gives the loop what was made. @return whether more is waiting.
  bool hand_over() {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return scheduled_ = false;
    }
    done_.insert(done_.end(), std::make_move_iterator(made_.begin()),
                 std::make_move_iterator(made_.end()));
    made_.clear();
    if (trouble_) {
      reported_ = std::exchange(trouble_, std::nullopt);
    }
    if ((!done_.empty() || reported_) && !std::exchange(delivering_, true)) {
      loop_.post([self = shared_from_this()] { self->deliver(); });
    }
    return scheduled_ = !queue_.empty();
  }

  /// On the loop.
  void deliver() {
    std::vector<EncodedAudio> done;
    std::optional<Trouble> trouble;
    {
      const std::lock_guard lock(mutex_);
      done.swap(done_);
      trouble.swap(reported_);
      delivering_ = false;
    }
    for (const EncodedAudio& audio : done) {
      if (owner_ != nullptr) {
        owner_->deliver(audio);
      }
    }
    if (trouble && owner_ != nullptr) {
      owner_->owner_.on_transcode_trouble(trouble->error, trouble->why);
    }
  }

  AudioTranscoder* owner_;  // on the loop only
  Loop& loop_;
  Workers& workers_;
  const AudioTarget target_;
  const size_t thread_;

  std::mutex mutex_;
  std::deque<Item> queue_;
  std::vector<EncodedAudio> done_;
  std::optional<Trouble> reported_;
  bool scheduled_ = false;
  bool delivering_ = false;
  bool closed_ = false;

  // On the worker's thread only.
  bool opened_ = false;
  std::unique_ptr<AudioPipeline> pipeline_;
  std::vector<EncodedAudio> made_;
  std::optional<Trouble> trouble_;
};

AudioTranscoder::AudioTranscoder(Loop& loop, Workers& workers, const AudioTarget& target,
                                 Owner& owner)
    : loop_(loop),
      workers_(workers),
      owner_(owner),
      track_(target_track(target)),
      job_(std::make_shared<Job>(*this, loop_, workers_, target)) {}

AudioTranscoder::~AudioTranscoder() { job_->close(); }

void AudioTranscoder::set_track(const TrackRef& track) { job_->push({track, nullptr}); }

void AudioTranscoder::push(const FrameRef& frame) {
  if (job_->push({nullptr, frame})) {
    shed_ = 0;
    return;
  }
  if (shed_++ % kMaxQueued == 0) {
    owner_.on_transcode_trouble({ErrorCode::kTranscodeOverloaded, shed_}, {});
  }
}

void AudioTranscoder::deliver(const EncodedAudio& audio) {
  const Bytes bytes = audio.data->bytes();
  auto frame = Frame::make(loop_.pool(), track_, bytes.size());
  std::memcpy(frame->mutable_payload().data(), bytes.data(), bytes.size());
  frame->dts = frame->pts = frame->source_dts = audio.time;
  frame->random_access = true;
  owner_.on_transcoded(std::move(frame));
}

}  // namespace millrace::transcode
