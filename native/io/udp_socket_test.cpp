#include "io/udp_socket.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "io/loop.hpp"

namespace millrace {
namespace {

LocalIp local_ip(const char* ip) {
  const Address address = *Address::parse(ip, 0);
  LocalIp local;
  local.family = address.family();
  if (local.family == AF_INET) {
    std::memcpy(local.ip.data(), &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr, 4);
  }
  return local;
}

class UdpSocketTest : public ::testing::Test, public UdpSocket::Owner {
 protected:
  void on_datagram(UdpSocket& /*socket*/, std::span<uint8_t> /*bytes*/, const Address& /*from*/,
                   const LocalIp& /*to*/) override {}

  UdpSocketTest() {
    auto sockets = UdpSocket::bind_all(*Address::parse("0.0.0.0", 0), 1);
    socket_ = std::make_unique<UdpSocket>(loop_, std::move(sockets->front()), *this);
    receiver_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Address any = *Address::parse("127.0.0.1", 0);
    EXPECT_EQ(::bind(receiver_.get(), any.get(), any.size()), 0);
    to_ = Address::local_of(receiver_.get());
  }

  /// One datagram as it came: `<sender's address> <content>`.
  std::string receive() {
    std::array<char, 2048> room{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(receiver_.get(), room.data(), room.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    EXPECT_GE(got, 0);
    return Address(reinterpret_cast<const sockaddr*>(&from), size).ip() + " " +
           std::string(room.data(), static_cast<size_t>(got));
  }

  static Bytes bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }

  Loop loop_{0};
  std::unique_ptr<UdpSocket> socket_;
  Fd receiver_;
  Address to_;
};

TEST_F(UdpSocketTest, SendsFromTheAddressItIsTold) {
  EXPECT_TRUE(socket_->send(to_, local_ip("127.0.0.2"), bytes("one")));
  EXPECT_EQ(receive(), "127.0.0.2 one");
  EXPECT_TRUE(socket_->send(to_, {}, bytes("two")));
  EXPECT_EQ(receive(), "127.0.0.1 two");
}

TEST_F(UdpSocketTest, RunsOfPacketsComeOneByOne) {
  for (const LocalIp& from : {LocalIp{}, local_ip("127.0.0.2")}) {
    const std::string ip = from.family == 0 ? "127.0.0.1" : "127.0.0.2";
    EXPECT_TRUE(socket_->send(to_, from, bytes("abcdefgh"), 3));
    EXPECT_EQ(receive(), ip + " abc");
    EXPECT_EQ(receive(), ip + " def");
    EXPECT_EQ(receive(), ip + " gh");
  }
}

TEST_F(UdpSocketTest, TellsWhichAddressTheSystemWouldTake) {
  EXPECT_TRUE(socket_->chooses(to_, local_ip("127.0.0.1")));
  EXPECT_FALSE(socket_->chooses(to_, local_ip("127.0.0.2")));
  EXPECT_FALSE(socket_->chooses(to_, {})) << "not known";
  EXPECT_FALSE(socket_->chooses(*Address::parse("::1", 9), local_ip("127.0.0.1")));
}

}  // namespace
}  // namespace millrace
