#pragma once

#include <string>

#include "io/network.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

/// Who a request comes from, behind proxies.
struct ClientAddress {
  std::string ip;
  /// A proxy that is trusted says so: good for access rules too. Else whoever connected may have
  /// made it up, so that it is for reports and hooks only.
  bool trusted = false;
};

/// Finds the client's address.
///
/// Without trusted proxies it is what SRS takes: the first element of X-Forwarded-For, else
/// X-Real-IP, else the peer's. With any, the fields count only when the peer is one of them: the
/// last element of X-Forwarded-For that is no trusted proxy itself (what stands before it was
/// written by the client), else X-Real-IP. What is no IP address is passed over.
/// @param peer  of the socket.
[[nodiscard]] ClientAddress client_address(const Request& request, const Address& peer,
                                           const NetworkList& trusted_proxies);

}  // namespace millrace::http
