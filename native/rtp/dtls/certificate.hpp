#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/byte_reader.hpp"

namespace millrace::dtls {

/// Keys of certificates that are made here. RSA is for peers that have no elliptic curves; it costs
/// a handshake ten times as much.
enum class KeyType : uint8_t { kEcdsaP256, kRsa2048 };

/// A self-signed certificate and the OpenSSL context of all handshakes that show it. Made once per
/// engine and key type; immutable after, so all loops share it.
/// Source: RFC 8827 §6.5 (certificates), RFC 5764 (SRTP), RFC 7714 §14.2 (GCM profiles).
class Certificate {
 public:
  explicit Certificate(KeyType type = KeyType::kEcdsaP256);

  /// "sha-256 AB:CD:...", as in SDP's a=fingerprint (RFC 8122 §5).
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

 private:
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
  std::string fingerprint_;
};

/// A fingerprint of a peer's certificate.
struct Fingerprint {
  std::string hash;   // "sha-256"; case does not matter
  std::string value;  // "AB:CD:..."; case does not matter
};

/// Whether the certificate is the one that `fingerprint` names. MD2 and MD5 name none (RFC 8122
/// §5).
[[nodiscard]] bool fits(const Fingerprint& fingerprint, const X509& certificate);

/// "AB:CD:..." of bytes.
[[nodiscard]] std::string colon_hex(Bytes bytes);

}  // namespace millrace::dtls
