#include "protocols/ts_ingest.hpp"

#include <algorithm>

namespace millrace {

Status TsIngest::feed(Bytes bytes) {
  demuxer_.feed(bytes);
  drain();
  const auto counters = demuxer_.counters();
  if (counters.packets == 0 && counters.skipped_bytes > kMaxBytesWithoutSync) {
    return Error{ErrorCode::kTsNoSync, static_cast<uint32_t>(counters.skipped_bytes)};
  }
  return {};
}

void TsIngest::finish() {
  demuxer_.finish();
  drain();
}

void TsIngest::drain() {
  for (;;) {
    auto next = demuxer_.poll();
    if (!next) {
      context_.troubles.note(area_, next.error(), session_);
      continue;
    }
    if (!*next) {
      return;
    }
    mpegts::Demuxed& demuxed = **next;
    if (demuxed.new_track) {
      publication_->set_track(demuxed.new_track);
      tracks_changed_ = true;
    }
    if (demuxed.frame) {
      publication_->push(std::move(demuxed.frame), demuxed.dts, demuxed.pts);
    }
  }
}

}  // namespace millrace
