// A head that is read ends within what it was read from, and its times have 33 bits.
#include <cstdlib>

#include "formats/mpegts/pes_packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto header = mpegts::PesPacketHeader::parse({data, size});
  if (header && *header) {
    if ((*header)->header_size > size || (*header)->pts.value_or(0) >> 33 != 0 ||
        (*header)->dts.value_or(0) >> 33 != 0) {
      std::abort();
    }
  }
  return 0;
}
