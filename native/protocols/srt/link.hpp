#pragma once

#include <memory>
#include <optional>
#include <string>

#include "control/session.hpp"
#include "control/session_counters.hpp"
#include "protocols/play_options.hpp"
#include "protocols/publish_options.hpp"
#include "protocols/srt/driver.hpp"
#include "protocols/srt/loop_port.hpp"
#include "protocols/srt/socket.hpp"
#include "protocols/srt/ts_output.hpp"
#include "protocols/ts_ingest.hpp"

namespace millrace::srt {

/// The media of one connected socket: a publisher's stream in, or a player's out. What listener
/// and caller have in common.
class Link final : private LoopPort::Owner, private TsOutput::Player {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The connection has ended, or the publisher is to go. Called once, never from within a call
    /// to the link.
    virtual void on_link_ended(Error error) = 0;
    /// The socket of a caller has connected.
    virtual void on_connected() {}
    /// Tracks of what is published became known, or changed.
    virtual void on_tracks(const Stream& stream) = 0;
  };

  Link(LoopContext& context, Driver& driver, Socket socket, SessionId session, Owner& owner);
  ~Link() override;

  /// Starts to watch the socket. @return false when the loop has no descriptor left.
  [[nodiscard]] bool start();
  /// Of a caller, after start(): on_connected() or on_link_ended() follows.
  /// @return kSrtConnectFailed.
  Status connect(const Address& address) { return socket_.connect(address); }
  /// Takes a publisher's stream in.
  /// @param to_hub  kNo: only SRT's players get it (SRS's `srt_to_rtmp off`).
  /// @return kStreamBusy.
  enum class ToHub : bool { kNo, kYes };
  Status publish(PublishOptions options, ToHub to_hub);
  void play(const PlayOptions& options);
  /// Ends publishing and playing, and closes the socket.
  void close();

  [[nodiscard]] const Socket& socket() const { return socket_; }
  [[nodiscard]] uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] uint64_t bytes_out() const { return bytes_out_; }
  [[nodiscard]] uint64_t skips() const { return skips_; }
  void count(SessionCounters& counters) const;

 private:
  void on_socket_ready(int events) override;
  bool send(Bytes payload) override;
  void read();
  void take(Bytes payload);
  void on_second();
  void end_soon(Error error);

  LoopContext& context_;
  Driver& driver_;
  LoopPort& port_;
  TsOutputs& outputs_;
  Socket socket_;
  const SessionId session_;
  Owner& owner_;
  bool watched_ = false;
  bool connected_ = false;
  bool publishing_ = false;
  bool playing_ = false;
  std::string key_;
  TsOutput* output_ = nullptr;
  std::unique_ptr<TsIngest> ingest_;
  Duration normal_timeout_{0};
  Time deadline_{};
  Time last_payload_{};
  bool latency_noted_ = false;
  bool blocked_ = false;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  uint64_t skips_ = 0;
  SocketStatistics statistics_;  // of the last second
  SessionCounters counted_;      // of publications that have ended
  Error ending_{ErrorCode::kNone};
  Timer second_;
  Timer end_;
};

}  // namespace millrace::srt
