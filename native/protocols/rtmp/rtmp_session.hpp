#pragma once

#include <memory>
#include <optional>

#include "control/session_counters.hpp"
#include "hub/rendition.hpp"
#include "io/connection.hpp"
#include "protocols/flv_ingest.hpp"
#include "protocols/module.hpp"
#include "protocols/play_options.hpp"
#include "protocols/rtmp/server_session.hpp"
#include "protocols/rtmp/url.hpp"

namespace millrace::rtmp {

/// One RTMP peer: drives the protocol's state machine with a connection, and joins it to the hub as
/// publisher or player.
class RtmpSession final : public Session, private Connection::Owner, private Reader::Owner {
 public:
  RtmpSession(LoopContext& context, Accepted accepted);
  ~RtmpSession() override;

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

 private:
  /// What the control plane has been asked about.
  enum class Asked : uint8_t { kNothing, kConnect, kPublish, kPlay };
  /// A player, from the accepted play on. `reader` is last: it leaves the rendition first.
  struct Player {
    PlayOptions options;
    StreamUse stream;
    bool audio = true;
    bool video = true;
    bool paused = false;
    std::unique_ptr<Reader> reader;
  };

  void on_bytes(Bytes bytes) override;
  void on_writable() override;
  void on_closed(Error error) override;
  void on_reader_stalled() override;

  void drain();
  void handle(Event& event);
  void ask_connect(ConnectRequest& request);
  [[nodiscard]] Fields question_of(const StreamUrl& url) const;
  void ask_publish(const PublishRequest& request);
  void ask_play(const PlayRequest& request);
  void accept_connect(const Fields& options);
  void accept_publish(const Fields& options);
  void accept_play(const Fields& options);
  void on_media(const MediaMessage& message);
  void attach_player();
  void stop_publishing(ErrorCode code);
  void stop_playing(ErrorCode code);
  void flush_output();
  void on_deadline();
  void give_up(Error error);
  void fail(Error error);
  void end(Error error);

  std::unique_ptr<Connection> connection_;
  ServerSession protocol_;
  uint16_t local_port_;
  Asked asked_ = Asked::kNothing;
  bool draining_ = false;
  ConnectRequest connect_;
  uint32_t mr_latency_ms_ = 0;
  std::unique_ptr<FlvIngest> ingest_;
  std::optional<Player> player_;
  SessionCounters counted_;  // by publications and readers that have ended
  Timer deadline_;           // handshake, idle, silent publisher
  Time connect_deadline_;
  Timer play_duration_;
  Timer merged_read_;
};

extern const ProtocolModule kModule;

}  // namespace millrace::rtmp
