#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "protocols/webrtc/packet_rendition.hpp"
#include "protocols/webrtc/transport.hpp"
#include "rtp/send/packet_rewriter.hpp"
#include "rtp/send/sender_reports.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::webrtc {

/// One kind of media as one player gets it: which source, and under which numbers.
class SentTrack {
 public:
  /// @param media    null: the player takes none of the kind.
  /// @param random   for the beginnings of numbers, RFC 3550 §5.1.
  SentTrack(const MediaDescription* media, uint64_t random);

  [[nodiscard]] bool wanted() const { return wanted_; }
  [[nodiscard]] bool owns(uint32_t ssrc) const {
    return wanted_ && ssrc != 0 && (ssrc == ssrc_ || ssrc == media_->rtx_ssrc);
  }
  /// Number of the source that is sent at present; 0: none.
  [[nodiscard]] uint32_t source() const { return source_; }
  /// Has anything been sent?
  [[nodiscard]] bool started() const { return rewriter_.has_value(); }
  [[nodiscard]] const MediaDescription& media() const { return *media_; }
  /// @return null when the player has not negotiated it.
  [[nodiscard]] const NegotiatedCodec* codec_of(const RenditionSource& source) const;

  /// Whether a codec was negotiated with redundancy (RED).
  [[nodiscard]] bool takes_redundancy() const;

  /// What is sent from `first` on is of `source`.
  /// @param before  the source until now, for the time between the two; may be null.
  void switch_to(const RenditionSource& source, const RenditionSource* before,
                 const rtp::MediaPacket& first);
  /// Nothing is sent until the next switch.
  void pause() { source_ = 0; }
  /// Nor is anything sent again of what was sent until now.
  void forget() {
    if (rewriter_) {
      rewriter_->forget();
    }
  }
  enum class Taken : bool { kNo, kYes };
  /// @return whether it went out.
  Taken send(const rtp::MediaPacket& packet, Time now, PacketSender& sender,
             rtp::TransportSendHistory* numbers);
  void leave_out(const rtp::MediaPacket& packet);
  /// Answers one sequence number of a NACK. @return whether a packet was sent again.
  bool send_again(uint16_t sequence_number, Time now, Duration rtt, PacketSender& sender,
                  rtp::TransportSendHistory* numbers, const PacketRendition& rendition);

  /// Whether pad() can send anything: not without an SSRC whose packets nobody misses.
  [[nodiscard]] bool can_pad() const {
    return rtx_payload_type_ && media_->rtx_ssrc != 0 && plain_.number_at != 0;
  }
  /// Sends at least `bytes` that the player does not need, to probe its path: packets that it had
  /// of late once more, or zeros when they are gone.
  void pad(size_t bytes, Time now, PacketSender& sender, rtp::TransportSendHistory& numbers,
           const PacketRendition& rendition);

  [[nodiscard]] bool report_due(Time now) const { return reports_.is_due(now); }
  [[nodiscard]] Time next_report() const { return reports_.next_deadline().value_or(Time::max()); }
  /// @return nullopt when the time of the source is not known.
  [[nodiscard]] std::optional<rtp::SenderReport> report(const PacketRendition& rendition,
                                                        uint64_t ntp, Time now);

 private:
  struct Header {
    uint8_t size = 0;
    uint8_t number_at = 0;  // of the transport-wide sequence number; 0: there is none
    uint8_t send_time_at = 0;
    std::array<uint8_t, kMaxRtpHeader> bytes{};
  };
  /// Extensions of a packet are hints: those that find no room are left out.
  [[nodiscard]] Header header_with(const std::optional<rtp::PlayoutDelay>& playout_delay,
                                   const std::optional<rtp::AbsCaptureTime>& capture_time) const;
  /// A packet as this player gets it.
  struct Form {
    Bytes payload;
    uint8_t payload_type = 0;
    bool redundant = false;  // RED
  };
  [[nodiscard]] Form form_of(const rtp::MediaPacket& packet) const;
  /// @return size of the packet, before protection.
  size_t write(const rtp::MediaPacket& packet, const rtp::Rewritten& numbers, uint32_t ssrc,
               int64_t index, Form form, Time now, PacketSender& sender,
               rtp::TransportSendHistory* history);
  size_t write_zeros(Time now, PacketSender& sender, rtp::TransportSendHistory& numbers);

  // What each packet needs comes first, in a few cache lines: of many players it is fetched anew
  // for each.
  uint32_t source_ = 0;
  uint32_t ssrc_ = 0;
  const bool wanted_;
  /// Whether what changes with each sending may be in the header. Of a packet that is sent again
  /// under its own number it may not: SRTP with GCM would be broken by it (RFC 7714 §8.4).
  const bool numbered_;
  uint8_t payload_type_ = 0;
  std::optional<uint8_t> red_payload_type_;
  Header plain_;  // of packets without extensions of their own
  std::optional<rtp::PacketRewriter> rewriter_;
  rtp::RetransmissionBudget budget_;
  rtp::SenderReports reports_;

  const MediaDescription* const media_;
  std::optional<uint8_t> rtx_payload_type_;
  const uint16_t first_sequence_number_;
  const uint32_t first_timestamp_;
  int64_t next_rtx_index_;
  uint16_t padded_ = 0;  // place of the packet that is padding next, back from the newest
};

}  // namespace millrace::webrtc
