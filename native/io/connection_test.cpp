#include "io/connection.hpp"

#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "io/testing/loop_thread.hpp"
#include "io/testing/peer.hpp"

namespace millrace {
namespace {

using testing::Peer;
using testing::Secure;

std::vector<uint8_t> some_bytes(size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<uint8_t> out(size);
  std::generate(out.begin(), out.end(), [&] { return static_cast<uint8_t>(random()); });
  return out;
}

/// A connection with a socket pair: what happens to it on its loop, and the peer on the test's
/// thread.
class ConnectionTest : public ::testing::TestWithParam<Secure>, protected Connection::Owner {
 protected:
  void open(int send_buffer = 0) {
    if (GetParam() == Secure::kYes) {
      static const auto context = testing::tls_context();
      tls_ = context;
    }
    auto [ours, theirs] = testing::socket_pair(send_buffer);
    peer_ = std::make_unique<Peer>(std::move(theirs), GetParam());
    start(std::move(ours));
    if (tls_) {
      ASSERT_TRUE(peer_->handshake());
      // The client's side of it ends first: a byte shows that the server's has.
      peer_->write(some_bytes(1));
      await([&] { return !received_.empty(); });
      thread_.call([&] { received_.clear(); });
    }
  }
  void start(Fd fd) {
    thread_.call([this, socket = std::move(fd)]() mutable {
      connection_ = std::make_unique<Connection>(thread_.loop(), std::move(socket), Address{}, tls_,
                                                 static_cast<Connection::Owner&>(*this));
      EXPECT_TRUE(connection_->start());
    });
  }
  void TearDown() override {
    thread_.call([this] {
      if (connection_) {
        thread_.loop().dispose(std::move(connection_));
      }
    });
    thread_.finish_turn();
  }

  void on_bytes(Bytes bytes) override {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    if (when_bytes_) {
      when_bytes_();
    }
  }
  void on_writable() override {
    ++writable_;
    if (when_writable_) {
      when_writable_();
    }
  }
  void on_closed(Error error) override {
    EXPECT_FALSE(in_call_) << "told within a call of the owner";
    EXPECT_FALSE(closed_) << "told twice";
    closed_ = error;
  }

  /// Reads on the test's thread until `size` bytes have come, or the end.
  std::vector<uint8_t> read(size_t size, size_t piece = 5000) {
    std::vector<uint8_t> out;
    std::vector<uint8_t> room(piece);
    while (out.size() < size) {
      const size_t got = peer_->read_now(std::span(room).first(std::min(piece, size - out.size())));
      out.insert(out.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got));
      if (got == 0 && (peer_->ended() || !peer_->wait())) {
        break;
      }
    }
    return out;
  }
  template <typename Condition>
  void await(Condition condition) {
    const Time limit = Clock::now() + seconds(10);
    while (!thread_.call(condition)) {
      ASSERT_LT(Clock::now(), limit) << "what was waited for did not come";
    }
  }

  testing::LoopThread thread_;
  std::shared_ptr<const TlsContext> tls_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Connection> connection_;
  std::vector<uint8_t> received_;
  std::optional<Error> closed_;
  int writable_ = 0;
  bool in_call_ = false;
  std::function<void()> when_bytes_;
  std::function<void()> when_writable_;
};

INSTANTIATE_TEST_SUITE_P(Plain, ConnectionTest, ::testing::Values(Secure::kNo));
INSTANTIATE_TEST_SUITE_P(Tls, ConnectionTest, ::testing::Values(Secure::kYes));

TEST_P(ConnectionTest, ReadsMoreThanItsShareOfATurn) {
  open();
  const auto sent = some_bytes(3'000'000);
  peer_->write(sent);
  await([&] { return received_.size() == sent.size(); });
  EXPECT_EQ(received_, sent);
  EXPECT_EQ(thread_.call([&] { return connection_->bytes_in(); }), sent.size() + (tls_ ? 1 : 0));
}

TEST_P(ConnectionTest, EndThatComesWithDataIsSeenAfterTheData) {
  open();
  const auto sent = some_bytes(100'000);
  peer_->write(sent);
  peer_->close();
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(received_, sent);
  EXPECT_EQ(closed_->code, ErrorCode::kPeerClosed);
}

TEST_P(ConnectionTest, PausedReadingGoesOnWithWhatCameMeanwhile) {
  open();
  thread_.call([&] { connection_->pause_reading(); });
  const auto sent = some_bytes(50'000);
  peer_->write(sent);
  peer_->close();
  thread_.finish_turn();
  thread_.finish_turn();
  EXPECT_TRUE(thread_.call([&] { return received_.empty() && !closed_; }));
  when_bytes_ = [&] {
    connection_->pause_reading();
    connection_->resume_reading();
  };
  thread_.call([&] { connection_->resume_reading(); });
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(received_, sent);
}

TEST_P(ConnectionTest, QueuedAndSharedBytesKeepTheirOrder) {
  open(4096);
  constexpr size_t kBlock = 7000;
  const auto sent = some_bytes(400'000);
  size_t at = 0;
  std::mt19937 random(9);
  // What on_writable() asks for, as an owner with a cursor does it.
  const auto send_more = [&] {
    while (at < sent.size()) {
      const Bytes rest = Bytes(sent).subspan(at);
      if (!connection_->must_repeat_write() && random() % 3 == 0) {
        const Bytes piece = rest.first(std::min<size_t>(rest.size(), 1 + random() % 9000));
        connection_->write(piece);
        at += piece.size();
        continue;
      }
      // In pieces that end at the same places each time, as the blocks of a log do.
      std::array<iovec, 4> pieces{};
      size_t count = 0;
      size_t wanted = 0;
      while (count < pieces.size() && wanted < rest.size()) {
        const size_t size = std::min(rest.size() - wanted, kBlock - (at + wanted) % kBlock);
        pieces[count++] = {const_cast<uint8_t*>(rest.data()) + wanted, size};
        wanted += size;
      }
      const size_t taken = connection_->try_write(std::span(pieces).first(count));
      at += taken;
      if (taken < wanted) {
        return;
      }
    }
  };
  when_writable_ = send_more;
  thread_.call(send_more);
  EXPECT_EQ(read(sent.size(), 3000), sent);
  EXPECT_GT(thread_.call([&] { return writable_; }), 0);
  EXPECT_FALSE(thread_.call([&] { return closed_.has_value(); }));
}

TEST_P(ConnectionTest, PeerThatLetsTheQueueFillIsClosed) {
  open(4096);
  const auto piece = some_bytes(1 << 20);
  thread_.call([&] {
    in_call_ = true;
    for (int i = 0; i < 6; ++i) {
      connection_->write(Bytes(piece));
    }
    EXPECT_LE(connection_->queued_bytes(), Connection::kMaxQueuedBytes);
    in_call_ = false;
  });
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(closed_->code, ErrorCode::kSlowReader);
}

TEST_P(ConnectionTest, LastWordsArriveThoughThePeerStillSends) {
  open(8192);
  const auto words = some_bytes(200'000);
  const auto noise = some_bytes(1'000'000);
  std::thread reader;
  thread_.call([&] {
    connection_->write(Bytes(words));
    connection_->close_when_sent();
    EXPECT_FALSE(connection_->closed());
    Connection::linger(std::move(connection_));
  });
  // As a publisher would that has been refused, and reads only between two of its own messages.
  std::vector<uint8_t> got;
  size_t sent = 0;
  std::array<uint8_t, 4096> room;
  while (got.size() < words.size()) {
    if (!tls_ && sent < noise.size()) {
      const ssize_t more =
          ::send(peer_->fd(), noise.data() + sent, std::min<size_t>(30'000, noise.size() - sent),
                 MSG_NOSIGNAL | MSG_DONTWAIT);
      sent += more > 0 ? static_cast<size_t>(more) : 0;
    }
    const size_t size = peer_->read_now(room);
    got.insert(got.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
    if (size == 0 && (peer_->ended() || !peer_->wait())) {
      break;
    }
  }
  EXPECT_EQ(got, words);
  EXPECT_TRUE(read(1).empty());
  EXPECT_TRUE(peer_->clean_end());
  EXPECT_TRUE(received_.empty()) << "no more bytes reach the owner";
}

TEST_P(ConnectionTest, ClosingIsLimitedInTime) {
  open(4096);
  const auto words = some_bytes(300'000);
  thread_.call([&] {
    connection_->write(Bytes(words));
    connection_->close_when_sent(milliseconds(20));
    Connection::linger(std::move(connection_));
  });
  // Nothing is read until the other side has given up.
  pollfd waiting{peer_->fd(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1);
  EXPECT_LT(read(words.size()).size(), words.size());
  EXPECT_FALSE(closed_);
}

TEST_P(ConnectionTest, ClosedConnectionTakesNothing) {
  open();
  thread_.call([&] {
    connection_->close();
    connection_->close();
    connection_->write("late");
    const iovec piece{nullptr, 0};
    EXPECT_EQ(connection_->try_write({&piece, 1}), 0U);
    connection_->close_when_sent();
    connection_->resume_reading();
    connection_->set_no_delay(true);
    EXPECT_TRUE(connection_->closed());
  });
  EXPECT_TRUE(read(1).empty());
  EXPECT_FALSE(closed_);
}

TEST_P(ConnectionTest, WritingToAPeerThatIsGoneIsToldOnce) {
  open();
  const auto words = some_bytes(100'000);
  thread_.call([&] {
    in_call_ = true;
    peer_->close();
    connection_->write(Bytes(words));
    const iovec piece{const_cast<uint8_t*>(words.data()), words.size()};
    (void)connection_->try_write({&piece, 1});
    connection_->write(Bytes(words));
    in_call_ = false;
  });
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(closed_->code, ErrorCode::kPeerClosed);
}

TEST_P(ConnectionTest, SendsAFile) {
  open(4096);
  const auto content = some_bytes(300'000);
  std::unique_ptr<FILE, int (*)(FILE*)> file(::tmpfile(), ::fclose);
  ASSERT_EQ(::fwrite(content.data(), 1, content.size(), file.get()), content.size());
  ASSERT_EQ(::fflush(file.get()), 0);
  off_t offset = 1000;
  size_t left = content.size() - 1000;
  const auto send_more = [&] {
    if (left != 0) {
      left -= connection_->try_send_file(::fileno(file.get()), offset, left);
    }
  };
  when_writable_ = send_more;
  thread_.call(send_more);
  const auto got = read(content.size() - 1000);
  EXPECT_TRUE(std::equal(got.begin(), got.end(), content.begin() + 1000, content.end()));
  EXPECT_EQ(thread_.call([&] { return left; }), 0U);
}

TEST_P(ConnectionTest, FileThatIsShorterThanAnnouncedEndsTheConnection) {
  open();
  std::unique_ptr<FILE, int (*)(FILE*)> file(::tmpfile(), ::fclose);
  ASSERT_EQ(::fputs("short", file.get()), 1);
  ASSERT_EQ(::fflush(file.get()), 0);
  off_t offset = 0;
  EXPECT_EQ(
      thread_.call([&] { return connection_->try_send_file(::fileno(file.get()), offset, 100); }),
      5U);
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(closed_->code, ErrorCode::kIoError);
}

TEST_P(ConnectionTest, OwnerMayCloseWithinItsCalls) {
  open();
  when_bytes_ = [&] { connection_->close(); };
  peer_->write(some_bytes(1'000'000));
  await([&] { return connection_->closed(); });
  EXPECT_LE(received_.size(), size_t{256} << 10);
  EXPECT_FALSE(closed_);
}

class TlsConnectionTest : public ConnectionTest {};

INSTANTIATE_TEST_SUITE_P(Tls, TlsConnectionTest, ::testing::Values(Secure::kYes));

TEST_P(TlsConnectionTest, GarbageIsNoHandshake) {
  tls_ = testing::tls_context();
  auto [ours, theirs] = testing::socket_pair();
  start(std::move(ours));
  Peer peer(std::move(theirs), Secure::kNo);
  peer.write(some_bytes(500));
  await([&] { return closed_.has_value(); });
  EXPECT_EQ(closed_->code, ErrorCode::kTlsHandshakeFailed);
}

TEST_P(TlsConnectionTest, WordsBeforeTheHandshakeAreSentAfterIt) {
  tls_ = testing::tls_context();
  auto [ours, theirs] = testing::socket_pair();
  start(std::move(ours));
  thread_.call([&] { connection_->write("hello"); });
  peer_ = std::make_unique<Peer>(std::move(theirs), Secure::kYes);
  ASSERT_TRUE(peer_->handshake());
  const auto got = read(5);
  EXPECT_EQ(std::string(got.begin(), got.end()), "hello");
}

TEST_P(TlsConnectionTest, HandshakeThatNeverEndsIsClosedAtTheLimit) {
  tls_ = testing::tls_context();
  auto [ours, theirs] = testing::socket_pair();
  start(std::move(ours));
  thread_.call([&] {
    connection_->write("never sent");
    connection_->close_when_sent(milliseconds(10));
    Connection::linger(std::move(connection_));
  });
  peer_ = std::make_unique<Peer>(std::move(theirs), Secure::kNo);
  EXPECT_TRUE(read(1).empty());
  EXPECT_TRUE(peer_->ended());
}

TEST(TlsContext, SaysThatACertificateIsBad) {
  const auto missing = TlsContext::load("/nonexistent/cert.pem", "/nonexistent/key.pem");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kTlsBadCertificate);
}

}  // namespace
}  // namespace millrace
