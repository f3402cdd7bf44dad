// Whatever the bits say, the size is either refused or one that can be.
#include <cstdlib>

#include "codecs/h264/sequence_parameter_set.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto sps = millrace::h264::SequenceParameterSet::parse({data, size});
  if (sps && (sps->width == 0 || sps->height == 0 || sps->width > 65536 || sps->height > 65536 ||
              sps->bit_depth_luma < 8 || sps->bit_depth_luma > 14)) {
    std::abort();
  }
  return 0;
}
