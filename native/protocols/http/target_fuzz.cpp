#include <cstdlib>
#include <string>

#include "protocols/http/query.hpp"
#include "protocols/http/target.hpp"

// An accepted path is absolute and normal, and is the same when it is encoded and parsed again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string storage;
  const auto target = millrace::http::parse_target(text, storage);
  if (!target.ok()) {
    return 0;
  }
  millrace::http::QueryReader query(target->query);
  while (const auto pair = query.next()) {
    (void)millrace::http::decode_query_value(pair->value);
  }
  if (target->path == "*") {
    return 0;
  }
  if (!target->path.starts_with('/') || target->path.find('\0') != std::string_view::npos ||
      target->path.find('\\') != std::string_view::npos) {
    std::abort();
  }
  std::string encoded;
  for (const char byte : target->path) {
    if (byte == '/') {
      encoded.push_back(byte);
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      encoded.push_back('%');
      encoded.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
      encoded.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
    }
  }
  std::string again_storage;
  const auto again = millrace::http::parse_target(encoded, again_storage);
  if (!again.ok() || again->path != target->path) {
    std::abort();
  }
  return 0;
}
