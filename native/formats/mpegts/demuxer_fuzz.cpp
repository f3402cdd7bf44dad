// First byte: step size. Whatever the bytes and cuts, frames lie within their bounds, and a stream
// that was read can be muxed again.
#include <cstdlib>

#include "formats/mpegts/demuxer.hpp"
#include "formats/mpegts/muxer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) {
    return 0;
  }
  static BlockPool pool;
  pool.bind_to_this_thread();
  mpegts::Demuxer demuxer(pool);
  mpegts::Muxer muxer;
  VectorSink sink;
  TrackRef video;
  TrackRef audio;
  const auto drain = [&] {
    for (;;) {
      auto next = demuxer.poll();
      if (!next) {
        continue;
      }
      if (!*next) {
        return;
      }
      if (const TrackRef& track = (*next)->new_track; track) {
        (track->kind == TrackKind::kVideo ? video : audio) = track;
        (void)muxer.set_tracks(video, audio);
        continue;
      }
      const Frame& frame = *(*next)->frame;
      if (frame.payload().size() > mpegts::PesAssembler::kMaxBytes + 4 * 2048) {
        std::abort();
      }
      (void)muxer.write_frame(frame, (*next)->pts, (*next)->dts, sink);
      sink.clear();
    }
  };
  size_t step = 0;
  for (size_t at = 1; at < size; at += step) {
    step = std::min<size_t>(size - at, 1 + size_t{data[0]} * 8);
    demuxer.feed({data + at, step});
    drain();
  }
  demuxer.finish();
  drain();
  return 0;
}
