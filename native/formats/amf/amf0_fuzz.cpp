#include <cstdlib>
#include <utility>
#include <vector>

#include "formats/amf/amf0.hpp"
#include "formats/flv/metadata.hpp"

namespace {

using millrace::Bytes;

/// Reads values up to the first error and writes them.
std::vector<uint8_t> rewrite(Bytes bytes) {
  std::vector<uint8_t> out;
  millrace::Amf0Writer writer(out);
  millrace::Amf0Reader reader(bytes, {.max_values = 4096, .max_text_bytes = 1U << 16});
  while (!reader.at_end()) {
    const auto value = reader.read();
    if (!value.ok()) {
      break;
    }
    writer.value(value.value());
  }
  return out;
}

}  // namespace

// What was read must read back to the same bytes once it is written.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(data, size);
  const std::vector<uint8_t> written = rewrite(bytes);
  if (rewrite(written) != written) {
    std::abort();
  }
  if (const auto values = millrace::flv::metadata_values(bytes)) {
    if (auto metadata = millrace::flv::Metadata::parse(*values); metadata.ok()) {
      metadata->set_server("server", "1");
      if (!millrace::flv::metadata_values(metadata->message()) || metadata->width() + 1U == 0) {
        std::abort();
      }
    }
  }
  return 0;
}
