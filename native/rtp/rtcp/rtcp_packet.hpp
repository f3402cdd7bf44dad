#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::rtp {

/// Packet types; RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2.
enum class RtcpType : uint8_t {
  kSenderReport = 200,
  kReceiverReport = 201,
  kSourceDescription = 202,
  kGoodbye = 203,
  kApplicationDefined = 204,
  kTransportFeedback = 205,  // RTPFB
  kPayloadFeedback = 206,    // PSFB
  kExtendedReport = 207,     // XR
};

/// Feedback message types (FMT) of RTPFB and PSFB.
enum class TransportFeedbackType : uint8_t { kNack = 1, kTransportWide = 15 };
enum class PayloadFeedbackType : uint8_t {
  kPictureLoss = 1,       // PLI, RFC 4585 §6.3.1
  kFullIntraRequest = 4,  // FIR, RFC 5104 §4.3.1
  kApplicationLayer = 15  // REMB
};

constexpr size_t kRtcpHeaderSize = 4;
/// SSRC of the sender and of the media source, at the start of every feedback message.
constexpr size_t kFeedbackHeaderSize = 8;

/// One packet of a compound packet. Borrows its bytes.
struct RtcpPacket {
  RtcpType type = RtcpType::kSenderReport;  // may be a value that has no name here
  uint8_t count = 0;  // 5 bits: reports, sources, or FMT of a feedback message
  Bytes body;         // after the header, without padding

  [[nodiscard]] bool is(TransportFeedbackType fmt) const {
    return type == RtcpType::kTransportFeedback && count == static_cast<uint8_t>(fmt);
  }
  [[nodiscard]] bool is(PayloadFeedbackType fmt) const {
    return type == RtcpType::kPayloadFeedback && count == static_cast<uint8_t>(fmt);
  }
};

/// Walks a compound packet. Source: RFC 3550 §6.1 and Appendix A.2; packets need not begin with a
/// report (reduced size, RFC 5506 §3.1).
class RtcpReader {
 public:
  explicit RtcpReader(Bytes compound) : reader_(compound) {}

  /// @return the next packet, nullopt at the end, kRtcpPacketMalformed (detail: offset) when the
  ///         version is not 2, or a length or padding reaches beyond what there is. After an error
  ///         nothing more comes.
  [[nodiscard]] Result<std::optional<RtcpPacket>> next();

 private:
  ByteReader reader_;
};

/// Writes the header of a packet whose body has `body_size` bytes, a multiple of 4.
void write_rtcp_header(ByteWriter& writer, RtcpType type, uint8_t count, size_t body_size);

}  // namespace millrace::rtp
