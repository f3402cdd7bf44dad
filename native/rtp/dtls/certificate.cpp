#include "rtp/dtls/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <strings.h>

#include <array>
#include <cstdlib>

namespace millrace::dtls {

namespace {

// RFC 8827 asks for no validity; peers look at the fingerprint alone. Some refuse dates ahead.
constexpr long kSecondsBefore = 24L * 3600;
constexpr long kSecondsValid = 10L * 365 * 24 * 3600;
// Handshake messages are put together up to this size: RSA-4096 and long names fit well.
constexpr long kMaxCertificateBytes = 64L << 10;

constexpr unsigned kRsaBits = 2048;

// What OpenSSL cannot refuse but for want of memory.
void must(bool ok) {
  if (!ok) {
    std::abort();
  }
}

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

std::unique_ptr<X509, X509Deleter> self_sign(EVP_PKEY* key) {
  std::unique_ptr<X509, X509Deleter> certificate(X509_new());
  std::array<uint8_t, 8> serial{};
  must(certificate != nullptr && RAND_bytes(serial.data(), static_cast<int>(serial.size())) == 1);
  uint64_t number = 0;
  for (const uint8_t byte : serial) {
    number = number << 8 | byte;
  }
  X509* x = certificate.get();
  X509_NAME* name = X509_get_subject_name(x);
  must(X509_set_version(x, X509_VERSION_3) == 1 &&
       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), number >> 1) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(x), -kSecondsBefore) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(x), kSecondsValid) != nullptr &&
       X509_set_pubkey(x, key) == 1 &&
       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const uint8_t*>("WebRTC"), -1, -1, 0) == 1 &&
       X509_set_issuer_name(x, name) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
  return certificate;
}

/// Any certificate will do here: who the peer is, its fingerprint says after the handshake.
int accept_any(int /*verified*/, X509_STORE_CTX* /*store*/) { return 1; }

}  // namespace

Certificate::Certificate(KeyType type) : context_(SSL_CTX_new(DTLS_method())) {
  const std::unique_ptr<EVP_PKEY, KeyDeleter> key(type == KeyType::kRsa2048 ? EVP_RSA_gen(kRsaBits)
                                                                            : EVP_EC_gen("P-256"));
  must(context_ != nullptr && key != nullptr);
  const auto certificate = self_sign(key.get());
  SSL_CTX* context = context_.get();
  must(SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
       SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
       SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
       // The order in which the server picks; X25519 first is the cheapest.
       SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
       SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!PSK") == 1 &&
       // GCM costs half of what HMAC-SHA1 does. 0 is success here.
       SSL_CTX_set_tlsext_use_srtp(
           context, "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80") == 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, kMaxCertificateBytes);
  SSL_CTX_set_quiet_shutdown(context, 0);
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  must(X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) == 1);
  fingerprint_ = "sha-256 " + colon_hex(Bytes(digest).first(size));
}

std::string colon_hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const uint8_t byte : bytes) {
    if (!text.empty()) {
      text += ':';
    }
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

bool fits(const Fingerprint& fingerprint, const X509& certificate) {
  struct Hash {
    const char* name;
    const EVP_MD* (*digest)();
  };
  static constexpr std::array<Hash, 5> kHashes{{{"sha-256", EVP_sha256},
                                                {"sha-384", EVP_sha384},
                                                {"sha-512", EVP_sha512},
                                                {"sha-224", EVP_sha224},
                                                {"sha-1", EVP_sha1}}};
  for (const Hash& hash : kHashes) {
    if (::strcasecmp(fingerprint.hash.c_str(), hash.name) != 0) {
      continue;
    }
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    return X509_digest(&certificate, hash.digest(), digest.data(), &size) == 1 &&
           ::strcasecmp(fingerprint.value.c_str(), colon_hex(Bytes(digest).first(size)).c_str()) ==
               0;
  }
  return false;
}

}  // namespace millrace::dtls
