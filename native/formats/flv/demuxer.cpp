#include "formats/flv/demuxer.hpp"

#include <cstring>
#include <string_view>

#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

constexpr uint8_t kAmf0String = 0x02;

/// An AMF0 string with its marker, as text; empty (and the reader failed) when it is something
/// else.
std::string_view read_amf0_string(ByteReader& reader) {
  if (reader.u8() != kAmf0String) {
    reader.fail();
    return {};
  }
  const Bytes text = reader.bytes(reader.u16());
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

}  // namespace

Result<Demuxed> Demuxer::on_script(Bytes body, uint32_t dts_ms) {
  ByteReader reader(body);
  std::string_view name = read_amf0_string(reader);
  if (name == "@setDataFrame") {
    name = read_amf0_string(reader);
  }
  if (!reader.ok()) {
    return ErrorCode::kFlvTagMalformed;
  }
  if (name != "onMetaData") {
    return Demuxed::nothing(Skipped::kScript);
  }
  const Bytes values = reader.rest();
  if (values.empty()) {
    return Demuxed::nothing(Skipped::kEmpty);
  }
  if (values.size() > limits_.max_metadata_bytes) {
    return Error{ErrorCode::kFlvMetadataTooLarge, static_cast<uint32_t>(values.size())};
  }
  Demuxed out;
  if (!metadata_track_) {
    auto track = Track::make();
    track->kind = TrackKind::kData;
    track->codec = CodecId::kAmfMetadata;
    metadata_track_ = track;
    out.new_track = metadata_track_;
  }
  out.frame = Frame::make(pool_, metadata_track_, values.size());
  std::memcpy(out.frame->mutable_payload().data(), values.data(), values.size());
  out.frame->dts = from_ms(dts_ms);
  out.frame->pts = out.frame->dts;
  return out;
}

}  // namespace millrace::flv
