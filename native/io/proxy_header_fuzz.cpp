// Whatever the bytes are, a header lies within them, and more bytes behind it change nothing.
#include <cstdlib>
#include <vector>

#include "io/proxy_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::Bytes;
  const auto header = millrace::parse_proxy_header(Bytes(data, size));
  if (!header.ok() || !*header) {
    return 0;
  }
  if ((*header)->size > size || (*header)->size > millrace::kMaxProxyHeaderBytes) {
    std::abort();
  }
  if ((*header)->source && (*header)->source->ip().empty()) {
    std::abort();
  }
  std::vector<uint8_t> longer(data, data + (*header)->size);
  longer.insert(longer.end(), 300, 'x');
  const auto again = millrace::parse_proxy_header(Bytes(longer));
  if (!again.ok() || !*again || (*again)->size != (*header)->size) {
    std::abort();
  }
  // Cut anywhere it is not whole yet.
  for (size_t cut = 0; cut < (*header)->size; ++cut) {
    const auto part = millrace::parse_proxy_header(Bytes(data, cut));
    if (!part.ok() || *part) {
      std::abort();
    }
  }
  return 0;
}
