#include <cstdlib>
#include <string_view>

#include "protocols/http/http_date.hpp"
#include "protocols/http/range.hpp"

// First byte: size of the representation. What is selected lies inside of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  for (const auto& selection : {millrace::http::select_range(text, data[0]),
                                millrace::http::select_range_spec(text, data[0])}) {
    if (selection.kind == millrace::http::RangeSelection::Kind::kPart &&
        (selection.range.first > selection.range.last || selection.range.last >= data[0])) {
      std::abort();
    }
  }
  if (const auto time = millrace::http::parse_http_date(text)) {
    (void)millrace::http::format_http_date(*time);
  }
  return 0;
}
