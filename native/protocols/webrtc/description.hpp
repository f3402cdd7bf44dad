#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/session.hpp"
#include "media/codec_id.hpp"
#include "rtp/dtls/certificate.hpp"
#include "rtp/packet/header_extensions.hpp"

namespace millrace::webrtc {

/// A codec as offer and answer agreed on it.
struct NegotiatedCodec {
  uint8_t payload_type = 0;
  CodecId codec = CodecId::kUnknown;  // kUnknown: what is not carried
  std::string name;                   // encoding name
  uint32_t clock_rate = 0;
  uint32_t channels = 0;
  std::string fmtp;
  std::optional<uint8_t> rtx_payload_type;
  std::optional<uint8_t> red_payload_type;  // RFC 2198: this codec with redundant copies of itself
};

/// One m-line, after offer and answer.
struct MediaDescription {
  std::string mid;
  TrackKind kind = TrackKind::kVideo;
  bool active = false;  // not `inactive`
  std::vector<NegotiatedCodec> codecs;
  uint32_t ssrc = 0;
  uint32_t rtx_ssrc = 0;
  std::string cname;
  std::vector<std::string> rids;
  std::vector<uint32_t> ssrcs;
  rtp::HeaderExtensionMap extensions;
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;
  bool remb = false;
  bool reference_time = false;  // the peer answers ours, RFC 3611 §4.4
};

struct IceCredentials {
  std::string local_ufrag;
  std::string local_pwd;
  std::string remote_ufrag;
  std::string remote_pwd;

  static IceCredentials from(const Fields& fields);
};

/// A peer as the control plane described it; immutable. See WebrtcSessionOptions in
/// src/native/boundary.ts.
struct Description {
  std::string cid;
  bool publishes = false;
  std::string stream;  // key
  std::string ip;
  IceCredentials ice;
  enum class Dtls : uint8_t { kActive, kPassive, kOff } dtls = Dtls::kPassive;
  dtls::KeyType certificate = dtls::KeyType::kEcdsaP256;
  bool encrypt = true;
  std::vector<dtls::Fingerprint> fingerprints;
  Duration connect_timeout = seconds(30);
  Duration session_timeout = seconds(30);
  bool strict_check = false;
  std::vector<MediaDescription> media;
  Fields publish;
  Fields play;
  bool keep_bframe = false;
  bool keep_sei = true;
  Duration pli_interval = seconds(6);
  bool rtc_to_rtmp = true;
  std::string layer;  // that a player wants: a rid, or `low`, `high`; empty: what its path takes
  uint8_t drop_for_pt = 0;

  static Description from(const Fields& fields);

  /// The first active m-line of a kind; null when there is none.
  [[nodiscard]] const MediaDescription* media_of(TrackKind kind) const;
};

/// Of `certificate`: `rsa` or `ecdsa`.
[[nodiscard]] dtls::KeyType key_type_of(const Fields& fields);

/// @return kUnknown for names that are no codec of the server.
[[nodiscard]] CodecId codec_of_encoding_name(std::string_view name);

}  // namespace millrace::webrtc
