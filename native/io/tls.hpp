#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <mutex>
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

/// A listener's certificate, which may be read again while it is in use. Any thread.
class ReloadableTls {
 public:
  /// @return kTlsBadCertificate.
  static Result<std::shared_ptr<ReloadableTls>> load(const std::string& certificate_file,
                                                     const std::string& key_file);

  /// For the next handshake.
  [[nodiscard]] std::shared_ptr<const TlsContext> get() const;
  /// Reads the files again. @return kTlsBadCertificate; the one before stays then.
  [[nodiscard]] Status reload();

 private:
  ReloadableTls(std::string certificate_file, std::string key_file,
                std::shared_ptr<const TlsContext> context)
      : certificate_file_(std::move(certificate_file)),
        key_file_(std::move(key_file)),
        context_(std::move(context)) {}

  const std::string certificate_file_;
  const std::string key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace millrace
