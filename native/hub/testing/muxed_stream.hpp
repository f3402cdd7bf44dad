#pragma once

// For tests only: a rendition by itself, what goes in, and who watches it.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "hub/rendition.hpp"
#include "hub/testing/media.hpp"
#include "hub/testing/viewer.hpp"
#include "io/testing/loop_thread.hpp"

namespace millrace::testing {

/// One rendition on a loop of its own, with numbered frames of two tracks.
class MuxedStream {
 protected:
  MuxedStream() = default;
  ~MuxedStream() {
    viewers_.clear();
    thread_.call([&] { rendition_.reset(); });
    thread_.finish_turn();
  }
  MuxedStream(const MuxedStream&) = delete;
  MuxedStream& operator=(const MuxedStream&) = delete;

  void make(std::unique_ptr<Muxer> muxer, const RenditionOptions& options = {}) {
    thread_.call([&] {
      rendition_ = std::make_unique<Rendition>(thread_.loop(), std::move(muxer), options);
    });
  }
  Viewer& join(TimeJitter jitter = TimeJitter::kFull) {
    viewers_.push_back(
        std::make_unique<Viewer>(thread_, ViewerOptions{.jitter = jitter, .tls = nullptr}));
    thread_.call([&] { rendition_->add(viewers_.back()->reader()); });
    return *viewers_.back();
  }
  void track(const TrackRef& track) {
    thread_.call([&] { rendition_->on_track(track); });
  }
  /// @return its number.
  uint32_t frame(const TrackRef& track, int64_t time_ms, bool random_access, size_t size) {
    const uint32_t number = next_++;
    thread_.call([&] {
      auto made =
          make_frame(thread_.loop().pool(), track, number, from_ms(time_ms), random_access, size);
      made->source_dts = made->dts + source_offset_;
      rendition_->on_frame(std::move(made));
    });
    return number;
  }
  void metadata(const TrackRef& track = metadata_track()) {
    thread_.call([&] {
      rendition_->on_frame(make_frame(thread_.loop().pool(), track, 0, MediaTime(0), false, 40));
    });
  }

  LoopThread thread_;
  std::unique_ptr<Rendition> rendition_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  TrackRef video_ = h264_track();
  TrackRef audio_ = aac_track();
  MediaTime source_offset_{0};
  uint32_t next_ = 1;
};

}  // namespace millrace::testing
