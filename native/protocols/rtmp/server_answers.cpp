#include "protocols/rtmp/server_answers.hpp"

#include "formats/amf/amf0.hpp"

namespace millrace::rtmp {

namespace {

/// Enhanced RTMP v2, FourCcInfoMask: the server passes the codec on, and neither encodes nor
/// decodes.
constexpr double kCanForward = 4;

void send(ChunkWriter& out, uint32_t chunk_stream_id, const std::vector<uint8_t>& payload,
          uint32_t stream_id = 0, MessageType type = MessageType::kCommandAmf0) {
  out.message({.chunk_stream_id = chunk_stream_id, .type = type, .stream_id = stream_id}, payload);
}

void write_fourcc_map(Amf0Writer& amf, std::string_view name,
                      const std::vector<std::string>& fourccs) {
  amf.name(name).begin_object();
  for (const std::string& fourcc : fourccs) {
    amf.name(fourcc).number(kCanForward);
  }
  amf.end();
}

void write_capabilities(Amf0Writer& amf, const ConnectAnswer& answer) {
  const size_t count = answer.video_fourccs.size() + answer.audio_fourccs.size();
  amf.name("fourCcList").begin_strict_array(static_cast<uint32_t>(count));
  for (const auto* list : {&answer.video_fourccs, &answer.audio_fourccs}) {
    for (const std::string& fourcc : *list) {
      amf.string(fourcc);
    }
  }
  write_fourcc_map(amf, "videoFourCcInfoMap", answer.video_fourccs);
  write_fourcc_map(amf, "audioFourCcInfoMap", answer.audio_fourccs);
  amf.name("capsEx").number(0);  // no reconnect request, multitrack, ModEx or nanoseconds
}

}  // namespace

void write_connect_result(ChunkWriter& out, double transaction_id, double object_encoding,
                          const ConnectAnswer& answer) {
  const ServerIdentity& identity = answer.identity;
  std::vector<uint8_t> payload;
  payload.reserve(1024);
  Amf0Writer amf(payload);
  amf.string("_result").number(transaction_id);

  amf.begin_object();
  amf.name("fmsVer").string("FMS/3,5,3,888");
  amf.name("capabilities").number(127);
  amf.name("mode").number(1);
  write_capabilities(amf, answer);
  amf.end();

  amf.begin_object();
  amf.name("level").string("status");
  amf.name("code").string(status::kConnectSuccess);
  amf.name("description").string("Connection succeeded");
  amf.name("objectEncoding").number(object_encoding);
  amf.name("data").begin_ecma_array(10);
  amf.name("version").string("3,5,3,888");
  amf.name("srs_sig").string(identity.signature);
  amf.name("srs_server").string(identity.server);
  amf.name("srs_license").string(identity.license);
  amf.name("srs_url").string(identity.url);
  amf.name("srs_version").string(identity.version);
  amf.name("srs_authors").string(identity.authors);
  amf.name("srs_server_ip").string(identity.server_ip);
  amf.name("srs_pid").number(identity.pid);
  amf.name("srs_id").string(identity.id);
  amf.end();
  amf.end();
  send(out, kCommandChunkStream, payload);
}

void write_connect_rejected(ChunkWriter& out, double transaction_id, std::string_view description) {
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  amf.string("_error").number(transaction_id).null().begin_object();
  amf.name("level").string("error");
  amf.name("code").string(status::kConnectRejected);
  amf.name("description").string(description);
  amf.end();
  send(out, kCommandChunkStream, payload);
}

void write_redirect(ChunkWriter& out, std::string_view tc_url, std::string_view url) {
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  amf.string("onStatus").number(0).null().begin_object();
  amf.name("level").string("error");
  amf.name("code").string(status::kConnectRejected);
  amf.name("description").string("RTMP 302 Redirect");
  amf.name("ex").begin_object();
  amf.name("code").number(302);
  amf.name("redirect").string(tc_url);
  amf.name("redirect2").string(url);
  amf.end();
  amf.end();
  send(out, kStreamChunkStream, payload, kMediaStreamId);
}

void write_on_bw_done(ChunkWriter& out) {
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("onBWDone").number(0).null();
  send(out, kCommandChunkStream, payload);
}

void write_create_stream_result(ChunkWriter& out, double transaction_id, uint32_t stream_id) {
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("_result").number(transaction_id).null().number(stream_id);
  send(out, kCommandChunkStream, payload);
}

void write_undefined_result(ChunkWriter& out, double transaction_id) {
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("_result").number(transaction_id).null().undefined();
  send(out, kCommandChunkStream, payload);
}

void write_null_result(ChunkWriter& out, double transaction_id) {
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("_result").number(transaction_id).null().null();
  send(out, kCommandChunkStream, payload);
}

void write_on_status(ChunkWriter& out, const StatusInfo& info) {
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  amf.string("onStatus").number(0).null().begin_object();
  const auto field = [&amf](std::string_view name, std::string_view text) {
    if (!text.empty()) {
      amf.name(name).string(text);
    }
  };
  field("level", info.level);
  field("code", info.code);
  field("description", info.description);
  field("details", info.details);
  field("clientid", info.client_id);
  amf.end();
  send(out, kStreamChunkStream, payload, kMediaStreamId);
}

void write_on_fc(ChunkWriter& out, std::string_view name, std::string_view code,
                 std::string_view description) {
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  amf.string(name).number(0).null().begin_object();
  amf.name("code").string(code);
  amf.name("description").string(description);
  amf.end();
  send(out, kStreamChunkStream, payload, kMediaStreamId);
}

void write_sample_access(ChunkWriter& out) {
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("|RtmpSampleAccess").boolean(true).boolean(true);
  send(out, kStreamChunkStream, payload, kMediaStreamId, MessageType::kDataAmf0);
}

}  // namespace millrace::rtmp
