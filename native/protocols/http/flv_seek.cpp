#include "protocols/http/flv_seek.hpp"

#include <optional>
#include <span>

#include "base/byte_writer.hpp"
#include "formats/flv/audio_tag.hpp"
#include "formats/flv/tag_parser.hpp"
#include "formats/flv/video_tag.hpp"

namespace millrace::http {

namespace {

bool is_sequence_header(const flv::Tag& tag) {
  if (tag.type == flv::TagType::kAudio) {
    const auto audio = flv::AudioTag::parse(tag.body);
    return audio.ok() && audio->packet_type == flv::AudioPacketType::kSequenceStart;
  }
  if (tag.type == flv::TagType::kVideo) {
    const auto video = flv::VideoTag::parse(tag.body);
    return video.ok() && video->packet_type == flv::VideoPacketType::kSequenceStart;
  }
  return false;
}

void append_tag(std::vector<uint8_t>& out, const flv::Tag& tag) {
  const auto size = static_cast<uint32_t>(tag.body.size());
  const size_t at = out.size();
  out.resize(at + flv::kTagHeaderSize + size + flv::kBackPointerSize);
  ByteWriter writer(std::span<uint8_t>(out).subspan(at));
  writer.u8(static_cast<uint8_t>(tag.type));
  writer.u24(size);
  writer.u24(tag.timestamp_ms & 0xffffff);
  writer.u8(tag.timestamp_ms >> 24);
  writer.u24(0);  // StreamID
  writer.bytes(tag.body);
  writer.u32(static_cast<uint32_t>(flv::kTagHeaderSize) + size);
}

}  // namespace

std::vector<uint8_t> flv_seek_head(Bytes beginning) {
  flv::TagParser parser(static_cast<uint32_t>(beginning.size()));
  parser.feed(beginning);
  std::vector<uint8_t> tags;
  bool has_audio = false;
  bool has_video = false;
  while (!has_audio || !has_video) {
    const auto tag = parser.poll();
    if (!tag.ok() || !*tag) {
      break;
    }
    bool& has = (*tag)->type == flv::TagType::kAudio ? has_audio : has_video;
    if (!has && is_sequence_header(**tag)) {
      append_tag(tags, **tag);
      has = true;
    }
  }
  std::vector<uint8_t> out;
  if (parser.file_header()) {
    out.resize(flv::FileHeader::kSizeWithBackPointer);
    ByteWriter writer(out);
    parser.file_header()->write_to(writer);
    out.insert(out.end(), tags.begin(), tags.end());
  }
  return out;
}

}  // namespace millrace::http
