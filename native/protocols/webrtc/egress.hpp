#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cache.hpp"
#include "protocols/webrtc/layer_choice.hpp"
#include "protocols/webrtc/packet_rendition.hpp"
#include "protocols/webrtc/sent_track.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/rtcp/reports.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"
#include "rtp/send/bandwidth_estimator.hpp"
#include "rtp/send/bandwidth_probe.hpp"
#include "rtp/send/key_frame_requests.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::webrtc {

/// A player: writes its own headers before the payloads that all share, answers NACK, asks for key
/// frames, and follows what its path takes.
///
/// Sequence numbers and timestamps go on without a gap when the source changes (another publisher
/// of the name, another layer, another codec); the player sees a pause, never another source. A
/// change happens at a random access point; until it comes the source before is sent.
class Egress final : public Media, private PacketReader {
 public:
  explicit Egress(Transport& transport);
  ~Egress() override;

  Status start() override;
  void on_rtp(std::span<uint8_t> /*packet*/) override {}
  void on_rtcp(Bytes compound) override;
  void stop() override;

 private:
  static constexpr size_t kCipherBytes = 192;  // of OpenSSL's context, about

  /// What is known of the path to the player, where it tells: by transport-wide feedback, REMB or
  /// the loss in its reports.
  struct Path {
    Path(const rtp::BandwidthEstimator::Options& options, std::function<void()> on_pad)
        : estimator(options), pad(std::move(on_pad)) {}
    rtp::BandwidthEstimator estimator;
    rtp::BandwidthProbe probe;
    rtp::TransportSendHistory numbers{512};
    std::vector<rtp::PacketResult> results;
    uint64_t passed_bps = 0;  // the most that a probe has found
    Timer pad;                // while one is under way
  };

  void fetch() const override {
    fetch_to_cache(&sender_, sizeof sender_);
    fetch_to_cache(cipher_, kCipherBytes);
  }
  size_t on_packets(const PacketLog& log, size_t from, size_t to, size_t most, Time now) override;
  uint64_t on_overtaken() override;
  [[nodiscard]] bool wants_redundancy() const override { return audio_.takes_redundancy(); }
  SentTrack::Taken on_packet(const RenditionSource& source, const rtp::MediaPacket& packet,
                             Time now);
  bool begin(SentTrack& track, const RenditionSource& source, const rtp::MediaPacket& packet);
  void keep_house(Time now);
  void count();
  [[nodiscard]] bool may_begin(SentTrack& track, const RenditionSource& source,
                               const rtp::MediaPacket& packet);
  void control();
  void want(const RenditionSource* source);
  [[nodiscard]] bool can_probe() const { return video_.wanted() && video_.can_pad(); }
  [[nodiscard]] rtp::LayerSelector::Path look_at_path(Time now);
  void probe(uint64_t needed_bps, Time now);
  void on_pad_timer();
  void leave_what_does_not_fit(Time now);
  void tell_layer();
  void on_feedback(const rtp::RtcpPacket& packet);
  void on_nack(const rtp::RtcpPacket& packet);
  void on_key_frame_wanted();
  void on_report_block(const rtp::ReportBlock& block);
  void on_estimate_of_receiver(const rtp::RtcpPacket& packet);
  void on_transport_feedback(const rtp::RtcpPacket& packet);
  void send_reports();
  [[nodiscard]] SentTrack& track_of(const RenditionSource& source) {
    return source.source->is_video() ? video_ : audio_;
  }
  [[nodiscard]] rtp::TransportSendHistory* numbers() {
    return path_ != nullptr ? &path_->numbers : nullptr;
  }

  // What each packet needs comes first, see PacketReader.
  PacketRendition* rendition_ = nullptr;
  PacketSender& sender_;
  const void* cipher_ = nullptr;  // of sender_
  std::unique_ptr<Path> path_;
  Time due_{};  // something is to be done beside sending
  uint32_t generation_ = 0;
  uint32_t packets_ = 0;  // that statistics do not know of yet
  uint32_t target_ = 0;   // source of video that is to be sent; 0: whatever comes
  bool paused_ = false;   // the path takes no video at all
  bool thin_ = false;
  SentTrack video_;
  SentTrack audio_;

  Transport& transport_;
  LayerChoice choice_;
  rtp::FullIntraRequestFilter full_intra_requests_;
  uint32_t layer_wishes_ = 0;  // that were heard
  /// What the control plane was told that is sent.
  struct Told {
    std::string layer;
    std::string_view video = "whole";
    std::string wanted;
  } told_;
  Time control_due_{};
  Duration rtt_ = milliseconds(50);
  std::optional<CodecId> refused_;
};

}  // namespace millrace::webrtc
