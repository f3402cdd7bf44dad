// Whatever the bits say, the size is either refused or one that can be.
#include <cstdlib>

#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/h265/parameter_sets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes nal(data, size);
  (void)h265::VideoParameterSet::parse(nal);
  const auto sps = h265::SequenceParameterSet::parse(nal);
  const Bytes sets[] = {nal};
  const auto track = h265::make_track({}, sets, {});
  if (!sps) {
    if (track) {
      std::abort();
    }
    return 0;
  }
  if (sps->width == 0 || sps->height == 0 || sps->width > 65535 || sps->height > 65535 ||
      (size <= UINT16_MAX && (!track || (*track)->video.width != sps->width))) {
    std::abort();
  }
  return 0;
}
