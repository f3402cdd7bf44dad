#include "transcode/workers.hpp"

#include <algorithm>

#include "transcode/library_file.hpp"

namespace millrace::transcode {

namespace {

unsigned default_threads() { return std::clamp(std::thread::hardware_concurrency() / 2, 1U, 32U); }

}  // namespace

Workers::Workers(unsigned threads) {
  const unsigned count = threads != 0 ? threads : default_threads();
  for (unsigned i = 0; i < count; ++i) {
    lanes_.push_back(std::make_unique<Lane>());
  }
}

Workers::~Workers() { stop(); }

size_t Workers::enlist() {
  const std::lock_guard lock(mutex_);
  if (!started_) {
    started_ = true;
    for (const auto& lane : lanes_) {
      lane->thread = std::thread([this, at = lane.get()] { run(*at); });
    }
  }
  const auto least =
      std::min_element(lanes_.begin(), lanes_.end(),
                       [](const auto& a, const auto& b) { return a->works < b->works; });
  ++(*least)->works;
  return static_cast<size_t>(least - lanes_.begin());
}

void Workers::discharge(size_t thread) {
  const std::lock_guard lock(mutex_);
  --lanes_[thread]->works;
}

void Workers::schedule(size_t thread, std::shared_ptr<Work> work) {
  Lane& lane = *lanes_[thread];
  {
    const std::lock_guard lock(lane.mutex);
    if (stopping_) {
      return;
    }
    lane.ready.push_back(std::move(work));
  }
  lane.wakeup.notify_one();
}

void Workers::run(Lane& lane) {
  std::unique_lock lock(lane.mutex);
  for (;;) {
    lane.wakeup.wait(lock, [this, &lane] { return stopping_ || !lane.ready.empty(); });
    if (stopping_) {
      return;
    }
    std::shared_ptr<Work> work = std::move(lane.ready.front());
    lane.ready.pop_front();
    lock.unlock();
    const bool more = work->run();
    lock.lock();
    if (more && !stopping_) {
      lane.ready.push_back(std::move(work));
    }
    // Destroyed without the lock: its end may take time.
    lock.unlock();
    work.reset();
    lock.lock();
  }
}

Result<const MillraceAudioLibrary*> Workers::library(std::string& why) {
  // The loader is not asked by two at once, so that the text of its error is the right one.
  const std::lock_guard lock(library_mutex_);
  auto library = open_audio_library(why);
  availability_.store(library.ok() ? Availability::kAvailable : Availability::kUnavailable,
                      std::memory_order_relaxed);
  return library;
}

void Workers::probe() {
  /// Opens the library, once.
  class Probe final : public Work {
   public:
    explicit Probe(Workers& workers) : workers_(workers), thread_(workers.enlist()) {}
    ~Probe() override { workers_.discharge(thread_); }
    [[nodiscard]] size_t thread() const { return thread_; }
    bool run() override {
      std::string why;
      (void)workers_.library(why);
      return false;
    }

   private:
    Workers& workers_;
    const size_t thread_;
  };
  if (!probed_.exchange(true)) {
    auto probe = std::make_shared<Probe>(*this);
    const size_t thread = probe->thread();
    schedule(thread, std::move(probe));
  }
}

void Workers::stop() {
  for (const auto& lane : lanes_) {
    lane->mutex.lock();
  }
  stopping_ = true;
  for (const auto& lane : lanes_) {
    lane->mutex.unlock();
    lane->wakeup.notify_all();
  }
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) {
      lane->thread.join();
    }
    lane->ready.clear();
  }
}

}  // namespace millrace::transcode
