#include "io/tls.hpp"

#include <openssl/err.h>

#include <string_view>

namespace millrace {

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                           const std::string& key_file,
                                                           OfferHttp2 http2) {
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
  // RTMPS clients may offer ALPN too. Who offers nothing that is spoken here goes on without.
  static std::string_view http11 = "\x08http/1.1";
  static std::string_view http2_first = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
         unsigned offered_size, void* spoken) {
        const auto& names = *static_cast<const std::string_view*>(spoken);
        unsigned char* chosen = nullptr;
        if (SSL_select_next_proto(&chosen, out_size,
                                  reinterpret_cast<const unsigned char*>(names.data()),
                                  static_cast<unsigned>(names.size()), offered,
                                  offered_size) != OPENSSL_NPN_NEGOTIATED) {
          return SSL_TLSEXT_ERR_NOACK;
        }
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      http2 == OfferHttp2::kYes ? &http2_first : &http11);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context), http2));
}

Result<std::shared_ptr<ReloadableTls>> ReloadableTls::load(const std::string& certificate_file,
                                                           const std::string& key_file,
                                                           OfferHttp2 http2) {
  auto context = TlsContext::load(certificate_file, key_file, http2);
  if (!context.ok()) {
    return context.error();
  }
  return std::shared_ptr<ReloadableTls>(
      new ReloadableTls(certificate_file, key_file, http2, std::move(*context)));
}

std::shared_ptr<const TlsContext> ReloadableTls::get() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

Status ReloadableTls::reload() {
  auto context = TlsContext::load(certificate_file_, key_file_, http2_);
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
