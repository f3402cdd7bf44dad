#include "io/proxy_receiver.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "io/testing/loop_thread.hpp"
#include "io/testing/peer.hpp"

namespace millrace {
namespace {

/// A receiver on a loop, and what it said. Everything of it is touched on the loop only.
class ProxyReceiverTest : public ::testing::Test, private ProxyReceiver::Owner {
 protected:
  void make(Duration limit = seconds(60)) {
    thread_.call([&] {
      receiver_ = std::make_unique<ProxyReceiver>(thread_.loop(), limit,
                                                  static_cast<ProxyReceiver::Owner&>(*this));
    });
  }
  void TearDown() override {
    thread_.call([&] {
      receiver_.reset();
      proxied_.clear();
    });
    thread_.finish_turn();
  }
  /// @return the proxy's end.
  Fd connect() {
    auto [ours, theirs] = testing::socket_pair();
    thread_.call([&, fd = std::move(ours)]() mutable {
      receiver_->take(std::move(fd), *Address::parse("10.0.0.1", 9));
    });
    return std::move(theirs);
  }
  void send(const Fd& fd, std::string_view text) {
    ASSERT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Whether the receiver has closed its end; with bytes unread there, the end comes as a reset.
  static bool is_closed(const Fd& proxy) {
    std::array<char, 8> room;
    const ssize_t size = ::recv(proxy.get(), room.data(), room.size(), MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }
  /// Waits until there are so many clients and errors.
  void await(size_t clients, size_t errors) {
    for (int i = 0; i < 10'000; ++i) {
      const bool there =
          thread_.call([&] { return clients_.size() >= clients && errors_.size() >= errors; });
      if (there) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
    ADD_FAILURE() << "nothing came";
  }

  testing::LoopThread thread_;
  std::unique_ptr<ProxyReceiver> receiver_;
  std::vector<std::string> clients_;
  std::vector<Fd> proxied_;
  std::vector<ErrorCode> errors_;

 private:
  void on_proxied(Fd fd, const Address& client) override {
    clients_.push_back(client.ip() + ":" + std::to_string(client.port()));
    proxied_.push_back(std::move(fd));
  }
  void on_proxy_failed(Error error) override { errors_.push_back(error.code); }
};

TEST_F(ProxyReceiverTest, HandsOnWithoutTakingWhatFollows) {
  make();
  const Fd proxy = connect();
  const std::string_view header = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  for (const char& byte : header.substr(0, header.size() - 1)) {
    send(proxy, {&byte, 1});
  }
  send(proxy, "\nfirst bytes");
  await(1, 0);
  thread_.call([&] {
    EXPECT_EQ(clients_.front(), "192.0.2.7:56324");
    EXPECT_EQ(receiver_->waiting(), 0U);
    std::array<char, 64> room{};
    const ssize_t size = ::recv(proxied_.front().get(), room.data(), room.size(), MSG_DONTWAIT);
    EXPECT_EQ(std::string(room.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))),
              "first bytes");
  });
}

TEST_F(ProxyReceiverTest, KeepsTheAddressOfAProxyThatSpeaksForItself) {
  make();
  const Fd proxy = connect();
  send(proxy, "PROXY UNKNOWN\r\n");
  await(1, 0);
  thread_.call([&] { EXPECT_EQ(clients_.front(), "10.0.0.1:9"); });
}

TEST_F(ProxyReceiverTest, ClosesWhoSaysAnythingElseOrLeaves) {
  make();
  const Fd other = connect();
  send(other, "GET / HTTP/1.1\r\n");
  await(0, 1);
  {
    const Fd gone = connect();
    send(gone, "PROXY TCP4 1");
  }
  await(0, 2);
  { const Fd silent = connect(); }
  await(0, 3);
  thread_.call([&] {
    EXPECT_EQ(errors_, (std::vector{ErrorCode::kProxyHeaderInvalid, ErrorCode::kPeerClosed,
                                    ErrorCode::kPeerClosed}));
    EXPECT_EQ(receiver_->waiting(), 0U);
  });
  EXPECT_TRUE(is_closed(other));
}

TEST_F(ProxyReceiverTest, ClosesWhoTakesTooLong) {
  make(milliseconds(20));
  const Fd proxy = connect();
  send(proxy, "PROXY ");
  await(0, 1);
  thread_.call([&] { EXPECT_EQ(errors_.front(), ErrorCode::kTimedOut); });
}

TEST_F(ProxyReceiverTest, MayEndWithConnectionsWaiting) {
  make();
  const Fd proxy = connect();
  send(proxy, "PROXY ");
  thread_.call([&] {
    EXPECT_EQ(receiver_->waiting(), 1U);
    receiver_.reset();
  });
  thread_.finish_turn();
  EXPECT_TRUE(is_closed(proxy));
}

}  // namespace
}  // namespace millrace
