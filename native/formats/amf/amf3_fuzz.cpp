#include <cstdlib>
#include <vector>

#include "formats/amf/amf0.hpp"
#include "formats/amf/amf3.hpp"

// What AMF3 gives must be values that AMF0 can carry, nested no deeper than the limit.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr millrace::AmfLimits kLimits{.max_values = 4096, .max_text_bytes = 1U << 16};
  millrace::Amf3Reader reader({data, size}, millrace::AmfBudget(kLimits));
  while (reader.position() < size) {
    const auto value = reader.read();
    if (!value.ok()) {
      break;
    }
    std::vector<uint8_t> written;
    millrace::Amf0Writer(written).value(value.value());
    if (!millrace::Amf0Reader(written).read().ok()) {
      std::abort();
    }
  }
  return 0;
}
