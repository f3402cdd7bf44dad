// The gate by itself, and gates of two engines in one process.
#include "protocols/srt/handshake_gate.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <srt/access_control.h>

#include <array>
#include <cstring>
#include <thread>

#include "io/fd.hpp"
#include "protocols/srt/guarded_ports.hpp"
#include "protocols/srt/reject_reason.hpp"
#include "protocols/srt/testing/test_server.hpp"

namespace millrace::srt {
namespace {

using testing::Caller;
using testing::TestServer;

constexpr uint32_t kConclusion = 0xffff'ffff;

/// A UDP socket of 127.0.0.1.
class Udp {
 public:
  Udp() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto any = Address::parse("127.0.0.1", 0);
    EXPECT_EQ(::bind(fd_.get(), any->get(), any->size()), 0);
  }
  [[nodiscard]] int get() const { return fd_.get(); }
  [[nodiscard]] Address address() const { return Address::local_of(fd_.get()); }
  /// Request type of the handshake that has come; nothing: none has.
  [[nodiscard]] std::optional<uint32_t> received() const {
    std::array<uint8_t, 1500> room{};
    const ssize_t size = ::recv(fd_.get(), room.data(), room.size(), 0);
    if (size < 64) {
      return std::nullopt;
    }
    uint32_t type = 0;
    std::memcpy(&type, room.data() + 36, sizeof type);
    return ntohl(type);
  }

 private:
  Fd fd_;
};

/// What libsrt sends: an answer to the handshake of the peer's socket `id`.
struct Answer {
  Answer(const Address& to, uint32_t id, uint32_t type) : address(to) {
    const auto put = [this](size_t at, uint32_t word) {
      word = htonl(word);
      std::memcpy(bytes.data() + at, &word, sizeof word);
    };
    put(0, 0x8000'0000);
    put(12, id);
    put(36, type);
    // Two pieces, as libsrt has them: header and body.
    pieces = {iovec{bytes.data(), 16}, iovec{bytes.data() + 16, 48}};
    message.msg_name = const_cast<sockaddr*>(address.get());
    message.msg_namelen = address.size();
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  Address address;
  std::array<uint8_t, 64> bytes{};
  std::array<iovec, 2> pieces{};
  msghdr message{};
};

struct Refusals final : HandshakeGate::Listener {
  void on_handshake_failed(int reason, const Address& peer) override {
    reasons.push_back(reason);
    ports.push_back(peer.port());
  }
  std::vector<int> reasons;
  std::vector<uint16_t> ports;
};

TEST(HandshakeGate, HoldsTheNextAnswerToThatPeerAlone) {
  Refusals refusals;
  HandshakeGate gate(refusals);
  const Udp port;
  const Udp peer;
  const Udp stranger;
  const Answer other(stranger.address(), 7, kConclusion);
  const Answer answer(peer.address(), 7, kConclusion);
  EXPECT_FALSE(gate.take(port.get(), answer.message)) << "nothing is expected";
  gate.hold_next(1, peer.address());
  EXPECT_FALSE(gate.take(port.get(), other.message));
  EXPECT_TRUE(gate.take(port.get(), answer.message));
  EXPECT_EQ(peer.received(), std::nullopt);
  EXPECT_TRUE(gate.take(port.get(), answer.message)) << "the caller asked again";
  gate.release(1);
  EXPECT_EQ(peer.received(), kConclusion);
  EXPECT_FALSE(gate.take(port.get(), answer.message)) << "from now on libsrt answers";
}

TEST(HandshakeGate, OtherThreadsAnswersAreNotTheExpectedOne) {
  Refusals refusals;
  HandshakeGate gate(refusals);
  const Udp port;
  const Udp peer;
  const Answer answer(peer.address(), 7, kConclusion);
  gate.hold_next(1, peer.address());
  std::thread([&] { EXPECT_FALSE(gate.take(port.get(), answer.message)); }).join();
  EXPECT_TRUE(gate.take(port.get(), answer.message));
}

TEST(HandshakeGate, RefusalIsRepeatedUntilItIsForgotten) {
  Refusals refusals;
  HandshakeGate gate(refusals);
  const Udp port;
  const Udp peer;
  const Answer answer(peer.address(), 7, kConclusion);
  gate.hold_next(1, peer.address());
  EXPECT_TRUE(gate.take(port.get(), answer.message));
  gate.refuse(1, 1403);
  EXPECT_EQ(peer.received(), 2403U);
  EXPECT_TRUE(gate.take(port.get(), answer.message));
  EXPECT_EQ(peer.received(), 2403U);
  gate.forget(1);
  EXPECT_FALSE(gate.take(port.get(), answer.message));
}

TEST(HandshakeGate, TellsOfWhatLibsrtRefuses) {
  Refusals refusals;
  HandshakeGate gate(refusals);
  const Udp port;
  const Udp peer;
  const Answer answer(peer.address(), 7, 1000 + SRT_REJ_BADSECRET);
  gate.hold_next(1, peer.address());
  EXPECT_FALSE(gate.take(port.get(), answer.message));
  EXPECT_EQ(refusals.reasons, std::vector<int>{SRT_REJ_BADSECRET});
  EXPECT_EQ(refusals.ports, std::vector<uint16_t>{peer.address().port()});
}

/// One peer may call two ports from one socket and with one socket id.
TEST(HandshakeGate, GatesKeepTheSamePeerApart) {
  Refusals refusals;
  const auto one = std::make_shared<HandshakeGate>(refusals);
  const auto other = std::make_shared<HandshakeGate>(refusals);
  const Udp ports[2];
  const Udp peer;
  const Answer answer(peer.address(), 7, kConclusion);
  GuardedPorts::add(ports[0].get(), one);
  GuardedPorts::add(ports[1].get(), other);
  one->hold_next(1, peer.address());
  EXPECT_EQ(GuardedPorts::send(ports[0].get(), &answer.message, 0), 64);
  EXPECT_EQ(peer.received(), std::nullopt);
  EXPECT_EQ(GuardedPorts::send(ports[1].get(), &answer.message, 0), 64);
  EXPECT_EQ(peer.received(), kConclusion) << "the other port holds nothing";
  other->hold_next(2, peer.address());
  EXPECT_EQ(GuardedPorts::send(ports[1].get(), &answer.message, 0), 64);
  other->refuse(2, 1409);
  EXPECT_EQ(peer.received(), 2409U);
  one->release(1);
  EXPECT_EQ(peer.received(), kConclusion);
  GuardedPorts::remove(ports[0].get(), one.get());
  GuardedPorts::remove(ports[1].get(), one.get());
  EXPECT_EQ(GuardedPorts::send(ports[1].get(), &answer.message, 0), 64);
  EXPECT_EQ(peer.received(), 2409U) << "only its own gate may leave the table";
  GuardedPorts::remove(ports[1].get(), other.get());
}

#ifdef MILLRACE_SRT_GATE
/// A control plane that answers each request after a few others, as `code` says.
TestServer::Answer late(ErrorCode refusal) {
  auto waiting = std::make_shared<std::vector<std::pair<SessionId, std::string>>>();
  return [waiting, refusal](Engine& engine, SessionId session, const Fields& event) {
    waiting->emplace_back(session, event.text("stream"));
    if (waiting->size() < 4) {
      return;
    }
    for (const auto& [one, stream] : *waiting) {
      if (stream.starts_with("good")) {
        engine.accept(one, {{"stream", "/live/" + stream}});
      } else {
        engine.reject(one, refusal, {}, 0);
      }
    }
    waiting->clear();
  };
}

TEST(HandshakeGate, TwoEnginesRefuseAndAdmitAtTheSameTime) {
  TestServer one(late(ErrorCode::kSecurityDenied));
  auto other = std::make_unique<TestServer>(late(ErrorCode::kStreamBusy));
  constexpr int kCallers = 32;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      TestServer& server = i % 2 == 0 ? one : *other;
      const bool good = i % 4 < 2;
      Caller caller(
          server, (good ? "#!::r=live/good" : "#!::r=live/bad") + std::to_string(i) + ",m=publish");
      EXPECT_EQ(caller.connected(), good) << i;
      if (!good) {
        EXPECT_EQ(caller.socket().reject_reason(),
                  i % 2 == 0 ? SRT_REJX_FORBIDDEN : SRT_REJX_CONFLICT)
            << i;
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_TRUE(one.await("session_closed", kCallers / 2));
  EXPECT_TRUE(other->await("session_closed", kCallers / 2));
}

TEST(HandshakeGate, AnEngineThatGoesTakesNothingFromTheOther) {
  std::mutex mutex;
  SessionId waiting = 0;
  TestServer stays([&](Engine& /*engine*/, SessionId session, const Fields& /*event*/) {
    const std::lock_guard lock(mutex);
    waiting = session;
  });
  int reason = 0;
  std::thread patient([&] {
    Caller caller(stays, "#!::r=live/a,m=publish");
    reason = caller.socket().reject_reason();
  });
  EXPECT_TRUE(stays.await("publish_requested"));
  {
    auto goes = std::make_unique<TestServer>([](Engine&, SessionId, const Fields&) {});
    std::thread cut_off([&] {
      const Caller caller(*goes, "#!::r=live/b,m=publish");
      EXPECT_FALSE(caller.connected());
    });
    EXPECT_TRUE(goes->await("publish_requested"));
    goes->engine().stop();
    cut_off.join();
  }
  {
    const std::lock_guard lock(mutex);
    stays.engine().reject(waiting, ErrorCode::kSecurityDenied, {}, 0);
  }
  patient.join();
  EXPECT_EQ(reason, SRT_REJX_FORBIDDEN);
}
#endif

TEST(HandshakeGate, TwoEnginesDoNotShareAPort) {
  TestServer one(testing::accept_all);
  TestServer other(testing::accept_all);
  const auto again = other.engine().listen({{"protocol", "srt"},
                                            {"ip", "127.0.0.1"},
                                            {"port", int64_t{one.address().port()}},
                                            {"srt", Fields{}}});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kPortInUse);
}

}  // namespace
}  // namespace millrace::srt
