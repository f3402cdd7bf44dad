#include "codecs/opus/identification_header.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace millrace::opus {
namespace {

constexpr std::string_view kMagic = "OpusHead";
constexpr std::string_view kCommentMagic = "OpusTags";

bool starts_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

}  // namespace

Result<IdentificationHeader> IdentificationHeader::parse(Bytes bytes) {
  if (!starts_with(bytes, kMagic)) {
    return ErrorCode::kOpusConfigInvalid;
  }
  ByteReader reader(bytes.subspan(kMagic.size()));
  IdentificationHeader header;
  const uint8_t version = reader.u8();
  header.channels = reader.u8();
  header.pre_skip = reader.u16_le();
  header.input_sample_rate = reader.u32_le();
  header.output_gain = static_cast<int16_t>(reader.u16_le());
  header.channel_mapping_family = reader.u8();
  if (header.channel_mapping_family != 0) {
    header.channel_mapping_table = reader.bytes(size_t{2} + header.channels);
  }
  // Versions up to 15 must be read as if they were 1; family 0 is mono or stereo (§5.1.1.1).
  if (!reader.ok() || version > 15 || header.channels == 0 ||
      (header.channel_mapping_family == 0 && header.channels > 2)) {
    return ErrorCode::kOpusConfigInvalid;
  }
  return header;
}

void IdentificationHeader::write_to(ByteWriter& writer) const {
  const auto u16_le = [&writer](uint32_t value) {
    writer.u8(value & 0xff);
    writer.u8(value >> 8 & 0xff);
  };
  writer.text(kMagic);
  writer.u8(1);  // version
  writer.u8(channels);
  u16_le(pre_skip);
  writer.u32_le(input_sample_rate);
  u16_le(static_cast<uint16_t>(output_gain));
  writer.u8(channel_mapping_family);
  writer.bytes(channel_mapping_table);
}

bool is_comment_header(Bytes bytes) { return starts_with(bytes, kCommentMagic); }

Result<Ref<Track>> make_track(Bytes identification_header) {
  const auto header = IdentificationHeader::parse(identification_header);
  if (!header) {
    return header.error();
  }
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = CodecId::kOpus;
  track->flv_signalling = FlvSignalling::kEnhanced;
  track->configuration = Buffer::copy_of(identification_header);
  track->audio.sample_rate = kSampleRate;
  track->audio.channels = header->channels;
  return track;
}

Ref<Track> make_track(uint8_t channels) {
  assert(channels == 1 || channels == 2);
  IdentificationHeader header;
  header.channels = channels;
  header.input_sample_rate = kSampleRate;
  auto bytes = Buffer::make(header.size());
  ByteWriter writer({bytes->data(), bytes->size()});
  header.write_to(writer);
  return make_track(bytes->bytes()).value();
}

}  // namespace millrace::opus
