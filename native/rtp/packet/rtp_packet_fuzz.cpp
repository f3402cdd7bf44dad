// A packet that is taken writes back to the same bytes, but for its padding; its extensions and
// what may be inside its payload (RTX, RED) never reach beyond it.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "rtp/packet/header_extensions.hpp"
#include "rtp/packet/red.hpp"
#include "rtp/packet/rtp_packet.hpp"
#include "rtp/packet/rtx.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  const auto packet = rtp::RtpPacket::parse(bytes);
  if (!packet) {
    return 0;
  }
  std::vector<uint8_t> again(packet->size());
  ByteWriter writer(again);
  packet->write_to(writer);
  const size_t before_padding = size - packet->padding_size;
  if (again.size() != size || !std::equal(data, data + before_padding, again.begin())) {
    std::abort();
  }
  rtp::HeaderExtensionMap map;
  for (size_t i = 0; i < rtp::kHeaderExtensions; ++i) {
    map.add(static_cast<uint32_t>(i + 1),
            rtp::header_extension_uri(static_cast<rtp::HeaderExtension>(i)));
  }
  const auto values = rtp::HeaderExtensions::parse(*packet, map);
  if (values.mid.size() > 255 || values.rid.size() > 255) {
    std::abort();
  }
  if (const auto original = rtp::decapsulate_rtx(*packet, 1, 2);
      original && original->payload.size() + 2 != packet->payload.size()) {
    std::abort();
  }
  if (const auto red = rtp::RedPayload::parse(packet->payload)) {
    std::vector<uint8_t> red_again(red->size());
    ByteWriter red_writer(red_again);
    red->write_to(red_writer);
    if (!std::ranges::equal(red_again, packet->payload)) {
      std::abort();
    }
  }
  return 0;
}
