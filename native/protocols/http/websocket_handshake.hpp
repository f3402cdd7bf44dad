#pragma once

#include <array>
#include <string_view>

#include "base/result.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

/// Value of Sec-WebSocket-Accept: base64 of a SHA-1.
using WebSocketAccept = std::array<char, 28>;

/// @return whether the request asks for a WebSocket, well or badly.
[[nodiscard]] bool is_websocket_request(const Request& request);

/// Checks an opening handshake and computes what proves that we understood it.
/// Source: RFC 6455 §4.2.1, §4.2.2. No extension and no subprotocol is ever chosen.
/// @return kWebsocketHandshakeInvalid: not GET, a wrong Sec-WebSocket-Version (detail: 426, the
/// answer then carries `Sec-WebSocket-Version: 13`), or a key that is not 16 bytes in base64.
[[nodiscard]] Result<WebSocketAccept> accept_websocket(const Request& request);

}  // namespace millrace::http
