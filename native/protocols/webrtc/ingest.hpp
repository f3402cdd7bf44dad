#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/publication.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/jitter/nack_generator.hpp"
#include "rtp/jitter/reception_statistics.hpp"
#include "rtp/jitter/reorder_buffer.hpp"
#include "rtp/jitter/session_clock.hpp"
#include "rtp/jitter/transport_feedback_sender.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/payload/depacketizer.hpp"

namespace millrace::webrtc {

/// A publisher: RTP packets on their way to the hub, and what its sender is told (reports, NACK,
/// PLI, transport-wide feedback).
class Ingest final : public Media {
 public:
  explicit Ingest(Transport& transport);
  ~Ingest() override;

  Status start() override;
  void on_rtp(std::span<uint8_t> packet) override;
  void on_rtcp(Bytes compound) override;
  void stop() override;

 private:
  /// One SSRC that carries media.
  struct Source {
    Source(uint32_t of_ssrc, const MediaDescription& of_media, const NegotiatedCodec& of_codec,
           std::string_view of_rid, BlockPool& pool);

    const uint32_t ssrc;
    const MediaDescription& media;
    const NegotiatedCodec& codec;
    const std::string rid;  // of a simulcast layer
    const uint32_t clock_rate;
    rtp::SequenceUnwrapper numbers;
    rtp::TimestampUnwrapper timestamps;
    rtp::ReceptionStatistics statistics;
    rtp::NackGenerator nack;
    rtp::ReorderBuffer reorder;
    std::unique_ptr<rtp::Depacketizer> depacketizer;  // null: not a codec for frames
    rtp::DecodingTimes decoding_times;
    std::optional<size_t> clock_track;  // while its frames are published
    Time key_frame_asked{};
    bool key_frame_wanted = false;
    uint8_t fir_count = 0;
  };
  /// One SSRC that repeats packets of a source, RFC 4588.
  struct Repair {
    uint32_t ssrc = 0;
    const MediaDescription* media = nullptr;
    std::string rid;
  };

  void take_number_of(const MediaDescription& media, const rtp::RtpPacket& packet);
  Source* source_of(const rtp::RtpPacket& packet);
  Source* repaired_by(const rtp::RtpPacket& packet);
  bool learn(const rtp::RtpPacket& packet);
  void choose_lane(Source& source);
  enum class Repeated : bool { kNo, kYes };
  void take(Source& source, const rtp::RtpPacket& packet, Repeated repeated);
  void drain(Source& source);
  void publish_frames(Source& source);
  void ask_for_key_frame(Source& source);
  void ask_all_for_key_frames();
  void arm_repair();
  void on_repair_timer();
  void on_report_timer();
  void on_feedback_timer();
  void note(Error error);

  Transport& transport_;
  const Description& description_;
  const uint32_t own_ssrc_;
  std::unique_ptr<Publication> publication_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Repair> repairs_;
  rtp::SessionClock clock_;
  rtp::TransportFeedbackSender arrivals_;
  Time pli_due_{};
  Timer repair_;  // NACK, and gaps that are given up
  Timer report_;
  Timer feedback_;
};

}  // namespace millrace::webrtc
