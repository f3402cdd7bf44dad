#include <cstdlib>
#include <string_view>

#include "protocols/hls/recovery.hpp"

// What was read must be written and read back as the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::hls;
  const auto first = parse_media_playlist({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) {
    return 0;
  }
  const auto text = render_media_playlist(*first, std::chrono::seconds(1)).text;
  const auto second = parse_media_playlist(text);
  if (text.size() <= kMaxRecoveredBytes &&
      (!second.ok() || render_media_playlist(*second, std::chrono::seconds(1)).text != text)) {
    std::abort();
  }
  return 0;
}
