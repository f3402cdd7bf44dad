#include "protocols/webrtc/description.hpp"

#include <strings.h>

#include <algorithm>
#include <array>

namespace millrace::webrtc {

namespace {

// SDP is bounded where it is parsed; these hold whatever comes through the boundary.
constexpr size_t kMaxMedia = 64;
constexpr size_t kMaxCodecs = 64;
constexpr Duration kShortestTimeout = seconds(1);

uint8_t payload_type(const Fields& fields, std::string_view name) {
  return static_cast<uint8_t>(std::clamp<int64_t>(fields.integer(name, 0), 0, 127));
}

uint32_t number32(const Fields& fields, std::string_view name) {
  return static_cast<uint32_t>(std::clamp<int64_t>(fields.integer(name, 0), 0, UINT32_MAX));
}

NegotiatedCodec codec_from(const Fields& fields) {
  NegotiatedCodec codec;
  codec.payload_type = payload_type(fields, "payload_type");
  codec.name = fields.text("name");
  codec.codec = codec_of_encoding_name(codec.name);
  codec.clock_rate = number32(fields, "clock_rate");
  codec.channels = number32(fields, "channels");
  codec.fmtp = fields.text("fmtp");
  if (fields.number("rtx_payload_type", -1) >= 0) {
    codec.rtx_payload_type = payload_type(fields, "rtx_payload_type");
  }
  if (fields.number("red_payload_type", -1) >= 0) {
    codec.red_payload_type = payload_type(fields, "red_payload_type");
  }
  return codec;
}

MediaDescription media_from(const Fields& fields) {
  MediaDescription media;
  media.mid = fields.text("mid");
  media.kind = fields.text("kind") == "audio" ? TrackKind::kAudio : TrackKind::kVideo;
  media.active = fields.text("direction", "inactive") != "inactive";
  for (const Value& value : fields.list("codecs")) {
    if (const auto* codec = value.as<Fields>();
        codec != nullptr && media.codecs.size() < kMaxCodecs) {
      media.codecs.push_back(codec_from(*codec));
    }
  }
  media.ssrc = number32(fields, "ssrc");
  media.rtx_ssrc = number32(fields, "rtx_ssrc");
  media.cname = fields.text("cname");
  for (const Value& value : fields.list("rids")) {
    if (const auto* rid = value.as<std::string>()) {
      media.rids.push_back(*rid);
    }
  }
  for (const Value& value : fields.list("ssrcs")) {
    if (const auto* ssrc = value.as<double>()) {
      media.ssrcs.push_back(static_cast<uint32_t>(std::clamp(*ssrc, 0.0, 4294967295.0)));
    }
  }
  for (const Value& value : fields.list("extensions")) {
    if (const auto* extension = value.as<Fields>()) {
      media.extensions.add(number32(*extension, "id"), extension->text("uri"));
    }
  }
  media.nack = fields.boolean("nack", false);
  media.pli = fields.boolean("pli", false);
  media.fir = fields.boolean("fir", false);
  media.transport_cc = fields.boolean("transport_cc", false);
  media.remb = fields.boolean("goog_remb", false);
  media.reference_time = fields.boolean("reference_time", false);
  return media;
}

}  // namespace

CodecId codec_of_encoding_name(std::string_view name) {
  struct Named {
    std::string_view name;
    CodecId codec;
  };
  static constexpr std::array<Named, 11> kNames{{{"H264", CodecId::kH264},
                                                 {"H265", CodecId::kH265},
                                                 {"AV1", CodecId::kAv1},
                                                 {"AV1X", CodecId::kAv1},
                                                 {"VP8", CodecId::kVp8},
                                                 {"VP9", CodecId::kVp9},
                                                 {"opus", CodecId::kOpus},
                                                 {"PCMA", CodecId::kG711A},
                                                 {"PCMU", CodecId::kG711U},
                                                 {"MPEG4-GENERIC", CodecId::kAac},
                                                 {"HEVC", CodecId::kH265}}};
  for (const Named& named : kNames) {
    if (named.name.size() == name.size() &&
        ::strncasecmp(named.name.data(), name.data(), name.size()) == 0) {
      return named.codec;
    }
  }
  return CodecId::kUnknown;
}

dtls::KeyType key_type_of(const Fields& fields) {
  return fields.text("certificate") == "rsa" ? dtls::KeyType::kRsa2048 : dtls::KeyType::kEcdsaP256;
}

IceCredentials IceCredentials::from(const Fields& fields) {
  return {fields.text("local_ufrag"), fields.text("local_pwd"), fields.text("remote_ufrag"),
          fields.text("remote_pwd")};
}

Description Description::from(const Fields& fields) {
  Description description;
  description.cid = fields.text("cid");
  description.publishes = fields.text("role") == "publish";
  description.stream = fields.text("stream");
  description.ip = fields.text("ip");
  description.ice = IceCredentials::from(fields);
  const std::string dtls = fields.text("dtls", "passive");
  description.dtls = dtls == "active" ? Dtls::kActive : dtls == "off" ? Dtls::kOff : Dtls::kPassive;
  description.certificate = key_type_of(fields);
  description.encrypt = fields.boolean("encrypt", true);
  for (const Value& value : fields.list("remote_fingerprints")) {
    if (const auto* fingerprint = value.as<Fields>()) {
      description.fingerprints.push_back({fingerprint->text("hash"), fingerprint->text("value")});
    }
  }
  description.connect_timeout = std::max(
      kShortestTimeout, fields.duration_ms("connect_timeout_ms", description.connect_timeout));
  description.session_timeout = std::max(
      kShortestTimeout, fields.duration_ms("session_timeout_ms", description.session_timeout));
  description.strict_check = fields.boolean("strict_check", false);
  for (const Value& value : fields.list("media")) {
    if (const auto* media = value.as<Fields>();
        media != nullptr && description.media.size() < kMaxMedia) {
      description.media.push_back(media_from(*media));
    }
  }
  description.publish = fields.fields("publish");
  description.play = fields.fields("play");
  description.keep_bframe = fields.boolean("keep_bframe", false);
  description.keep_sei = fields.boolean("keep_sei", true);
  description.pli_interval = fields.duration_ms("pli_for_rtmp_ms", description.pli_interval);
  description.rtc_to_rtmp = fields.boolean("rtc_to_rtmp", true);
  description.layer = fields.text("layer");
  description.drop_for_pt = payload_type(fields, "drop_for_pt");
  return description;
}

const MediaDescription* Description::media_of(TrackKind kind) const {
  for (const MediaDescription& one : media) {
    if (one.kind == kind && one.active) {
      return &one;
    }
  }
  return nullptr;
}

}  // namespace millrace::webrtc
