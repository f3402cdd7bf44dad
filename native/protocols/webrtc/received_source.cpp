#include "protocols/webrtc/received_source.hpp"

namespace millrace::webrtc {

namespace {

// Packets that wait behind a gap for the frames' sake: a second of a fast stream. What RTX or a
// repetition has not brought by then is not worth the delay.
constexpr size_t kVideoReorder = 1024;
constexpr size_t kAudioReorder = 64;
constexpr Duration kVideoWait = milliseconds(400);
constexpr Duration kAudioWait = milliseconds(100);

rtp::ReceiveStreamOptions receive_options(const MediaDescription& media,
                                          const NegotiatedCodec& codec) {
  const bool video = media.kind == TrackKind::kVideo;
  rtp::ReceiveStreamOptions options;
  options.codec = codec.codec;
  options.clock_rate = rtp::rtp_clock_rate(codec.codec, codec.clock_rate);
  options.nack = media.nack;
  options.redundancy = codec.red_payload_type.has_value();
  options.max_reorder_packets = video ? kVideoReorder : kAudioReorder;
  options.max_reorder_delay = video ? kVideoWait : kAudioWait;
  return options;
}

PacketSourceRef packet_source(const MediaDescription& media, const NegotiatedCodec& codec,
                              std::string_view rid, uint32_t number) {
  PacketSource::Description description;
  description.number = number;
  description.kind = media.kind;
  description.codec = codec.codec;
  description.clock_rate = rtp::rtp_clock_rate(codec.codec, codec.clock_rate);
  description.rid = rid;
  return PacketSource::make(std::move(description));
}

}  // namespace

ReceivedSource::ReceivedSource(uint32_t of_ssrc, const MediaDescription& of_media,
                               const NegotiatedCodec& of_codec, std::string_view of_rid,
                               uint32_t number, BlockPool& pool)
    : ssrc(of_ssrc),
      media(of_media),
      codec(of_codec),
      rid(of_rid),
      source(packet_source(of_media, of_codec, of_rid, number)),
      stream(pool, receive_options(of_media, of_codec)) {}

void ReceivedSource::restart(uint32_t number) { source = packet_source(media, codec, rid, number); }

}  // namespace millrace::webrtc
