#include "io/listener.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <vector>

#include "io/testing/loop_thread.hpp"

namespace millrace {
namespace {

Fd connect_to(const Address& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.get(), address.size()) == 0 ? std::move(fd) : Fd();
}

TEST(TcpListener, AcceptsOnAllLoops) {
  for (const char* ip : {"127.0.0.1", "::1"}) {
    auto sockets = TcpListener::bind_all(*Address::parse(ip, 0), 2);
    if (!sockets.ok() && ip[0] == ':') {
      continue;  // a machine without IPv6
    }
    ASSERT_TRUE(sockets.ok());
    const Address address = Address::local_of(sockets->front().get());
    EXPECT_NE(address.port(), 0);
    std::atomic<int> accepted{0};
    std::vector<std::unique_ptr<testing::LoopThread>> threads;
    std::vector<std::unique_ptr<TcpListener>> listeners;
    for (unsigned i = 0; i < 2; ++i) {
      threads.push_back(std::make_unique<testing::LoopThread>(i));
      listeners.push_back(threads[i]->call([&] {
        auto listener = std::make_unique<TcpListener>(
            threads[i]->loop(), std::move((*sockets)[i]),
            [&accepted, ip](const Fd&, const Address& peer) {
              EXPECT_EQ(peer.ip(), ip);
              ++accepted;
              accepted.notify_all();
            },
            [](Error) { FAIL(); });
        EXPECT_TRUE(listener->start());
        return listener;
      }));
    }
    std::vector<Fd> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(connect_to(address));
      EXPECT_TRUE(clients.back());
    }
    for (int now = accepted; now < 50; now = accepted) {
      accepted.wait(now);
    }
    for (unsigned i = 0; i < 2; ++i) {
      threads[i]->call([&] { listeners[i].reset(); });
    }
  }
}

TEST(TcpListener, PortInUseIsSaidThoughPortsAreShared) {
  const auto first = TcpListener::bind_all(*Address::parse("127.0.0.1", 0), 2);
  ASSERT_TRUE(first.ok());
  const Address address = Address::local_of(first->front().get());
  EXPECT_EQ(Address::local_of(first->back().get()).port(), address.port());
  const auto second = TcpListener::bind_all(address, 2);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kPortInUse);
  const auto nowhere = TcpListener::bind_all(*Address::parse("192.0.2.1", 0), 1);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kListenFailed);
}

TEST(TcpListener, WithoutDescriptorsItPausesAndGoesOn) {
  auto sockets = TcpListener::bind_all(*Address::parse("127.0.0.1", 0), 1);
  ASSERT_TRUE(sockets.ok());
  const Address address = Address::local_of(sockets->front().get());
  std::atomic<int> accepted{0};
  std::atomic<int> troubles{0};
  testing::LoopThread thread;
  auto listener = thread.call([&] {
    auto made = std::make_unique<TcpListener>(
        thread.loop(), std::move(sockets->front()),
        [&accepted](const Fd&, const Address&) {
          ++accepted;
          accepted.notify_all();
        },
        [&troubles](Error error) {
          EXPECT_EQ(error.code, ErrorCode::kOutOfDescriptors);
          ++troubles;
          troubles.notify_all();
        });
    EXPECT_TRUE(made->start());
    return made;
  });
  Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // No descriptor above those that are open.
  const Fd probe(::dup(0));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(probe.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(::connect(client.get(), address.get(), address.size()), 0);
  troubles.wait(0);
  EXPECT_EQ(accepted, 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  accepted.wait(0);
  EXPECT_EQ(accepted, 1);
  thread.call([&] { listener.reset(); });
}

TEST(Address, ParsesAndPrints) {
  EXPECT_EQ(Address::parse("192.0.2.1", 80)->ip(), "192.0.2.1");
  EXPECT_EQ(Address::parse("2001:db8::1", 80)->ip(), "2001:db8::1");
  EXPECT_EQ(Address::parse("::ffff:192.0.2.1", 80)->ip(), "192.0.2.1");
  EXPECT_EQ(Address::parse("::", 1935)->port(), 1935);
  EXPECT_FALSE(Address::parse("localhost", 80));
  EXPECT_FALSE(Address::parse("[::1]", 80));
  EXPECT_FALSE(Address::parse("", 80));
  EXPECT_EQ(Address().ip(), "");
  EXPECT_EQ(Address().port(), 0);
}

}  // namespace
}  // namespace millrace
