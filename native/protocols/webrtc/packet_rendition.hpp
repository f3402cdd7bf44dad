#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ring.hpp"
#include "control/session.hpp"
#include "hub/loop_hub.hpp"
#include "hub/packet_source.hpp"
#include "protocols/webrtc/frame_packetizer.hpp"
#include "rtp/packet/media_reference.hpp"
#include "rtp/send/packet_history.hpp"

namespace millrace::webrtc {

struct PacketRenditionOptions {
  bool keep_bframe = false;
  bool gop_cache = true;
  uint32_t gop_max_frames = 2500;  // 0 = no limit
  bool keep_sei = true;
};

/// One source of a rendition: a publisher's SSRC or layer, or packets made of frames.
struct RenditionSource {
  RenditionSource(uint32_t of_number, PacketSourceRef of_source);

  const uint32_t number;  // unlike that of any other of the rendition
  const PacketSourceRef source;
  bool live = true;  // false: another has taken its place, or its publisher has gone
  rtp::PacketHistory history;
  std::optional<uint64_t> join;  // position in the log of the newest random access point
  std::optional<int64_t> random_access_timestamp;
  uint64_t end = 0;                              // position behind its newest packet
  uint64_t packets = 0;                          // that came
  uint64_t join_packets = 0;                     // of them, when `join` was set
  std::optional<rtp::MediaReference> reference;  // for sender reports
  int64_t newest_timestamp = 0;
  rtp::MediaPacketRef before;  // the newest with a payload: what the next one repeats with RED
  int64_t next_index = 0;      // after it, and padding behind it
  uint64_t rate_bps = 0;       // over some seconds; 0: nothing comes, or it is not known yet
  uint64_t needed_bps = 0;     // of it, without what may be left out
  mutable Time key_frame_asked{};

  /// Measures by when packets came to the server: those of the past come to the rendition at once.
  void measure(const rtp::MediaPacket& packet);
  /// Nothing has come for long: its publisher does not send it.
  void measure_silence(Time now);

 private:
  std::optional<Time> measured_;  // since then
  Time newest_arrival_{};
  uint64_t bytes_ = 0;
  uint64_t needed_bytes_ = 0;
};

/// Packets of all sources of a rendition, in the order they came.
struct LoggedPacket {
  rtp::MediaPacketRef packet;
  RenditionSource* source = nullptr;
};
using PacketLog = Ring<LoggedPacket>;

/// A player, as the rendition sees it.
class PacketReader {
 public:
  PacketReader();
  virtual ~PacketReader() = default;
  /// It is next but one: what lies in its first kFetchedBytes is in the cache, and now is the time
  /// to fetch what else on_packets() needs.
  virtual void fetch() const = 0;
  static constexpr size_t kFetchedBytes = 768;
  /// Takes packets of the log from `from` on, until `to` or until it has sent `most`; no more come
  /// for now. @return where it stopped.
  virtual size_t on_packets(const PacketLog& log, size_t from, size_t to, size_t most,
                            Time now) = 0;
  /// It was too slow: packets are missing from here on. @return where it goes on.
  virtual uint64_t on_overtaken() = 0;
  /// Whether it wants audio with redundancy (RED); the same for its life.
  [[nodiscard]] virtual bool wants_redundancy() const = 0;

 protected:
  /// What is sent at once is to be so little that a path of this rate takes it; 0: not known.
  void pace(uint64_t rate_bps);

 private:
  friend class PacketRendition;
  static constexpr uint32_t kNoSlot = UINT32_MAX;
  uint32_t slot_ = kNoSlot;
  uint32_t burst_;     // packets at once
  Time held_until_{};  // after a whole burst
};

/// A stream as RTP packets, put together once on a loop for all its WebRTC players there: the
/// packets of a WebRTC publisher as they came, or those made of the frames of another. A player has
/// a position in the log of packets and writes its own headers.
///
/// While there is a player who wants RED, packets of Opus get a copy of the one before them. Those
/// that others get, and what is sent again, is the same packet: see MediaPacket::primary_offset.
///
/// A new player begins at the last random access point. Of what lies between that and now it gets
/// the picture only, in bursts that a path can take, and with times drawn together (rtp::CatchUp),
/// so that its decoder catches up instead of playing behind.
class PacketRendition final : public FrameSink, public PacketSink, private TurnEnd {
 public:
  PacketRendition(LoopContext& context, const std::string& stream,
                  const PacketRenditionOptions& options);
  ~PacketRendition() override;
  PacketRendition(const PacketRendition&) = delete;
  PacketRendition& operator=(const PacketRendition&) = delete;

  /// The reader gets what lies in the log from `position` on: some of it within the call.
  void add(PacketReader& reader, uint64_t position);
  void remove(PacketReader& reader);
  [[nodiscard]] size_t reader_count() const { return readers_.size(); }
  [[nodiscard]] Time idle_since() const { return idle_since_; }

  [[nodiscard]] std::span<const std::unique_ptr<RenditionSource>> sources() const {
    return sources_;
  }
  /// @return null when it has gone.
  [[nodiscard]] const RenditionSource* find(uint32_t number) const;
  /// Changes when a source comes or goes.
  [[nodiscard]] uint32_t generation() const { return generation_; }
  /// Where a reader begins who wants `source`, or anything that comes if it is null.
  [[nodiscard]] uint64_t start_of(const RenditionSource* source) const;
  /// A player has lost the picture of a source, or waits for its first. Asks the publisher, if it
  /// is one that can be asked. @param source  null: of all video.
  void request_key_frame(const RenditionSource* source);

  void on_track(const TrackRef& track) override;
  void on_frame(const FrameRef& frame) override;
  void on_end() override;
  void on_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) override;

 private:
  struct Reader {
    PacketReader* reader = nullptr;
    uint64_t position = 0;
  };

  RenditionSource& add_source(const PacketSourceRef& source);
  RenditionSource& source_of(const PacketSourceRef& source);
  [[nodiscard]] rtp::MediaPacketRef with_redundancy(const RenditionSource& source,
                                                    const rtp::MediaPacketRef& packet) const;
  void append(RenditionSource& source, rtp::MediaPacketRef packet);
  void pump(size_t slot);
  void pump_all();
  void on_turn_end() override;
  void trim();
  void measure_silence();
  [[nodiscard]] uint64_t log_end() const { return log_begin_ + log_.size(); }

  LoopContext& context_;
  const PacketRenditionOptions options_;
  StreamUse stream_;
  FramePacketizer frames_;
  std::array<PacketSourceRef, 2> made_;  // of frames, by kind
  std::vector<std::unique_ptr<RenditionSource>> sources_;
  uint32_t next_source_ = 1;
  uint32_t generation_ = 0;
  PacketLog log_;
  uint64_t log_begin_ = 0;  // position of log_.front()
  size_t log_bytes_ = 0;
  uint32_t frames_since_join_ = 0;
  bool replaying_ = false;
  std::vector<Reader> readers_;
  size_t redundancy_readers_ = 0;  // of them, those that want it
  rtp::MediaPackets scratch_;
  Time idle_since_;
  Time key_frame_asked_{};  // of no source in particular
  Time measured_;
  Timer catch_up_;
};

/// The renditions of one loop, by stream and options; one that nobody has read for a while goes.
class PacketRenditions {
 public:
  explicit PacketRenditions(LoopContext& context);
  PacketRendition& get(const std::string& stream, const PacketRenditionOptions& options);

 private:
  void drop_idle();

  LoopContext& context_;
  std::unordered_map<std::string, std::unique_ptr<PacketRendition>> renditions_;
  Timer drop_idle_;
};

}  // namespace millrace::webrtc
