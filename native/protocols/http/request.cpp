#include "protocols/http/request.hpp"

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

constexpr size_t kLongestAddress = 45;  // INET6_ADDRSTRLEN without its NUL

bool looks_like_address(std::string_view text) {
  return !text.empty() && text.size() <= kLongestAddress &&
         text.find_first_of(".:") != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> Request::find_header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string_view client_address(const Request& request, std::string_view peer) {
  const auto forwarded = ListReader(request.header("x-forwarded-for")).next();
  if (forwarded && looks_like_address(*forwarded)) {
    return *forwarded;
  }
  std::string_view real = request.header("x-real-ip");
  if (real.find(':') == real.rfind(':')) {
    real = real.substr(0, real.find(':'));  // IPv4 with a port; IPv6 has more than one colon
  }
  return looks_like_address(real) ? real : peer;
}

}  // namespace millrace::http
