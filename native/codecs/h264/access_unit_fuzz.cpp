// Annex B of any content.
#include <cstdlib>

#include "codecs/h264/access_unit.hpp"
#include "codecs/nal/nal_units.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  std::vector<NalUnit> units;
  if (!nal::split_annexb({data, size}, units)) {
    return 0;
  }
  const auto unit = h264::AccessUnit::inspect({data, size}, units);
  if ((unit.has_idr || unit.has_intra_slice) && !unit.has_slice) {
    std::abort();
  }
  return 0;
}
