#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/rtmp/chunk_writer.hpp"

/// The commands that a server sends, with the fields, texts and order of fields that SRS has.
namespace millrace::rtmp {

/// What the server says of itself to those that connect.
struct ServerIdentity {
  std::string signature;  // srs_sig
  std::string server;     // srs_server: name/version(code name)
  std::string license;
  std::string url;
  std::string version;
  std::string authors;
  std::string server_ip;
  uint32_t pid = 0;
  std::string id;  // srs_id: the session's id in logs, callbacks and API
};

/// What a connection gets.
struct ConnectAnswer {
  ServerIdentity identity;
  uint32_t chunk_size = 60000;        // of what we send, 1 to kMaxChunkSize
  uint32_t out_ack_size = 2'500'000;  // window that we ask the peer to acknowledge, bytes; 0: none
  uint32_t in_ack_size = 0;  // window after which we acknowledge, bytes; 0: what the peer asks for
  /// Enhanced RTMP: codecs that can be published and played.
  std::vector<std::string> video_fourccs = {"avc1", "hvc1", "av01", "vp09", "vp08"};
  std::vector<std::string> audio_fourccs = {"mp4a", "Opus", ".mp3", "ac-3", "ec-3", "fLaC"};
};

/// Status codes that come with onStatus and _error.
namespace status {
inline constexpr std::string_view kConnectSuccess = "NetConnection.Connect.Success";
inline constexpr std::string_view kConnectRejected = "NetConnection.Connect.Rejected";
inline constexpr std::string_view kPublishStart = "NetStream.Publish.Start";
inline constexpr std::string_view kPublishBadName = "NetStream.Publish.BadName";
inline constexpr std::string_view kPublishRejected = "NetStream.Publish.Rejected";
inline constexpr std::string_view kUnpublishSuccess = "NetStream.Unpublish.Success";
inline constexpr std::string_view kPlayReset = "NetStream.Play.Reset";
inline constexpr std::string_view kPlayStart = "NetStream.Play.Start";
inline constexpr std::string_view kPlayStop = "NetStream.Play.Stop";
inline constexpr std::string_view kPlayFailed = "NetStream.Play.Failed";
inline constexpr std::string_view kPlayStreamNotFound = "NetStream.Play.StreamNotFound";
inline constexpr std::string_view kPlayUnpublishNotify = "NetStream.Play.UnpublishNotify";
inline constexpr std::string_view kPauseNotify = "NetStream.Pause.Notify";
inline constexpr std::string_view kUnpauseNotify = "NetStream.Unpause.Notify";
}  // namespace status

/// The info object of onStatus. Empty fields are left out.
struct StatusInfo {
  std::string_view level = "status";
  std::string_view code{};
  std::string_view description{};
  std::string_view details{};
  std::string_view client_id{};
};

/// RTMP 1.0 §7.2.1.1 and Enhanced RTMP v2, "Enhancing NetConnection connect Command".
void write_connect_result(ChunkWriter& out, double transaction_id, double object_encoding,
                          const ConnectAnswer& answer);
/// `_error` in answer to connect.
void write_connect_rejected(ChunkWriter& out, double transaction_id, std::string_view description);
/// As SRS's clients expect it when the stream is on another server: rejected, with the new address.
void write_redirect(ChunkWriter& out, std::string_view tc_url, std::string_view url);
void write_on_bw_done(ChunkWriter& out);
/// `_result` of createStream.
void write_create_stream_result(ChunkWriter& out, double transaction_id, uint32_t stream_id);
/// `_result` of releaseStream, FCPublish and FCUnpublish: null, undefined.
void write_undefined_result(ChunkWriter& out, double transaction_id);
/// `_result` of a call that means nothing here: null.
void write_null_result(ChunkWriter& out, double transaction_id);
void write_on_status(ChunkWriter& out, const StatusInfo& info);
/// onFCPublish, onFCUnpublish
void write_on_fc(ChunkWriter& out, std::string_view name, std::string_view code,
                 std::string_view description);
/// |RtmpSampleAccess: players may read the decoded picture and sound.
void write_sample_access(ChunkWriter& out);

}  // namespace millrace::rtmp
