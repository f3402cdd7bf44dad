#pragma once

#include <cstddef>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "io/address.hpp"

namespace millrace {

/// What a proxy says in front of a connection that it hands on.
struct ProxyHeader {
  size_t size = 0;                // bytes of the header
  std::optional<Address> source;  // of the client; none for the proxy's own connections
};

/// Longest header that is taken: the text form has at most 107 bytes; the binary one a 16-bit
/// length, of which addresses and the usual TLVs take some hundred.
constexpr size_t kMaxProxyHeaderBytes = 2048;

/// Reads a header of the PROXY protocol, version 1 (text) or 2 (binary), for TCP over IPv4 and
/// IPv6. Source: "The PROXY protocol, versions 1 & 2" (HAProxy), §2.1 and §2.2. TLVs are passed
/// over.
/// @param bytes  the beginning of the connection.
/// @return nullopt when more bytes are needed; kProxyHeaderInvalid for anything else.
[[nodiscard]] Result<std::optional<ProxyHeader>> parse_proxy_header(Bytes bytes);

}  // namespace millrace
