#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"

namespace millrace {

/// What a listener offers by ALPN, beside HTTP/1.1.
enum class OfferHttp2 : bool { kNo, kYes };

/// Certificate and key of a TLS listener. Immutable; sessions keep it alive, so a reload puts a new
/// one beside it. TLS 1.2 and 1.3.
class TlsContext {
 public:
  /// @return kTlsBadCertificate when a file cannot be read, is not PEM, or the key does not fit.
  static Result<std::shared_ptr<const TlsContext>> load(const std::string& certificate_file,
                                                        const std::string& key_file,
                                                        OfferHttp2 http2 = OfferHttp2::kNo);

  /// A peer may choose HTTP/2: Connection::application_protocol() says whether it has.
  [[nodiscard]] bool offers_http2() const { return http2_ == OfferHttp2::kYes; }
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
  TlsContext(std::unique_ptr<SSL_CTX, ContextDeleter> context, OfferHttp2 http2)
      : context_(std::move(context)), http2_(http2) {}
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
  const OfferHttp2 http2_;
};

/// A listener's certificate, which may be read again while it is in use. Any thread.
class ReloadableTls {
 public:
  /// @return kTlsBadCertificate.
  static Result<std::shared_ptr<ReloadableTls>> load(const std::string& certificate_file,
                                                     const std::string& key_file,
                                                     OfferHttp2 http2 = OfferHttp2::kNo);

  /// For the next handshake.
  [[nodiscard]] std::shared_ptr<const TlsContext> get() const;
  /// Reads the files again. @return kTlsBadCertificate; the one before stays then.
  [[nodiscard]] Status reload();

 private:
  ReloadableTls(std::string certificate_file, std::string key_file, OfferHttp2 http2,
                std::shared_ptr<const TlsContext> context)
      : certificate_file_(std::move(certificate_file)),
        key_file_(std::move(key_file)),
        http2_(http2),
        context_(std::move(context)) {}

  const std::string certificate_file_;
  const std::string key_file_;
  const OfferHttp2 http2_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace millrace
