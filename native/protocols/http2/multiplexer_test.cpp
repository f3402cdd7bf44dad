#include "protocols/http2/multiplexer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/testing/loop_thread.hpp"
#include "io/testing/peer.hpp"

namespace millrace::http2 {
namespace {

using testing::LoopThread;
using testing::Peer;
using testing::Secure;

std::vector<uint8_t> noise(size_t size) {
  std::vector<uint8_t> out(size);
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<uint8_t>(i * 2654435761U >> 13);
  }
  return out;
}

/// Who answers one stream, as an HTTP session does: a head, and then bytes from memory that others
/// share.
class Answerer final : public Connection::Owner {
 public:
  enum class Kind : uint8_t { kWhole, kEndless, kEcho, kEchoLater, kCutOff, kSilent };

  Answerer(std::unique_ptr<Connection> stream, const std::vector<uint8_t>& body, Kind kind)
      : connection_(std::move(stream)), body_(body), kind_(kind) {
    connection_->set_owner(*this);
    EXPECT_TRUE(connection_->start());
  }
  ~Answerer() override {
    if (!connection_->closed()) {
      Connection::linger(std::move(connection_));
    }
  }

  void on_bytes(Bytes bytes) override {
    if (kind_ == Kind::kEchoLater && request_.empty()) {
      connection_->pause_reading();
    }
    request_.append(bytes.begin(), bytes.end());
    const bool whole = request_.find("\r\n\r\n") != std::string::npos;
    const bool chunked = request_.find("chunked") != std::string::npos;
    if (!whole || answered_ || (chunked && request_.find("\r\n0\r\n\r\n") == std::string::npos)) {
      return;
    }
    answered_ = true;
    if (kind_ == Kind::kSilent) {
      return;
    }
    connection_->write("HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: close\r\n\r\n");
    if (kind_ == Kind::kEcho || kind_ == Kind::kEchoLater) {
      connection_->write(request_);
      connection_->close_when_sent();
      return;
    }
    on_writable();
  }
  void on_writable() override {
    while (answered_ && !connection_->closed() && (at_ < body_.size() || kind_ == Kind::kEndless)) {
      at_ = at_ == body_.size() ? 0 : at_;
      const iovec piece{const_cast<uint8_t*>(body_.data()) + at_,
                        std::min<size_t>(body_.size() - at_, 100'000)};
      const size_t sent = connection_->try_write({&piece, 1});
      at_ += sent;
      if (sent < piece.iov_len) {
        if (kind_ == Kind::kCutOff) {
          connection_->close();
        }
        return;
      }
    }
    if (answered_) {
      connection_->close_when_sent();
    }
  }
  void on_closed(Error error) override { ended_ = error; }

  std::unique_ptr<Connection> connection_;
  const std::vector<uint8_t>& body_;
  const Kind kind_;
  std::string request_;
  size_t at_ = 0;
  bool answered_ = false;
  std::optional<Error> ended_;
};

/// A client of nghttp2's own, on the test's thread.
class Client {
 public:
  struct Got {
    std::map<std::string, std::string> fields;
    std::vector<uint8_t> body;
    bool closed = false;
    uint32_t error = 0;
  };

  explicit Client(Peer& peer) : peer_(peer) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
           const uint8_t* value, size_t value_size, uint8_t, void* self) {
          static_cast<Client*>(self)
              ->got[frame->hd.stream_id]
              .fields[std::string(name, name + name_size)] = std::string(value, value + value_size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
          auto& body = static_cast<Client*>(self)->got[id].body;
          body.insert(body.end(), data, data + size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t id, uint32_t error, void* self) {
          static_cast<Client*>(self)->got[id].closed = true;
          static_cast<Client*>(self)->got[id].error = error;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Client() { nghttp2_session_del(session_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int32_t ask(std::string_view path, const std::vector<uint8_t>* body = nullptr) {
    const auto pair = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const std::array fields{pair(":method", body != nullptr ? "POST" : "GET"), pair(":path", path),
                            pair(":scheme", "https"), pair(":authority", "a.example")};
    if (body != nullptr) {
      sent_ = {body, 0};
    }
    const nghttp2_data_provider provider{
        {.ptr = &sent_},
        [](nghttp2_session*, int32_t, uint8_t* room, size_t size, uint32_t* flags,
           nghttp2_data_source* source, void*) -> ssize_t {
          auto& from = *static_cast<Sent*>(source->ptr);
          const size_t part = std::min(size, from.body->size() - from.at);
          std::copy_n(from.body->begin() + static_cast<std::ptrdiff_t>(from.at), part, room);
          from.at += part;
          *flags |= from.at == from.body->size() ? uint32_t{NGHTTP2_DATA_FLAG_EOF} : 0U;
          return static_cast<ssize_t>(part);
        }};
    const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                              body != nullptr ? &provider : nullptr, nullptr);
    flush();
    return id;
  }
  void reset(int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    flush();
  }
  /// Reads until it is so. @return false at the end of the connection, or after 10 s of silence.
  template <typename Condition>
  bool until(Condition is_so) {
    std::vector<uint8_t> room(65536);
    while (!is_so()) {
      const size_t size = peer_.read_now(room);
      if (size == 0) {
        if (peer_.ended() || !peer_.wait()) {
          return is_so();
        }
        continue;
      }
      if (nghttp2_session_mem_recv(session_, room.data(), size) < 0) {
        return false;
      }
      flush();
    }
    return true;
  }

  std::map<int32_t, Got> got;

 private:
  void flush() {
    const uint8_t* data = nullptr;
    for (;;) {
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size <= 0) {
        return;
      }
      peer_.write({data, static_cast<size_t>(size)});
    }
  }

  struct Sent {  // one at a time
    const std::vector<uint8_t>* body = nullptr;
    size_t at = 0;
  };

  Peer& peer_;
  nghttp2_session* session_ = nullptr;
  Sent sent_;
};

class MultiplexerTest : public ::testing::Test, protected Multiplexer::Handler {
 protected:
  void SetUp() override {
    auto [ours, theirs] = testing::socket_pair(20'000);
    peer_ = std::make_unique<Peer>(std::move(theirs), Secure::kNo);
    thread_.call([this, socket = std::move(ours)]() mutable {
      auto connection =
          std::make_unique<Connection>(thread_.loop(), std::move(socket), Address{}, nullptr);
      Connection& started = *connection;
      MultiplexerSettings settings;
      settings.idle = seconds(20);
      multiplexer_ =
          std::make_unique<Multiplexer>(thread_.loop(), std::move(connection), settings, scratch_,
                                        static_cast<Multiplexer::Handler&>(*this));
      EXPECT_TRUE(started.start());
      multiplexer_->start();
    });
    client_ = std::make_unique<Client>(*peer_);
  }
  void TearDown() override {
    thread_.call([this] {
      for (auto& one : answerers_) {
        thread_.loop().dispose(std::move(one));
      }
      answerers_.clear();
      thread_.loop().dispose(std::move(multiplexer_));
    });
    thread_.finish_turn();
  }

  unsigned refusal() override { return refusal_; }
  void on_stream(std::unique_ptr<Connection> stream) override {
    answerers_.push_back(std::make_unique<Answerer>(std::move(stream), body_, kind_));
  }
  void on_fault(Error /*error*/) override { ++faults_; }
  void on_end(Error reason) override { ended_ = reason; }

  /// Waits until the loop says so; at most 10 s.
  template <typename Condition>
  bool loop_says(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (thread_.call(condition)) {
        return true;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  LoopThread thread_;
  std::vector<uint8_t> scratch_;
  std::vector<uint8_t> body_ = noise(1'000'000);
  Answerer::Kind kind_ = Answerer::Kind::kWhole;
  unsigned refusal_ = 0;
  int faults_ = 0;
  std::optional<Error> ended_;
  std::vector<std::unique_ptr<Answerer>> answerers_;
  std::unique_ptr<Multiplexer> multiplexer_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Client> client_;
};

TEST_F(MultiplexerTest, SendsWholeBodiesThroughSmallWindows) {
  const std::array ids{client_->ask("/a"), client_->ask("/b"), client_->ask("/c")};
  ASSERT_TRUE(client_->until([&] {
    return std::all_of(ids.begin(), ids.end(), [&](int32_t id) { return client_->got[id].closed; });
  }));
  for (const int32_t id : ids) {
    EXPECT_EQ(client_->got[id].error, uint32_t{NGHTTP2_NO_ERROR});
    EXPECT_EQ(client_->got[id].fields[":status"], "200");
    EXPECT_EQ(client_->got[id].fields["x-a"], "b");
    EXPECT_FALSE(client_->got[id].fields.contains("connection"));
    EXPECT_EQ(client_->got[id].body, body_);
  }
}

TEST_F(MultiplexerTest, BringsRequestsAndBodies) {
  kind_ = Answerer::Kind::kEcho;
  const std::vector<uint8_t> sent(200'000, 'z');
  const int32_t id = client_->ask("/a?b", &sent);
  ASSERT_TRUE(client_->until([&] { return client_->got[id].closed; }));
  const auto& body = client_->got[id].body;
  const std::string text(body.begin(), body.end());
  EXPECT_EQ(text.rfind("POST /a?b HTTP/1.1\r\nHost: a.example\r\n", 0), 0U);
  EXPECT_EQ(std::count(text.begin(), text.end(), 'z'), 200'000);
  EXPECT_EQ(text.substr(text.size() - 5), "0\r\n\r\n");
}

TEST_F(MultiplexerTest, TellsTheOwnerOfAStreamThatThePeerBreaksOff) {
  kind_ = Answerer::Kind::kEndless;
  const int32_t id = client_->ask("/a");
  ASSERT_TRUE(client_->until([&] { return client_->got[id].body.size() > 200'000; }));
  client_->reset(id);
  EXPECT_TRUE(loop_says([&] { return answerers_.front()->ended_.has_value(); }));
  EXPECT_FALSE(thread_.call([&] { return ended_.has_value(); }));
  kind_ = Answerer::Kind::kWhole;
  const int32_t next = client_->ask("/b");
  ASSERT_TRUE(client_->until([&] { return client_->got[next].closed; }));
  EXPECT_EQ(client_->got[next].body, body_);
}

TEST_F(MultiplexerTest, BreaksOffWhatItsOwnerCloses) {
  kind_ = Answerer::Kind::kCutOff;
  const int32_t id = client_->ask("/a");
  ASSERT_TRUE(client_->until([&] { return client_->got[id].closed; }));
  EXPECT_EQ(client_->got[id].error, uint32_t{NGHTTP2_CANCEL});
}

TEST_F(MultiplexerTest, EndsItsStreamsWithTheConnection) {
  kind_ = Answerer::Kind::kSilent;
  client_->ask("/a");
  client_->ask("/b");
  ASSERT_TRUE(loop_says([&] { return answerers_.size() == 2; }));
  peer_->close();
  ASSERT_TRUE(loop_says([&] { return ended_.has_value(); }));
  thread_.call([&] {
    for (const auto& one : answerers_) {
      EXPECT_TRUE(one->ended_.has_value());
      EXPECT_TRUE(one->connection_->closed());
    }
  });
}

TEST_F(MultiplexerTest, OutlivesOwnersAndIsOutlivedByThem) {
  kind_ = Answerer::Kind::kSilent;
  const int32_t id = client_->ask("/a");
  client_->ask("/b");
  ASSERT_TRUE(loop_says([&] { return answerers_.size() == 2; }));
  thread_.call([&] {
    thread_.loop().dispose(std::move(answerers_.front()));
    answerers_.erase(answerers_.begin());
  });
  ASSERT_TRUE(client_->until([&] { return client_->got[id].closed; }));
  thread_.call([&] { multiplexer_->close({ErrorCode::kShuttingDown}); });
  const auto ended = thread_.call([&] { return answerers_.front()->ended_; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, ErrorCode::kShuttingDown);
}

TEST_F(MultiplexerTest, RefusesWhatItsHandlerRefuses) {
  refusal_ = 429;
  const int32_t id = client_->ask("/a");
  ASSERT_TRUE(client_->until([&] { return client_->got[id].closed; }));
  EXPECT_EQ(client_->got[id].fields[":status"], "429");
  EXPECT_TRUE(thread_.call([&] { return answerers_.empty(); }));
}

TEST_F(MultiplexerTest, HoldsBackABodyWhileItsOwnerDoesNotRead) {
  kind_ = Answerer::Kind::kEchoLater;
  const std::vector<uint8_t> sent(200'000, 'z');
  const int32_t id = client_->ask("/a", &sent);
  ASSERT_TRUE(loop_says([&] { return answerers_.size() == 1; }));
  // More than the window comes only when what is held has been taken; others are not held up by it.
  EXPECT_LT(thread_.call([&] { return answerers_.front()->request_.size(); }), 100'000U);
  kind_ = Answerer::Kind::kSilent;
  const int32_t other = client_->ask("/b");
  ASSERT_TRUE(loop_says([&] { return answerers_.size() == 2; }));
  EXPECT_FALSE(client_->got[other].closed);
  thread_.call([&] { answerers_.front()->connection_->resume_reading(); });
  ASSERT_TRUE(client_->until([&] { return client_->got[id].closed; }));
  const auto& body = client_->got[id].body;
  EXPECT_EQ(std::count(body.begin(), body.end(), 'z'), 200'000);
}

}  // namespace
}  // namespace millrace::http2
