#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace millrace {

/// Certificate and key of a TLS listener. Immutable; sessions keep it alive, so a reload puts a new
/// one beside it. TLS 1.2 and 1.3.
class TlsContext {
 public:
  /// @return kTlsBadCertificate when a file cannot be read, is not PEM, or the key does not fit.
  static Result<std::shared_ptr<const TlsContext>> load(const std::string& certificate_file,
                                                        const std::string& key_file);

  /// A server session on `fd`; null when OpenSSL has no memory.
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  using Session = std::unique_ptr<SSL, SslDeleter>;
  [[nodiscard]] Session accept(int fd) const;

 private:
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(std::unique_ptr<SSL_CTX, ContextDeleter> context)
      : context_(std::move(context)) {}
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
};

}  // namespace millrace
