// Gates of several ports at once, from the threads that use them: libsrt's of each port and those
// of the loops.
#include "protocols/srt/guarded_ports.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "io/fd.hpp"
#include "protocols/srt/handshake_gate.hpp"

namespace millrace::srt {
namespace {

/// Of a port that has no time to say more.
struct Silent final : HandshakeGate::Listener {
  void on_handshake_failed(int /*reason*/, const Address& /*peer*/) override {}
};

/// The answer to a handshake of the peer's socket `id`, and what libsrt sends besides.
std::array<uint8_t, 64> packet(uint8_t id, bool handshake) {
  std::array<uint8_t, 64> bytes{};
  bytes[0] = handshake ? 0x80 : 0;
  bytes[15] = id;
  std::fill_n(bytes.begin() + 36, 4, uint8_t{0xff});  // a conclusion
  return bytes;
}

TEST(GuardedPorts, PortsOpenHoldAnswerAndCloseAtTheSameTime) {
  const auto any = Address::parse("127.0.0.1", 0);
  const Fd peer(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(peer.get(), any->get(), any->size()), 0);
  const Address to = Address::local_of(peer.get());
  std::vector<std::thread> ports;
  for (int port = 0; port < 3; ++port) {
    ports.emplace_back([&to] {
      Silent silent;
      for (int round = 0; round < 20; ++round) {
        const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto gate = std::make_shared<HandshakeGate>(silent);
        GuardedPorts::add(fd.get(), gate);
        std::atomic<int> held{0};
        std::thread loop([&] {
          for (int id = 0; id < 50; ++id) {
            while (held.load() <= id) {
              std::this_thread::yield();
            }
            id % 2 == 0 ? gate->release(id) : gate->refuse(id, 1403);
            gate->forget(id);
          }
        });
        for (int id = 0; id < 50; ++id) {
          auto bytes = packet(static_cast<uint8_t>(id), id % 5 != 4);
          iovec piece{bytes.data(), bytes.size()};
          msghdr message{};
          message.msg_name = const_cast<sockaddr*>(to.get());
          message.msg_namelen = to.size();
          message.msg_iov = &piece;
          message.msg_iovlen = 1;
          gate->hold_next(id, to);
          EXPECT_EQ(GuardedPorts::send(fd.get(), &message, MSG_DONTWAIT), 64);
          held.store(id + 1);
        }
        loop.join();
        GuardedPorts::remove(fd.get(), gate.get());
      }
    });
  }
  for (std::thread& port : ports) {
    port.join();
  }
}

}  // namespace
}  // namespace millrace::srt
