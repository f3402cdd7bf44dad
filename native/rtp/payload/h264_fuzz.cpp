// Packets of any content, with any loss between them; see testing/depacketizer_fuzz.hpp.
#include "rtp/testing/depacketizer_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::rtp::DepacketizerOptions options;
  options.codec = millrace::CodecId::kH264;
  millrace::rtp::testing::fuzz_depacketizer(options, {data, size});
  return 0;
}
