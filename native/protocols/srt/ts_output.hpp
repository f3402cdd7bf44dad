#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/session.hpp"
#include "formats/mpegts/join_scanner.hpp"
#include "formats/mpegts/muxer.hpp"
#include "formats/mpegts/packet_aligner.hpp"
#include "hub/frame_sink.hpp"
#include "hub/loop_hub.hpp"
#include "protocols/srt/payload_sink.hpp"

namespace millrace::srt {

/// One stream as SRT's players of one loop get it: payloads of TS packets, made once for all of
/// them. While an SRT publisher is on this loop they are the publisher's own bytes, cut where the
/// publisher cut them; else the hub's frames are muxed. libsrt keeps what is on its way to each
/// player, so nothing is kept here. A player begins with the tables at the next random access
/// point: SRT is played at the live edge.
class TsOutput final : public FrameSink, private PayloadSink::Receiver {
 public:
  class Player {
   public:
    virtual ~Player() = default;
    /// @return false when the player does not keep up: it goes on at the next random access point.
    virtual bool send(Bytes payload) = 0;

   private:
    friend class TsOutput;
    bool started_ = false;
    size_t slot_ = 0;
  };

  TsOutput(LoopContext& context, std::string key);
  ~TsOutput() override;

  void add(Player& player);
  void remove(Player& player);

  /// An SRT publisher of the stream begins on this loop.
  void begin_source();
  /// @param payload  as it came.
  void pass_on(Bytes payload);
  void end_source();
  [[nodiscard]] bool unused() const { return players_.empty() && !has_source_; }

  void on_track(const TrackRef& track) override;
  void on_frame(const FrameRef& frame) override;
  void on_end() override;

 private:
  void on_payload(Bytes payload) override;
  void follow_hub();
  void leave_hub();
  void begin_program();
  void stop_all();
  void start_waiting(Bytes tables);
  void send_started(Bytes payload);
  void pass_on_aligned(Bytes payload);

  LoopContext& context_;
  const std::string key_;
  std::vector<Player*> players_;
  size_t waiting_ = 0;
  bool has_source_ = false;

  // The publisher's own stream.
  mpegts::JoinScanner scanner_;
  mpegts::PacketAligner aligner_;

  // The hub's frames.
  StreamUse stream_;
  mpegts::Muxer muxer_;
  TrackRef video_;
  TrackRef audio_;
  bool tracks_changed_ = false;
  bool any_frame_ = false;
  MediaTime first_dts_{0};
  MediaTime tables_at_{0};

  PayloadSink sink_;
  Timer flush_;
};

/// The outputs of one loop, by stream; in its module states.
class TsOutputs {
 public:
  TsOutput& get(LoopContext& context, const std::string& key);
  /// Frees it when nobody uses it any more.
  void release(const std::string& key);

 private:
  std::unordered_map<std::string, std::unique_ptr<TsOutput>> outputs_;
};

}  // namespace millrace::srt
