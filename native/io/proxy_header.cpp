#include "io/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace millrace {

namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kTextBegin = "PROXY ";
constexpr size_t kMaxTextBytes = 107;  // §2.1, with CRLF
constexpr std::array<uint8_t, 12> kSignature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                             0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr size_t kBinaryHeadBytes = 16;

Error invalid(uint32_t detail) { return {ErrorCode::kProxyHeaderInvalid, detail}; }

/// Takes the word before the next blank, or the rest.
std::string_view take_word(std::string_view& rest) {
  const size_t blank = rest.find(' ');
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  return word;
}

/// "0" to "65535", no sign, no leading zero.
std::optional<uint16_t> parse_port(std::string_view digits) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
      (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  return port;
}

/// `line` behind "PROXY ", without CRLF.
Parsed parse_text(std::string_view line, size_t size) {
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") {
    return std::optional(ProxyHeader{size, std::nullopt});  // the rest must be ignored
  }
  if (family != "TCP4" && family != "TCP6") {
    return invalid(1);
  }
  const std::string_view source = take_word(line);
  const std::string_view destination = take_word(line);
  const auto source_port = parse_port(take_word(line));
  const auto destination_port = parse_port(line);
  const auto address = Address::parse(source, source_port.value_or(0));
  const auto local = Address::parse(destination, destination_port.value_or(0));
  const int wanted = family == "TCP4" ? AF_INET : AF_INET6;
  if (!source_port || !destination_port || !address || !local || address->family() != wanted ||
      local->family() != wanted) {
    return invalid(2);
  }
  return std::optional(ProxyHeader{size, address});
}

Parsed parse_binary(Bytes bytes) {
  if (bytes.size() < kBinaryHeadBytes) {
    return std::optional<ProxyHeader>();
  }
  ByteReader in(bytes.subspan(kSignature.size()));
  const uint8_t version_and_command = in.u8();
  const uint8_t family = in.u8();
  const size_t length = in.u16();
  const uint8_t command = version_and_command & 0x0f;
  if (version_and_command >> 4 != 2 || command > 1) {
    return invalid(3);
  }
  if (kBinaryHeadBytes + length > kMaxProxyHeaderBytes) {
    return invalid(4);
  }
  ProxyHeader header{kBinaryHeadBytes + length, std::nullopt};
  if (bytes.size() < header.size) {
    return std::optional<ProxyHeader>();
  }
  // LOCAL: the proxy's own connection, a health check. Families other than TCP over IP have no
  // address that means anything here.
  if (command == 0 || (family != 0x11 && family != 0x21)) {
    return std::optional(header);
  }
  if (family == 0x11) {
    sockaddr_in v4{};
    const Bytes source = in.bytes(4);
    (void)in.bytes(4);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(in.u16());
    (void)in.u16();
    if (!in.ok() || length < 12) {
      return invalid(5);
    }
    std::copy(source.begin(), source.end(), reinterpret_cast<uint8_t*>(&v4.sin_addr));
    header.source.emplace(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  } else {
    sockaddr_in6 v6{};
    const Bytes source = in.bytes(16);
    (void)in.bytes(16);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(in.u16());
    (void)in.u16();
    if (!in.ok() || length < 36) {
      return invalid(5);
    }
    std::copy(source.begin(), source.end(), v6.sin6_addr.s6_addr);
    header.source.emplace(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return std::optional(header);
}

}  // namespace

Parsed parse_proxy_header(Bytes bytes) {
  const size_t shown = std::min(bytes.size(), kSignature.size());
  if (std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(shown),
                 kSignature.begin())) {
    return parse_binary(bytes);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kMaxTextBytes));
  if (!text.starts_with(kTextBegin.substr(0, text.size()))) {
    return invalid(0);
  }
  const size_t end = text.find("\r\n");
  if (end == std::string_view::npos) {
    if (text.size() == kMaxTextBytes) {
      return invalid(6);
    }
    return std::optional<ProxyHeader>();
  }
  if (end < kTextBegin.size()) {
    return invalid(0);
  }
  return parse_text(text.substr(kTextBegin.size(), end - kTextBegin.size()), end + 2);
}

}  // namespace millrace
