#include "io/tls.hpp"

#include <openssl/err.h>

namespace millrace {

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                           const std::string& key_file) {
  // OPENSSL_CONF is meant for Node.js, whose OpenSSL is another one.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::unique_ptr<SSL_CTX, ContextDeleter> context(SSL_CTX_new(TLS_server_method()));
  const bool ok =
      context != nullptr &&
      SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context.get()) == 1;
  if (!ok) {
    const auto reason = static_cast<uint32_t>(ERR_GET_REASON(ERR_peek_last_error()));
    ERR_clear_error();
    return Error{ErrorCode::kTlsBadCertificate, reason};
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // Media is sent from rings whose blocks may be at other addresses when a write is tried again.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // Renegotiation lets a peer make the server pay for handshakes.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // Both RTMPS and HTTP/1.1 clients may offer ALPN; only HTTP/1.1 is spoken here.
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
         unsigned offered_size, void*) {
        static constexpr unsigned char kHttp11[] = "\x08http/1.1";
        unsigned char* chosen = nullptr;
        if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered,
                                  offered_size) != OPENSSL_NPN_NEGOTIATED) {
          return SSL_TLSEXT_ERR_NOACK;
        }
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context)));
}

Result<std::shared_ptr<ReloadableTls>> ReloadableTls::load(const std::string& certificate_file,
                                                           const std::string& key_file) {
  auto context = TlsContext::load(certificate_file, key_file);
  if (!context.ok()) {
    return context.error();
  }
  return std::shared_ptr<ReloadableTls>(
      new ReloadableTls(certificate_file, key_file, std::move(*context)));
}

std::shared_ptr<const TlsContext> ReloadableTls::get() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

Status ReloadableTls::reload() {
  auto context = TlsContext::load(certificate_file_, key_file_);
  if (!context.ok()) {
    return context.error();
  }
  const std::lock_guard lock(mutex_);
  context_ = std::move(*context);
  return {};
}

TlsContext::Session TlsContext::accept(int fd) const {
  Session session(SSL_new(context_.get()));
  if (session != nullptr) {
    if (SSL_set_fd(session.get(), fd) != 1) {
      return nullptr;
    }
    SSL_set_accept_state(session.get());
  }
  return session;
}

}  // namespace millrace
