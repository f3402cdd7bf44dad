// The two fields of a proxy, cut at the first zero byte: what is found is an IP address, and one
// that is no trusted proxy unless all are.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "protocols/http/client_address.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;        // NOLINT(google-build-using-namespace)
  using namespace millrace::http;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\0'), text.size());
  const std::array fields{Header{"X-Forwarded-For", text.substr(0, cut)},
                          Header{"X-Real-IP", text.substr(std::min(cut + 1, text.size()))}};
  Request request;
  request.headers = fields;
  const auto peer = Address::parse("10.0.0.2", 80);
  NetworkList trusted;
  for (int round = 0; round < 2; ++round) {
    const ClientAddress found = client_address(request, *peer, trusted);
    if (!Address::parse(found.ip, 0) || found.trusted != (round == 1)) {
      std::abort();
    }
    trusted.add(*Network::parse("10.0.0.0/8"));
  }
  return 0;
}
