#include "protocols/http/websocket_handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kKeySize = 24;

/// Base64 of exactly 16 bytes: 22 characters and two `=`.
bool is_key(std::string_view key) {
  return key.size() == kKeySize && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char byte) {
           return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                  (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
         });
}

/// RFC 6455 §11.3.1: more than one key is no handshake.
bool has_one_key(const Request& request) {
  return std::count_if(request.headers.begin(), request.headers.end(), [](const Header& header) {
           return equals_ignoring_case(header.name, "sec-websocket-key");
         }) == 1;
}

}  // namespace

bool is_websocket_request(const Request& request) {
  return request.wants_upgrade && list_has(request.header("upgrade"), "websocket");
}

Result<WebSocketAccept> accept_websocket(const Request& request) {
  if (!is_websocket_request(request) || request.method != Method::kGet || request.has_body()) {
    return ErrorCode::kWebsocketHandshakeInvalid;
  }
  if (request.header("sec-websocket-version") != "13") {
    return Error{ErrorCode::kWebsocketHandshakeInvalid, 426};
  }
  const std::string_view key = request.header("sec-websocket-key");
  if (!is_key(key) || !has_one_key(request)) {
    return ErrorCode::kWebsocketHandshakeInvalid;
  }
  std::array<uint8_t, kKeySize + kGuid.size()> text;
  std::copy(key.begin(), key.end(), text.begin());
  std::copy(kGuid.begin(), kGuid.end(), text.begin() + kKeySize);
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(text.data(), text.size(), digest.data());
  std::array<uint8_t, std::tuple_size_v<WebSocketAccept> + 1> base64;  // EVP adds a NUL
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  WebSocketAccept accept;
  std::copy_n(base64.begin(), accept.size(), accept.begin());
  return accept;
}

}  // namespace millrace::http
