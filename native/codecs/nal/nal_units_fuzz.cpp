// First byte: length size, or Annex B. Units must lie within the bytes, and what make_frame()
// builds of them must split into the same units again.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "codecs/nal/nal_units.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) {
    return 0;
  }
  static BlockPool pool;
  pool.bind_to_this_thread();
  const Bytes bytes(data + 1, size - 1);
  const unsigned choice = data[0] % 5;
  std::vector<NalUnit> units;
  if (!(choice == 0 ? nal::split_annexb(bytes, units)
                    : nal::split_length_prefixed(bytes, choice, units))) {
    return 0;
  }
  size_t end = 0;
  for (const NalUnit& unit : units) {
    if (unit.size == 0 || unit.offset < end || unit.size > bytes.size() - unit.offset) {
      std::abort();
    }
    end = unit.offset + unit.size;
    std::array<uint8_t, 32> room{};
    if (nal::unescape(bytes.subspan(unit.offset, unit.size), room).size() > room.size()) {
      std::abort();
    }
  }
  const auto frame = nal::make_frame(pool, Track::make(), bytes, units);
  std::vector<NalUnit> again;
  if (!nal::split_length_prefixed(frame->payload(), 4, again) || again.size() != units.size()) {
    std::abort();
  }
  for (size_t i = 0; i < units.size(); ++i) {
    if (!std::ranges::equal(frame->nal(again[i]), bytes.subspan(units[i].offset, units[i].size))) {
      std::abort();
    }
  }
  return 0;
}
