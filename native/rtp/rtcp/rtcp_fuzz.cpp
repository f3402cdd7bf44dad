// Whatever the bytes, packets lie within them; what is understood writes and parses back.
#include <cstdlib>
#include <optional>
#include <vector>

#include "rtp/rtcp/extended_report.hpp"
#include "rtp/rtcp/feedback.hpp"
#include "rtp/rtcp/reports.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"
#include "rtp/rtcp/source_description.hpp"
#include "rtp/rtcp/transport_feedback.hpp"

namespace {

using namespace millrace;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <typename T>
void round_trip(const rtp::RtcpPacket& packet) {
  const auto value = T::parse(packet);
  if (!value) {
    return;
  }
  std::vector<uint8_t> out(value->size());
  ByteWriter writer(out);
  value->write_to(writer);
  require(writer.size() == out.size());
  rtp::RtcpReader reader(out);
  const auto again = reader.next();
  require(again.ok() && again.value().has_value());
  require(T::parse(**again).ok());
}

void transport_feedback(const rtp::RtcpPacket& packet) {
  const auto feedback = rtp::TransportFeedback::parse(packet);
  if (!feedback) {
    return;
  }
  std::vector<std::optional<int64_t>> arrivals;
  feedback->for_each(
      [&arrivals](uint16_t, std::optional<int64_t> arrival) { arrivals.push_back(arrival); });
  require(arrivals.size() == feedback->status_count);
  while (!arrivals.empty() && !arrivals.back()) {
    arrivals.pop_back();
  }
  if (arrivals.empty() || !arrivals.front()) {
    return;
  }
  std::vector<uint8_t> out(1200);
  ByteWriter writer(out);
  const size_t count = rtp::TransportFeedback::write(writer, 1, 2, 3, 4, arrivals);
  require(count > 0);
  rtp::RtcpReader reader(writer.written());
  const auto again = reader.next();
  require(again.ok() && again.value().has_value());
  const auto parsed = rtp::TransportFeedback::parse(**again);
  require(parsed.ok() && parsed->status_count == count);
  size_t at = 0;
  // The reference time has 24 bits, so times compare modulo that.
  constexpr int64_t kWrap = int64_t{1} << 32;
  parsed->for_each([&](uint16_t, std::optional<int64_t> arrival) {
    require(arrival.has_value() == arrivals[at].has_value());
    require(!arrival || (*arrival - *arrivals[at]) % kWrap == 0);
    ++at;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rtp::RtcpReader reader({data, size});
  for (auto next = reader.next(); next.ok() && next.value(); next = reader.next()) {
    const rtp::RtcpPacket& packet = **next;
    round_trip<rtp::SenderReport>(packet);
    round_trip<rtp::ReceiverReport>(packet);
    round_trip<rtp::SourceDescription>(packet);
    round_trip<rtp::Goodbye>(packet);
    round_trip<rtp::ApplicationDefined>(packet);
    round_trip<rtp::FullIntraRequest>(packet);
    round_trip<rtp::ReceiverEstimatedBitrate>(packet);
    (void)rtp::PictureLossIndication::parse(packet);
    (void)rtp::delay_since_reference_of(1, packet);
    transport_feedback(packet);
    if (const auto nack = rtp::Nack::parse(packet)) {
      size_t count = 0;
      nack->for_each([&count](uint16_t) { ++count; });
      require(count > 0 && count <= size / 4 * 17);
    }
  }
  return 0;
}
