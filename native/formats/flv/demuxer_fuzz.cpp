// A session: messages as [kind][16-bit length][body]. What the demuxer gives must go through the
// muxer and a second demuxer and come out with the same payload.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "formats/flv/demuxer.hpp"
#include "formats/flv/muxer.hpp"

namespace {

using namespace millrace;

Result<flv::Demuxed> feed(flv::Demuxer& demuxer, flv::TagType type, Bytes body) {
  switch (type) {
    case flv::TagType::kVideo:
      return demuxer.on_video(body, 1000);
    case flv::TagType::kAudio:
      return demuxer.on_audio(body, 1000);
    case flv::TagType::kScript:
      break;
  }
  return demuxer.on_script(body, 1000);
}

void check(flv::Demuxer& player, const flv::Demuxed& out) {
  if (out.new_track) {
    std::vector<uint8_t> body(flv::sequence_header_size(*out.new_track));
    if (!body.empty()) {
      ByteWriter writer(body);
      flv::write_sequence_header(*out.new_track, writer);
      if (writer.size() != body.size() || !feed(player, flv::tag_type(out.new_track->kind), body)) {
        std::abort();
      }
    }
  }
  if (out.frame) {
    const Frame& frame = *out.frame;
    std::vector<uint8_t> body(flv::body_size(frame));
    ByteWriter writer(body);
    flv::write_body(frame, writer);
    const auto again = feed(player, flv::tag_type(frame.track->kind), body);
    if (writer.size() != body.size() || !again || !again->frame ||
        !std::ranges::equal(again->frame->payload(), frame.payload()) ||
        again->frame->nal_units().size() != frame.nal_units().size() ||
        again->frame->random_access != frame.random_access ||
        again->frame->end_of_sequence != frame.end_of_sequence) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr flv::TagType kTypes[] = {flv::TagType::kVideo, flv::TagType::kAudio,
                                     flv::TagType::kScript};
  static BlockPool pool;
  pool.bind_to_this_thread();
  flv::Demuxer demuxer(pool);
  flv::Demuxer player(pool);
  ByteReader reader({data, size});
  while (reader.ok() && !reader.empty()) {
    const flv::TagType type = kTypes[reader.u8() % 3];
    const size_t length = std::min<size_t>(reader.u16(), reader.remaining());
    const auto out = feed(demuxer, type, reader.bytes(length));
    if (out) {
      check(player, *out);
    }
  }
  return 0;
}
