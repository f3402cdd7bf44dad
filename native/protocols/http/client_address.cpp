#include "protocols/http/client_address.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

// More proxies than that stand in no row; the rest of a longer list is the client's own.
constexpr size_t kMaxHops = 32;

/// `192.0.2.1`, `2001:db8::1`, also with a port: `192.0.2.1:80`, `[2001:db8::1]:80`.
std::optional<Address> parse_element(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
      return std::nullopt;
    }
    text = text.substr(1, bracket - 1);
  } else if (const size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    text = text.substr(0, colon);
  }
  return Address::parse(text, 0);
}

std::optional<Address> real_ip(const Request& request) {
  return parse_element(request.header("x-real-ip"));
}

/// The elements of all X-Forwarded-For fields, the last ones of many.
std::vector<std::string_view> forwarded_for(const Request& request) {
  std::vector<std::string_view> elements;
  for (const Header& header : request.headers) {
    if (equals_ignoring_case(header.name, "x-forwarded-for")) {
      ListReader list(header.value);
      while (const auto element = list.next()) {
        if (elements.size() == kMaxHops) {
          elements.erase(elements.begin());
        }
        elements.push_back(*element);
      }
    }
  }
  return elements;
}

}  // namespace

ClientAddress client_address(const Request& request, const Address& peer,
                             const NetworkList& trusted_proxies) {
  if (trusted_proxies.empty()) {
    const auto first = ListReader(request.header("x-forwarded-for")).next();
    auto claimed = first ? parse_element(*first) : std::nullopt;
    if (!claimed) {
      claimed = real_ip(request);
    }
    return {claimed ? claimed->ip() : peer.ip(), false};
  }
  if (!trusted_proxies.contains(peer)) {
    return {peer.ip(), false};
  }
  const std::vector<std::string_view> elements = forwarded_for(request);
  std::optional<Address> client;
  for (auto element = elements.rbegin(); element != elements.rend(); ++element) {
    const auto address = parse_element(*element);
    if (!address) {
      break;  // nobody vouches for what stands before it
    }
    client = address;
    if (!trusted_proxies.contains(*address)) {
      break;
    }
  }
  if (!client) {
    client = real_ip(request);
  }
  return {client ? client->ip() : peer.ip(), true};
}

}  // namespace millrace::http
