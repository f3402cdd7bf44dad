#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hub/publication.hpp"
#include "protocols/webrtc/layer_report.hpp"
#include "protocols/webrtc/received_source.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/jitter/session_clock.hpp"
#include "rtp/jitter/transport_feedback_sender.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::webrtc {

/// A publisher: RTP packets on their way to the hub, and what its sender is told (reports, NACK,
/// PLI, transport-wide feedback).
///
/// Each packet goes to the hub as it comes, for players of WebRTC. For those of other protocols it
/// is put in order, and frames are made of the packets of one source of each kind: of simulcast
/// layers the largest that is there.
class Ingest final : public Media {
 public:
  explicit Ingest(Transport& transport);
  ~Ingest() override;

  Status start() override;
  void on_rtp(std::span<uint8_t> packet) override;
  void on_rtcp(Bytes compound) override;
  void stop() override;

 private:
  ReceivedSource* source_of(const rtp::RtpPacket& packet);
  ReceivedSource* repaired_by(const rtp::RtpPacket& packet);
  bool learn(const rtp::RtpPacket& packet);
  ReceivedSource* add_source(const rtp::RtpPacket& packet, const MediaDescription& media,
                             const NegotiatedCodec& codec, std::string_view rid);
  void take(ReceivedSource& source, const rtp::RtpPacket& packet, rtp::ReceiveStream::Source from);
  void receive(ReceivedSource& source, const rtp::RtpPacket& packet,
               const rtp::HeaderExtensions& extensions, rtp::ReceiveStream::Source from);
  void receive_redundant(ReceivedSource& source, const rtp::RtpPacket& packet,
                         const rtp::HeaderExtensions& extensions);
  void forward(ReceivedSource& source, Ref<rtp::MediaPacket> packet);
  void take_number_of(const rtp::HeaderExtensions& extensions, const MediaDescription& media);

  [[nodiscard]] ReceivedSource*& frame_source(TrackKind kind) {
    return frame_sources_[kind == TrackKind::kAudio ? 1 : 0];
  }
  [[nodiscard]] bool makes_frames(const ReceivedSource& source) const;
  void choose_for_frames(ReceivedSource& source);
  void follow_largest_layer();
  void drain(ReceivedSource& source);
  void publish_frames(ReceivedSource& source);
  void tell_tracks(const TrackRef& track);

  void ask_for_key_frames(uint32_t source_number);
  void send_key_frame_request(ReceivedSource& source);
  void send_due_requests();
  void arm_repair();
  void on_repair_timer();
  void on_report_timer();
  void on_sender_report(const rtp::RtcpPacket& packet);
  void on_extended_report(const rtp::RtcpPacket& packet);
  void on_feedback_timer();
  void note(Error error);

  Transport& transport_;
  const Description& description_;
  const uint32_t own_ssrc_;
  const bool tells_reference_time_;
  std::unique_ptr<Publication> publication_;
  std::vector<std::unique_ptr<ReceivedSource>> sources_;
  std::vector<RepairSource> repairs_;
  std::array<ReceivedSource*, 2> frame_sources_{};  // by kind
  std::array<TrackRef, 2> tracks_;                  // that were told, by kind
  LayerReport layer_report_;
  uint32_t next_number_ = 1;
  rtp::SessionClock clock_;
  rtp::TransportFeedbackSender arrivals_;
  Time pli_due_{};
  Timer repair_;  // NACK, gaps that are given up, key frames that did not come
  Timer report_;
  Timer feedback_;
};

}  // namespace millrace::webrtc
