// Callers of libsrt against an engine whose control plane the test plays.
#include "protocols/srt/srt_session.hpp"

#include <gtest/gtest.h>
#include <srt/access_control.h>

#include <array>
#include <cstring>
#include <mutex>
#include <thread>

#include "protocols/srt/reject_reason.hpp"
#include "protocols/srt/testing/test_server.hpp"

namespace millrace::srt {
namespace {

using testing::accept_all;
using testing::Caller;
using testing::TestServer;

/// Seven TS packets with a PAT, a PMT and the start of a random access point among them.
std::vector<uint8_t> payload(uint8_t continuity, bool random_access);

TEST(SrtSession, CallersAreConnectedWhenTheyAreAccepted) {
  TestServer server(accept_all);
  Caller publisher(server, "#!::r=live/a,m=publish,token=x");
  EXPECT_TRUE(publisher.connected());
  Caller player(server, "live/a");
  EXPECT_TRUE(player.connected());
  const auto asked = server.events("publish_requested");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].text("app"), "live");
  EXPECT_EQ(asked[0].text("stream"), "a");
  EXPECT_EQ(asked[0].text("param"), "token=x");
  publisher.socket().close();
  EXPECT_TRUE(server.await("session_closed"));
}

#ifdef MILLRACE_SRT_GATE
TEST(SrtSession, RefusedCallersAreToldWhy) {
  struct Case {
    ErrorCode code;
    int reason;
  };
  for (const Case& one : {Case{ErrorCode::kStreamBusy, SRT_REJX_CONFLICT},
                          Case{ErrorCode::kSecurityDenied, SRT_REJX_FORBIDDEN},
                          Case{ErrorCode::kVhostUnknown, SRT_REJX_HOSTNOTFOUND},
                          Case{ErrorCode::kNameInvalid, SRT_REJX_BAD_REQUEST},
                          Case{ErrorCode::kAdmissionTimeout, SRT_REJX_DOWN},
                          Case{ErrorCode::kQueueFull, SRT_REJX_OVERLOAD}}) {
    TestServer server([&one](Engine& engine, SessionId session, const Fields&) {
      engine.reject(session, one.code, {}, 0);
    });
    Caller caller(server, "#!::r=live/a,m=publish");
    EXPECT_FALSE(caller.connected());
    EXPECT_EQ(caller.socket().reject_reason(), one.reason);
    EXPECT_TRUE(server.await("session_closed"));
  }
}

TEST(SrtSession, DecisionsThatTakeTimeHoldUpNobodyElse) {
  std::mutex mutex;
  SessionId waiting = 0;
  TestServer server([&](Engine& engine, SessionId session, const Fields& event) {
    if (event.text("stream") == "slow") {
      const std::lock_guard lock(mutex);
      waiting = session;
      return;
    }
    const std::lock_guard lock(mutex);
    engine.accept(session, {{"stream", "/live/" + event.text("stream")}});
    if (waiting != 0) {
      engine.reject(std::exchange(waiting, 0), ErrorCode::kAdmissionRefused, {}, 0);
    }
  });
  int reason = 0;
  std::thread slow([&] {
    Caller caller(server, "#!::r=live/slow,m=publish");
    EXPECT_FALSE(caller.connected());
    reason = caller.socket().reject_reason();
  });
  EXPECT_TRUE(server.await("publish_requested"));
  Caller other(server, "#!::r=live/other,m=publish");
  EXPECT_TRUE(other.connected());
  slow.join();
  EXPECT_EQ(reason, SRT_REJX_FORBIDDEN);
}

TEST(SrtSession, TooManyConnectionsAreRefused) {
  TestServer server(accept_all, {}, {{"max_connections", 1}});
  Caller first(server, "live/a");
  EXPECT_TRUE(first.connected());
  Caller second(server, "live/a");
  EXPECT_FALSE(second.connected());
  EXPECT_EQ(second.socket().reject_reason(), SRT_REJX_OVERLOAD);
}

TEST(SrtSession, AnAddressMayHaveNoMoreConnectionsThanItsLimit) {
  TestServer server(accept_all, {}, {{"max_connections_per_address", 1}});
  {
    Caller first(server, "live/a");
    EXPECT_TRUE(first.connected());
    Caller second(server, "live/a");
    EXPECT_FALSE(second.connected());
    EXPECT_EQ(second.socket().reject_reason(), SRT_REJX_OVERLOAD);
  }
  ASSERT_TRUE(server.await("session_closed"));
  Caller third(server, "live/a");
  EXPECT_TRUE(third.connected());
}
#endif

TEST(SrtSession, StreamIdsThatCannotBeReadAreRefusedAtOnce) {
  TestServer server(accept_all);
  Caller syntax(server, "#!::m=publish");
  EXPECT_FALSE(syntax.connected());
  EXPECT_EQ(syntax.socket().reject_reason(), SRT_REJX_BAD_REQUEST);
  Caller mode(server, "#!::r=live/a,m=bidirectional");
  EXPECT_EQ(mode.socket().reject_reason(), SRT_REJX_BAD_MODE);
  EXPECT_TRUE(server.events("session_opened").empty());
  ASSERT_TRUE(server.await("trouble", 2));
  for (const Fields& trouble : server.events("trouble")) {
    EXPECT_EQ(trouble.text("ip"), "127.0.0.1");
    EXPECT_GT(trouble.integer("port", 0), 0);
  }
}

TEST(SrtSession, WrongPassphraseIsNoSession) {
  TestServer server(accept_all, {{"passphrase", "correct-horse"}});
  Caller wrong(server, "#!::r=live/a,m=publish", "battery-staple");
  EXPECT_FALSE(wrong.connected());
  EXPECT_EQ(wrong.socket().reject_reason(), SRT_REJ_BADSECRET);
  Caller missing(server, "#!::r=live/a,m=publish");
  EXPECT_FALSE(missing.connected());
  EXPECT_EQ(missing.socket().reject_reason(), SRT_REJ_UNSECURE);
  EXPECT_TRUE(server.events("publish_requested").empty());
  Caller right(server, "#!::r=live/a,m=publish", "correct-horse");
  EXPECT_TRUE(right.connected());
}

TEST(SrtSession, PassphraseThatNobodyAskedForIsNoSession) {
  TestServer server(accept_all);
  Caller caller(server, "#!::r=live/a,m=publish", "correct-horse");
  EXPECT_FALSE(caller.connected());
  EXPECT_EQ(caller.socket().reject_reason(), SRT_REJ_UNSECURE);
  EXPECT_TRUE(server.events("publish_requested").empty());
}

TEST(SrtSession, OptionsThatLibsrtDoesNotTakeAreErrors) {
  const Library library;
  SocketOptions options;
  options.passphrase = "short";
  const auto socket = Socket::open(options);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), (Error{ErrorCode::kSrtOptionInvalid, SRTO_PASSPHRASE}));
}

std::vector<uint8_t> payload(uint8_t continuity, bool random_access) {
  std::vector<uint8_t> bytes(PayloadSink::kBytes, 0xff);
  for (size_t i = 0; i < PayloadSink::kPackets; ++i) {
    uint8_t* packet = bytes.data() + i * mpegts::kPacketBytes;
    packet[0] = mpegts::kSyncByte;
    packet[1] = 0x01;
    packet[2] = 0x00;  // the video's PID, 0x100
    packet[3] = static_cast<uint8_t>(0x10 | ((continuity + i) & 15));
  }
  if (random_access) {
    // PAT with program 1 in PID 0x1001, PMT with H.264 in PID 0x100, then a picture.
    constexpr std::array<uint8_t, 21> kPat{0x47, 0x40, 0x00, 0x10, 0x00, 0x00, 0xb0,
                                           0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00,
                                           0x01, 0xf0, 0x01, 0x2e, 0x70, 0x19, 0x05};
    constexpr std::array<uint8_t, 26> kPmt{0x47, 0x50, 0x01, 0x10, 0x00, 0x02, 0xb0, 0x12, 0x00,
                                           0x01, 0xc1, 0x00, 0x00, 0xe1, 0x00, 0xf0, 0x00, 0x1b,
                                           0xe1, 0x00, 0xf0, 0x00, 0x15, 0xbd, 0x4d, 0x56};
    std::memcpy(bytes.data(), kPat.data(), kPat.size());
    std::memcpy(bytes.data() + mpegts::kPacketBytes, kPmt.data(), kPmt.size());
    uint8_t* picture = bytes.data() + 2 * mpegts::kPacketBytes;
    picture[1] = 0x41;
    picture[3] |= 0x20;
    picture[4] = 1;
    picture[5] = 0x40;  // random_access_indicator
  }
  return bytes;
}

TEST(SrtSession, PlayersGetThePublishersOwnPayloads) {
  TestServer server([](Engine& engine, SessionId session, const Fields&) {
    engine.accept(session, {{"stream", "/live/a"}, {"srt_to_rtmp", false}});
  });
  Caller publisher(server, "#!::r=live/a,m=publish");
  Caller player(server, "#!::r=live/a,m=request");
  ASSERT_TRUE(publisher.connected() && player.connected());
  // Until a random access point comes the player gets nothing.
  ASSERT_EQ(publisher.socket().send(payload(0, false)), Socket::Sent::kYes);
  const auto join = payload(7, true);
  const auto next = payload(14, false);
  ASSERT_EQ(publisher.socket().send(join), Socket::Sent::kYes);
  ASSERT_EQ(publisher.socket().send(next), Socket::Sent::kYes);
  std::array<uint8_t, 1500> room{};
  const auto received = [&] {
    const int size = player.socket().receive(room);
    return std::vector<uint8_t>(room.begin(), room.begin() + std::max(size, 0));
  };
  const auto half = [](const std::vector<uint8_t>& bytes, size_t from, size_t to) {
    return std::vector<uint8_t>(bytes.begin() + static_cast<ptrdiff_t>(from * 188),
                                bytes.begin() + static_cast<ptrdiff_t>(to * 188));
  };
  EXPECT_EQ(received(), half(join, 0, 2)) << "the tables";
  EXPECT_EQ(received(), half(join, 2, 7)) << "from the picture on";
  EXPECT_EQ(received(), next) << "as it came";
}

TEST(SrtSession, StatisticsKnowOnlyWhatWasMeasured) {
  TestServer server([](Engine& engine, SessionId session, const Fields&) {
    engine.accept(session, {{"stream", "/live/a"}, {"srt_to_rtmp", false}});
  });
  Caller publisher(server, "#!::r=live/a,m=publish");
  Caller player(server, "#!::r=live/a,m=request");
  ASSERT_TRUE(publisher.connected() && player.connected());
  // libsrt says 100 ms until it has measured: three times that would be no latency of a player who
  // waits for a stream.
  const auto before = publisher.socket().statistics(Socket::Direction::kSending);
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->transport.rtt_ms);
  EXPECT_FALSE(before->transport.bandwidth_bps);
  EXPECT_EQ(before->transport.latency_ms, 120);

  std::array<uint8_t, 1500> room{};
  std::optional<SocketStatistics> sent;
  std::optional<SocketStatistics> received;
  uint64_t count = 0;
  do {
    ASSERT_EQ(publisher.socket().send(payload(static_cast<uint8_t>(7 * count), true)),
              Socket::Sent::kYes);
    ++count;
    ASSERT_GT(player.socket().receive(room), 0);
    sent = publisher.socket().statistics(Socket::Direction::kSending);
    received = player.socket().statistics(Socket::Direction::kReceiving);
    ASSERT_TRUE(sent && received);
  } while (count < 1000 && !(sent->transport.rtt_ms && received->transport.rtt_ms));
  EXPECT_GT(sent->transport.rtt_ms.value_or(0), 0);
  EXPECT_LT(sent->transport.rtt_ms.value_or(1000), 100);
  EXPECT_EQ(sent->transport.packets_out, count);
  EXPECT_EQ(sent->transport.packets_in, 0U);
  EXPECT_GE(received->transport.packets_in, count);
  EXPECT_EQ(received->packets_lost, 0U);
}

}  // namespace
}  // namespace millrace::srt
