#include "protocols/http/http_session.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "io/listener.hpp"

namespace millrace::http {
namespace {

namespace fs = std::filesystem;

std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// Bytes that are not the same anywhere.
std::string noise(size_t size) {
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

/// Writes a key and a certificate that it has signed itself, as PEM.
void write_certificate(const std::string& key_file, const std::string& certificate_file) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const std::unique_ptr<FILE, decltype(&fclose)> key_out(fopen(key_file.c_str(), "w"), fclose);
  ASSERT_EQ(PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr),
            1);
  const std::unique_ptr<FILE, decltype(&fclose)> out(fopen(certificate_file.c_str(), "w"), fclose);
  ASSERT_EQ(PEM_write_X509(out.get(), certificate.get()), 1);
}

class HttpSessionTest : public testing::Test {
 protected:
  HttpSessionTest() : loop_(0) {
    std::string name = (fs::temp_directory_path() / "http_session_XXXXXX").string();
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
    fs::remove_all(top_);
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

  fs::path top_;
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
std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

TEST_F(HttpSessionTest, FileThenKeepAlive) {
  write("a.ts", "segment");
  start();
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a.ts HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
    EXPECT_NE(
        answer.find("Content-Type: video/MP2T\r\nContent-Length: 7\r\nConnection: keep-alive\r\n"),
        std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\nsegment"));
  }
  client.send("HEAD /a.ts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string head = client.read_all();
  EXPECT_NE(head.find("Content-Length: 7\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kNone);
}

TEST_F(HttpSessionTest, LargeFileToASlowReader) {
  const std::string large = noise(size_t{8} << 20);
  write("large.mp4", large);
  start();
  const std::string answer = ask("GET /large.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.size() > large.size() && answer.substr(answer.size() - large.size()) == large);
}

TEST_F(HttpSessionTest, PipelinedRequestsAreAnsweredInOrder) {
  write("1", "one");
  write("2", "two");
  start();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  Client client(port_);
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.read_answer().ends_with("\r\n\r\none"));
    ASSERT_TRUE(client.read_answer().ends_with("\r\n\r\ntwo"));
  }
}

TEST_F(HttpSessionTest, PipeliningWithoutReadingIsBounded) {
  write("large", std::string(1 << 20, 'x'));
  settings_.deadlines.no_progress = milliseconds(300);
  start();
  Client client(port_);
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    requests += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.send(requests);
  EXPECT_EQ(next_end(), ErrorCode::kSlowReader);
}

TEST_F(HttpSessionTest, ControlPlaneAnswersLater) {
  script_.on_control = [this](HttpSession& session, const Request& request, Bytes body) {
    const std::string text =
        std::string(request.method_name) + " " + std::string(request.path) + " " + text_of(body);
    loop_.post([&session, text] {
      const std::array fields{Header{"X-A", "b"}, Header{"Content-Length", "99"},
                              Header{"Connection", "x"}};
      session.answer(
          {.status = 201, .content_type = "application/json", .fields = fields, .text = text});
    });
  };
  write("api", "file");
  start();
  Client client(port_);
  client.send(
      "POST /api/v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /api/v1/y "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 201 Created");
  EXPECT_TRUE(answer.ends_with(
      "Content-Length: 20\r\nConnection: keep-alive\r\nX-A: b\r\n\r\nPOST /api/v1/x hello"))
      << answer;
  EXPECT_TRUE(client.read_answer().ends_with("GET /api/v1/y "));
}

TEST_F(HttpSessionTest, ContinueIsSentBeforeTheBody) {
  script_.on_control = [](HttpSession& session, const Request&, Bytes body) {
    session.answer({.text = text_of(body)});
  };
  start();
  Client client(port_);
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nabc"));
}

TEST_F(HttpSessionTest, FaultsAreAnsweredOnceAndClose) {
  script_.on_control = [](HttpSession& session, const Request&, Bytes) {
    session.answer({.text = "second"});
  };
  start();
  const std::string smuggled =
      ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
          "chunked\r\n\r\n0\r\n\r\n"
          "GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(smuggled), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(smuggled.find("second"), std::string::npos);
  EXPECT_NE(smuggled.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
  EXPECT_EQ(status_of(ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 414 URI Too Long");
  EXPECT_EQ(
      status_of(ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'a') + "\r\n\r\n")),
      "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(status_of(ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")),
            "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(status_of(ask("GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(status_of(ask("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 405 Method Not Allowed");
  EXPECT_EQ(status_of(ask("GET / HTTP/1.9\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 505 HTTP Version Not Supported");
  EXPECT_EQ(ask("\x16\x03\x01\x02").substr(0, 12), "HTTP/1.1 400");
}

TEST_F(HttpSessionTest, MarkupIsNotEchoed) {
  start();
  const std::string answer =
      ask("GET /%3Cscript%3E HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(answer.find("script"), std::string::npos);
}

TEST_F(HttpSessionTest, Cors) {
  settings_.cors = Cors::kYes;
  write("a", "x");
  start();
  EXPECT_NE(ask("GET /a HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: close\r\n\r\n")
                .find("Access-Control-Allow-Origin: *\r\n"),
            std::string::npos);
  EXPECT_EQ(ask("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("Access-Control"),
            std::string::npos);
  const std::string options =
      ask("OPTIONS /any HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(options), "HTTP/1.1 200 OK");
  EXPECT_NE(options.find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(HttpSessionTest, MemoryAnswersWithRangesAndTags) {
  auto chain = std::make_shared<BufferChain>();
  for (const std::string_view part : {"012", "3", "456789"}) {
    chain->add(Buffer::copy_of(part));
  }
  const std::shared_ptr<const BufferChain> body = chain;
  script_.on_request = [body](HttpSession& session, const Request&) {
    session.answer({.content_type = "video/mp4",
                    .body = body,
                    .etag = "\"t\"",
                    .accept_ranges = AcceptRanges::kYes});
    return Taken::kYes;
  };
  start();
  Client client(port_);
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\n\r\n");
  const std::string part = client.read_answer();
  EXPECT_EQ(status_of(part), "HTTP/1.1 206 Partial Content");
  EXPECT_NE(part.find("Content-Range: bytes 2-4/10\r\n"), std::string::npos);
  EXPECT_TRUE(part.ends_with("\r\n\r\n234"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=3-\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n3456789"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=9-9\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n9"));
  client.send("GET /x HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"t\"\r\n\r\n");
  EXPECT_EQ(status_of(client.read_until("\r\n\r\n")), "HTTP/1.1 304 Not Modified");
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 10\r\n"), std::string::npos);
  client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n0123456789"));
}

TEST_F(HttpSessionTest, LargeMemoryAnswer) {
  auto chain = std::make_shared<BufferChain>();
  std::string expected;
  for (size_t part = 0; part < 200; ++part) {  // more than one gathered write takes
    auto buffer = Buffer::make(30000 + part);
    for (size_t i = 0; i < buffer->size(); ++i) {
      buffer->data()[i] = static_cast<uint8_t>((part + i) * 2654435761U >> 13);
    }
    expected += text_of(buffer->bytes());
    chain->add(std::move(buffer));
  }
  const std::shared_ptr<const BufferChain> body = chain;
  script_.on_request = [body](HttpSession& session, const Request&) {
    session.answer({.body = body});
    return Taken::kYes;
  };
  start();
  const std::string answer = ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + expected));
}

TEST_F(HttpSessionTest, TlsSendsFilesAndMemory) {
  const std::string key = (top_ / "key.pem").string();
  const std::string certificate = (top_ / "certificate.pem").string();
  write_certificate(key, certificate);
  auto context = TlsContext::load(certificate, key);
  ASSERT_TRUE(context.ok());
  tls_ = *context;
  const std::string large = noise(size_t{5} << 20);
  write("large", large);
  auto chain = std::make_shared<BufferChain>();
  for (size_t at = 0; at < large.size(); at += 100000) {
    chain->add(Buffer::copy_of(std::string_view(large).substr(at, 100000)));
  }
  script_.on_request = [chain](HttpSession& session, const Request& request) {
    if (request.path != "/memory") {
      return Taken::kNo;
    }
    session.answer({.body = chain});
    return Taken::kYes;
  };
  start();
  Client client(port_, Client::Tls::kYes);
  for (const char* path : {"/large", "/memory", "/large"}) {
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n" + large)) << path;
  }
}

TEST_F(HttpSessionTest, PublishByPostStreamsItsBody) {
  script_.on_request = [](HttpSession& session, const Request& request) {
    EXPECT_EQ(request.method, Method::kPost);
    session.stream_body();
    return Taken::kYes;
  };
  start();
  Client client(port_);
  client.send("POST /live/a.flv HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string expected;
  for (int i = 0; i < 40; ++i) {  // more than the limit of a collected body
    const std::string data(0x10000, static_cast<char>('a' + i % 26));
    client.send("10000\r\n" + data + "\r\n");
    expected += data;
  }
  client.send("0\r\n\r\n");
  const std::string answer = client.read_answer();
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), expected);
}

TEST_F(HttpSessionTest, LiveStreamIsChunkedAndCloses) {
  script_.on_request = [this](HttpSession& session, const Request& request) {
    const StreamForm expected =
        request.version == Version::k10 ? StreamForm::kPlain : StreamForm::kChunked;
    EXPECT_EQ(session.begin_stream("video/x-flv").value(), expected);
    session.connection().write("3\r\nFLV\r\n");
    loop_.post([&session] { session.end_stream(WebSocketStatus::kGoingAway); });
    return Taken::kYes;
  };
  start();
  const std::string answer =
      ask("GET /live/a.flv HTTP/1.1\r\nHost: a\r\n\r\nGET /ignored HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(
      answer.ends_with("Content-Type: video/x-flv\r\nTransfer-Encoding: chunked\r\nConnection: "
                       "close\r\n\r\n3\r\nFLV\r\n"))
      << answer;
  EXPECT_EQ(next_end(), ErrorCode::kNone);
  EXPECT_EQ(ask("GET /live/a.flv HTTP/1.0\r\n\r\n").find("Transfer-Encoding"), std::string::npos);
}

TEST_F(HttpSessionTest, WebSocketStream) {
  script_.on_request = [](HttpSession& session, const Request&) {
    if (const auto form = session.begin_stream("video/x-flv"); form.ok()) {
      EXPECT_EQ(*form, StreamForm::kWebSocket);
      session.connection().write(
          "\x82\x03"
          "FLV");
    }
    return Taken::kYes;
  };
  start();
  const std::string head =
      "GET /live/a.flv HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string good =
      head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  Client client(port_);
  client.send(good);
  EXPECT_TRUE(client.read_until("\r\n\r\n")
                  .ends_with("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                             "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
  EXPECT_EQ(client.read_bytes(5),
            "\x82\x03"
            "FLV");
  client.send(std::string("\x89\x82\0\0\0\0hi", 8));
  EXPECT_EQ(client.read_bytes(4), "\x8a\x02hi");
  client.send(std::string("\x88\x80\0\0\0\0", 6));
  EXPECT_EQ(client.read_all(), "\x88\x02\x03\xe8");
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kNone);

  Client unmasked(port_);
  unmasked.send(good);
  unmasked.read_until("FLV");
  unmasked.send("\x81\x01x");
  EXPECT_EQ(unmasked.read_all(), "\x88\x02\x03\xea");

  Client huge(port_);
  huge.send(good);
  huge.read_until("FLV");
  huge.send(std::string("\x82\xff\x80\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(huge.read_all(), "\x88\x02\x03\xf1");

  const std::string old =
      ask(head + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(status_of(old), "HTTP/1.1 426 Upgrade Required");
  EXPECT_NE(old.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
  EXPECT_EQ(status_of(ask(head + "Sec-WebSocket-Version: 13\r\n\r\n")), "HTTP/1.1 400 Bad Request");
}

TEST_F(HttpSessionTest, SlowHeadsAndBodiesAreCut) {
  settings_.deadlines.head = milliseconds(200);
  settings_.deadlines.body = milliseconds(200);
  start();
  EXPECT_EQ(status_of(ask("GET / HT")), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")),
            "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(ask(""), "");  // says nothing: closed without an answer
}

TEST_F(HttpSessionTest, IdleConnectionsAreCut) {
  settings_.deadlines.idle = milliseconds(100);
  write("a", "x");
  start();
  Client client(port_);
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_answer();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(next_end(), ErrorCode::kIdleTimeout);
}

TEST_F(HttpSessionTest, AHandlerThatSaysNothingIsCovered) {
  settings_.deadlines.answer = milliseconds(100);
  script_.on_control = [](HttpSession&, const Request&, Bytes) {};
  start();
  EXPECT_EQ(status_of(ask("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 504 Gateway Timeout");
}

TEST_F(HttpSessionTest, APeerThatLeavesWhileTheHandlerThinks) {
  std::atomic<bool> asked{false};
  script_.on_control = [&asked](HttpSession&, const Request&, Bytes) { asked = true; };
  start();
  Client client(port_);
  client.send("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
  client.close();
  EXPECT_EQ(next_end(), ErrorCode::kPeerClosed);
  EXPECT_TRUE(asked);
}

TEST_F(HttpSessionTest, AFileThatIsCutWhileItIsSentBreaksTheConnection) {
  write("large", std::string(size_t{16} << 20, 'x'));
  start();
  Client client(port_);
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_until("\r\n\r\n");
  fs::resize_file(top_ / "large", 1000);
  EXPECT_LT(client.read_all().size(), size_t{16} << 20);
  EXPECT_EQ(next_end(), ErrorCode::kIoError);
}

}  // namespace
}  // namespace millrace::http
