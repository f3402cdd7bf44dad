#pragma once

// For tests only: HTTP sessions on a loop, and a client of them.

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/listener.hpp"
#include "protocols/http/http_session.hpp"

namespace millrace::http::testing {

inline std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// Bytes that are not the same anywhere.
inline std::string noise(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  return out;
}

/// What a test wants of the handler, by path.
struct Script {
  std::function<Taken(HttpSession&, const Request&)> on_request;
  std::function<void(HttpSession&, const Request&, Bytes)> on_control;
  std::function<void(HttpSession&)> on_body_end;
};

/// One connection and its handler, as the server has them.
class Peer final : public HttpSession::Handler {
 public:
  Peer(HttpService& service, Loop& loop, Fd fd, const Address& peer,
       std::shared_ptr<const TlsContext> tls, Script& script,
       std::function<void(Peer&, Error)> on_gone)
      : session(service, loop, std::move(fd), peer, std::move(tls), *this),
        script_(script),
        on_gone_(std::move(on_gone)) {}

  Taken on_request(const Request& request) override {
    return script_.on_request ? script_.on_request(session, request) : Taken::kNo;
  }
  void on_control_request(const Request& request, Bytes body) override {
    if (script_.on_control) {
      script_.on_control(session, request, body);
    } else {
      session.refuse(404);
    }
  }
  void on_body(Bytes bytes) override { body_ += text_of(bytes); }
  void on_body_end() override { session.answer({.content_type = "text/plain", .text = body_}); }
  void write_between_frames(Bytes bytes) override { session.connection().write(bytes); }
  void on_end(Error reason) override { on_gone_(*this, reason); }

  HttpSession session;

 private:
  Script& script_;
  std::function<void(Peer&, Error)> on_gone_;
  std::string body_;
};

/// A blocking client. Every wait has a limit, so a server that does not answer fails the test.
class Client {
 public:
  enum class Tls : bool { kNo, kYes };

  explicit Client(uint16_t port, Tls tls = Tls::kNo)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const auto address = Address::parse("127.0.0.1", port);
    EXPECT_EQ(::connect(fd_.get(), address->get(), address->size()), 0);
    if (tls == Tls::kYes) {
      context_.reset(SSL_CTX_new(TLS_client_method()));
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_fd(ssl_.get(), fd_.get());
      EXPECT_EQ(SSL_connect(ssl_.get()), 1);
    }
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ssl_ != nullptr
                               ? SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()))
                               : ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return;
      }
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  /// Until the server closes.
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(got_, {});
  }
  std::string read_until(std::string_view end) {
    size_t at = 0;
    while ((at = got_.find(end)) == std::string::npos) {
      if (!read_some()) {
        return "closed: " + got_;
      }
    }
    std::string out = got_.substr(0, at + end.size());
    got_.erase(0, at + end.size());
    return out;
  }
  std::string read_bytes(size_t size) {
    while (got_.size() < size) {
      if (!read_some()) {
        return "closed: " + got_;
      }
    }
    std::string out = got_.substr(0, size);
    got_.erase(0, size);
    return out;
  }
  /// Head and body of one answer with Content-Length.
  std::string read_answer() {
    const std::string head = read_until("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? head : head + read_bytes(std::stoul(head.substr(at + 16)));
  }
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

 private:
  bool read_some() {
    std::array<char, 65536> room;
    const ssize_t size = ssl_ != nullptr
                             ? SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()))
                             : ::recv(fd_.get(), room.data(), room.size(), 0);
    if (size <= 0) {
      return false;
    }
    got_.append(room.data(), static_cast<size_t>(size));
    return true;
  }
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Fd fd_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string got_;
};

/// A server of one HttpService, whose handlers do what a test scripts.
class HttpSessionTest : public ::testing::Test {
 protected:
  HttpSessionTest() : loop_(0) {
    std::string name = (std::filesystem::temp_directory_path() / "http_session_XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    settings_.server = "Test";
    settings_.mounts = {{"", "/", top_.string()}};
  }
  ~HttpSessionTest() override {
    loop_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
    listener_.reset();
    peers_.clear();
    std::filesystem::remove_all(top_);
  }

  void start() {
    service_ = std::make_unique<HttpService>(settings_);
    auto sockets = TcpListener::bind_all(*Address::parse("127.0.0.1", 0), 1);
    ASSERT_TRUE(sockets.ok());
    port_ = Address::local_of(sockets->front().get()).port();
    listener_ = std::make_unique<TcpListener>(
        loop_, std::move(sockets->front()),
        [this](Fd fd, const Address& address) {
          auto peer =
              std::make_unique<Peer>(*service_, loop_, std::move(fd), address, tls_, script_,
                                     [this](Peer& gone, Error reason) { on_gone(gone, reason); });
          Peer& added = *peer;
          peers_[&added] = std::move(peer);
          ASSERT_TRUE(added.session.start());
        },
        [](Error) {});
    ASSERT_TRUE(listener_->start());
    thread_ = std::thread([this] { loop_.run(); });
  }
  void on_gone(Peer& peer, Error reason) {
    loop_.dispose(std::move(peers_[&peer]));
    peers_.erase(&peer);
    const std::lock_guard lock(mutex_);
    ends_.push_back(reason.code);
    changed_.notify_all();
  }
  /// Waits for the end of one more session.
  ErrorCode next_end() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10),
                           [this] { return ends_.size() > ends_seen_; })) {
      return ErrorCode::kInternal;
    }
    return ends_[ends_seen_++];
  }
  /// Everything that comes for `text`, until the server closes.
  std::string ask(std::string_view text) {
    Client client(port_);
    client.send(text);
    return client.read_all();
  }
  void write(const char* name, std::string_view text) {
    std::ofstream(top_ / name, std::ios::binary) << text;
  }

  std::filesystem::path top_;
  HttpSettings settings_;
  Script script_;
  std::unique_ptr<HttpService> service_;
  std::shared_ptr<const TlsContext> tls_;
  Loop loop_;
  std::unique_ptr<TcpListener> listener_;
  std::map<Peer*, std::unique_ptr<Peer>> peers_;
  std::thread thread_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ErrorCode> ends_;
  size_t ends_seen_ = 0;
};

/// Status line of an answer.
inline std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

}  // namespace millrace::http::testing
