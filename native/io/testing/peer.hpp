#pragma once

// For tests only: the other end of a connection, plain or TLS, read from the test's own thread.

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_reader.hpp"
#include "io/fd.hpp"
#include "io/tls.hpp"

namespace millrace::testing {

/// Two connected, non-blocking stream sockets. `send_buffer` bounds what the first holds unread; 0
/// = as the system likes.
inline std::pair<Fd, Fd> socket_pair(int send_buffer = 0) {
  std::array<int, 2> fds{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    std::abort();
  }
  if (send_buffer != 0) {
    ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  }
  return {Fd(fds[0]), Fd(fds[1])};
}

/// A server's context with a certificate of its own, made for the process.
inline std::shared_ptr<const TlsContext> tls_context() {
  std::string folder = (std::filesystem::temp_directory_path() / "millrace-tls-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::abort();
  }
  const std::string certificate_file = folder + "/cert.pem";
  const std::string key_file = folder + "/key.pem";
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
  auto context = TlsContext::load(certificate_file, key_file);
  std::filesystem::remove_all(folder);
  return context.ok() ? *context : nullptr;
}

enum class Secure : bool { kNo, kYes };

/// Reads and writes without waiting for more than 10 s.
class Peer {
 public:
  Peer(Fd fd, Secure secure) : fd_(std::move(fd)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    if (secure == Secure::kYes) {
      context_.reset(SSL_CTX_new(TLS_client_method()));
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_fd(ssl_.get(), fd_.get());
      SSL_set_connect_state(ssl_.get());
    }
  }

  /// What there is now, at most `room`. @return bytes read; 0 when there is nothing, or the end.
  size_t read_now(std::span<uint8_t> room) {
    const auto size =
        ssl_
            ? static_cast<ssize_t>(SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size())))
            : ::recv(fd_.get(), room.data(), room.size(), 0);
    if (size > 0) {
      return static_cast<size_t>(size);
    }
    if (ssl_) {
      const int reason = SSL_get_error(ssl_.get(), static_cast<int>(size));
      ended_ = reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE;
      clean_end_ = reason == SSL_ERROR_ZERO_RETURN;
      ERR_clear_error();
    } else {
      ended_ = size == 0 || errno != EAGAIN;
      clean_end_ = size == 0;
    }
    return 0;
  }

  /// Waits until there is something to read. @return false after 10 s without.
  bool wait() const {
    if (ssl_ && SSL_pending(ssl_.get()) > 0) {
      return true;
    }
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 10'000) > 0;
  }

  /// Waits for room; gives up when the other side has closed.
  void write(Bytes bytes) {
    while (!bytes.empty()) {
      bool wait = false;
      ssize_t sent = 0;
      if (ssl_) {
        sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        const int reason = SSL_get_error(ssl_.get(), static_cast<int>(sent));
        wait = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
        ERR_clear_error();
      } else {
        sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        wait = sent < 0 && errno == EAGAIN;
      }
      if (sent > 0) {
        bytes = bytes.subspan(static_cast<size_t>(sent));
        continue;
      }
      pollfd waiting{fd_.get(), POLLOUT, 0};
      if (!wait || ::poll(&waiting, 1, 10'000) <= 0) {
        return;
      }
    }
  }

  /// Completes a TLS handshake. @return false when it failed.
  bool handshake() {
    for (;;) {
      const int result = SSL_do_handshake(ssl_.get());
      if (result == 1) {
        return true;
      }
      const int reason = SSL_get_error(ssl_.get(), result);
      if ((reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) || !wait()) {
        return false;
      }
    }
  }

  [[nodiscard]] bool ended() const { return ended_; }
  /// The end was said, not a reset.
  [[nodiscard]] bool clean_end() const { return clean_end_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() {
    ssl_.reset();
    fd_.reset();
  }

 private:
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  Fd fd_;
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
  std::unique_ptr<SSL, TlsContext::SslDeleter> ssl_;
  bool ended_ = false;
  bool clean_end_ = false;
};

}  // namespace millrace::testing
