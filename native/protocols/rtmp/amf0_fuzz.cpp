#include <cstdlib>
#include <utility>
#include <vector>

#include "protocols/rtmp/amf0.hpp"
#include "protocols/rtmp/metadata.hpp"

namespace {

using millrace::Bytes;

/// Reads values up to the first error and writes them.
std::vector<uint8_t> rewrite(Bytes bytes) {
  std::vector<uint8_t> out;
  millrace::rtmp::Amf0Writer writer(out);
  millrace::rtmp::Amf0Reader reader(bytes, {.max_values = 4096, .max_text_bytes = 1U << 16});
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
  if (const auto values = millrace::rtmp::metadata_values(bytes)) {
    if (auto metadata = millrace::rtmp::Metadata::parse(*values); metadata.ok()) {
      metadata->set_server("server", "1");
      if (!millrace::rtmp::metadata_values(metadata->message()) || metadata->width() + 1U == 0) {
        std::abort();
      }
    }
  }
  return 0;
}
