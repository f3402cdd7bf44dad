#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocols/hls/file_template.hpp"

// First byte: how much of the rest is the stream's name; what follows is the template. Whatever
// comes out and counts as safe has no way up and out of its folder.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::hls;
  if (size == 0) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t name_size = std::min<size_t>(data[0], input.size());
  const StreamName name{"vhost", "app", std::string(input.substr(0, name_size))};
  TemplateValues::PerSegment segment;
  segment.sequence = 1;
  const std::string path = expand(input.substr(name_size), {.name = name, .segment = segment});
  if (is_safe_relative_path(path)) {
    const std::string wrapped = "/" + path + "/";
    if (wrapped.find("/../") != std::string::npos || wrapped.find("//") != std::string::npos ||
        path.find('\0') != std::string::npos) {
      std::abort();
    }
  }
  return 0;
}
