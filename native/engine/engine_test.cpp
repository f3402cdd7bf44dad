#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/testing/allocation_counter.hpp"
#include "engine/testing/server.hpp"

namespace millrace {
namespace {

using testing::AllocationCounter;
using testing::Client;
using testing::RtmpClient;
using testing::Server;
using testing::TestPublisher;
using Purpose = RtmpClient::Purpose;

constexpr std::string_view kFlvRequest = "GET /live/a.flv HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Reads until `total` bytes have come in all.
bool read_up_to(Client& client, size_t& have, size_t total) {
  std::array<uint8_t, 65536> room;
  while (have < total) {
    const size_t size = client.read(room);
    if (size == 0) {
      return false;
    }
    have += size;
  }
  return true;
}

TEST(Engine, SaysWhyItCannotListen) {
  Server server({{"loops", 2}});
  const uint16_t port = server.listen("rtmp");
  ASSERT_NE(port, 0);
  const auto again =
      server.engine().listen({{"protocol", "rtmp"}, {"ip", "127.0.0.1"}, {"port", port}});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kPortInUse);
  for (const Fields& wrong :
       {Fields{{"protocol", "gopher"}, {"port", 0}}, Fields{{"protocol", "rtmp"}},
        Fields{{"protocol", "rtmp"}, {"port", 65536}},
        Fields{{"protocol", "rtmp"}, {"port", 0}, {"ip", "localhost"}}}) {
    const auto listening = server.engine().listen(wrong);
    ASSERT_FALSE(listening.ok());
    EXPECT_EQ(listening.error().code, ErrorCode::kInvalidArgument);
  }
  const auto tls = server.engine().listen({{"protocol", "rtmp"},
                                           {"ip", "127.0.0.1"},
                                           {"port", 0},
                                           {"certificate_file", "/nonexistent"}});
  ASSERT_FALSE(tls.ok());
  EXPECT_EQ(tls.error().code, ErrorCode::kTlsBadCertificate);
  server.engine().stop();
  server.engine().stop();
  EXPECT_FALSE(
      server.engine().listen({{"protocol", "rtmp"}, {"ip", "127.0.0.1"}, {"port", 0}}).ok());
}

TEST(Engine, PortThatIsClosedIsFreeAtOnceAndItsSessionsGoOn) {
  Server server({{"loops", 3}});
  const uint16_t other = server.listen("rtmp");
  for (int round = 0; round < 20; ++round) {
    const auto listening =
        server.engine().listen({{"protocol", "rtmp"}, {"ip", "127.0.0.1"}, {"port", 0}});
    ASSERT_TRUE(listening.ok());
    const uint16_t port = listening->address.port();
    RtmpClient player(port, Purpose::kPlay);
    EXPECT_TRUE(player.start());
    server.engine().unlisten(listening->id);
    const auto again =
        server.engine().listen({{"protocol", "http"}, {"ip", "127.0.0.1"}, {"port", port}});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(server.engine().stats().integer("connections", 0), 1) << "the session goes on";
    server.engine().unlisten(again->id);
    player.close();
    while (server.engine().stats().integer("connections", 0) > 0) {
      std::this_thread::yield();
    }
  }
  EXPECT_TRUE(RtmpClient(other, Purpose::kPlay).start());
}

TEST(Engine, AConnectionOverTheLimitIsClosedAndReported) {
  Server server({{"loops", 2}, {"limits", Fields{{"max_connections", 2}}}});
  const uint16_t port = server.listen("rtmp");
  RtmpClient first(port, Purpose::kPublish);
  RtmpClient second(port, Purpose::kPlay);
  EXPECT_TRUE(first.start());
  EXPECT_TRUE(second.start());
  RtmpClient third(port, Purpose::kPlay);
  EXPECT_FALSE(third.start());
  EXPECT_TRUE(server.await([](const Fields& event) {
    return event.text("type") == "trouble" &&
           event.text("code") == error_info(ErrorCode::kLimitConnections).name;
  }));
  first.close();
  EXPECT_TRUE(server.await("session_closed"));
  while (server.engine().stats().integer("connections", 0) > 1) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(RtmpClient(port, Purpose::kPlay).start());
}

TEST(Engine, LimitOfConnectionsChangesWhileItRuns) {
  Server server({{"loops", 2}, {"limits", Fields{{"max_connections", 1}}}});
  const uint16_t port = server.listen("rtmp");
  RtmpClient first(port, Purpose::kPublish);
  EXPECT_TRUE(first.start());
  EXPECT_FALSE(RtmpClient(port, Purpose::kPlay).start());
  server.engine().set_max_connections(2);
  RtmpClient second(port, Purpose::kPlay);
  EXPECT_TRUE(second.start());
  server.engine().set_max_connections(1);
  EXPECT_FALSE(RtmpClient(port, Purpose::kPlay).start());
  EXPECT_EQ(server.engine().stats().integer("connections", 0), 2) << "who is connected stays";
}

/// The last reports of a server, by the columns that they name.
class Reports {
 public:
  explicit Reports(Engine& engine) : report_(engine.report()) {
    for (const Value& column : report_.list("columns")) {
      columns_.push_back(*column.as<std::string>());
    }
    const BufferRef& bytes = *report_.find("sessions")->as<BufferRef>();
    if (bytes->size() != 0) {
      numbers_.resize(bytes->size() / sizeof(double));
      std::memcpy(numbers_.data(), bytes->data(), bytes->size());
    }
  }
  [[nodiscard]] size_t sessions() const { return numbers_.size() / columns_.size(); }
  /// The largest number that a session has in `column`.
  [[nodiscard]] double largest(const std::string& column) const {
    const size_t at =
        static_cast<size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin());
    double largest = 0;
    for (size_t i = at; at < columns_.size() && i < numbers_.size(); i += columns_.size()) {
      largest = std::max(largest, numbers_[i]);
    }
    return largest;
  }
  /// Sessions of all loops, known to the control plane or not.
  [[nodiscard]] double loop_sessions() const {
    double sessions = 0;
    for (const Value& loop : loops()) {
      sessions += loop.as<Fields>()->number("sessions", 0);
    }
    return sessions;
  }
  [[nodiscard]] const std::vector<Value>& loops() const { return report_.list("loops"); }

 private:
  Fields report_;
  std::vector<std::string> columns_;
  std::vector<double> numbers_;
};

TEST(Engine, ReportsWhatItsSessionsMoved) {
  Server server({{"loops", 2}});
  const uint16_t rtmp = server.listen("rtmp");
  const Client idle(server.listen("http"));  // asks nothing, so the control plane knows nothing
  RtmpClient publisher(rtmp, Purpose::kPublish);
  RtmpClient player(rtmp, Purpose::kPlay);
  ASSERT_TRUE(publisher.start() && player.start());
  TestPublisher media;
  size_t sent = 0;
  const auto send = [&](uint32_t shift_ms) {
    const auto bytes = publisher.messages([&](rtmp::ClientSession& session) {
      media.write_headers(session);
      for (int i = 0; i < 50; ++i) {
        media.write_frame(session);
      }
      media.shift(shift_ms);
    });
    sent += bytes.size();
    return publisher.send(bytes);
  };
  ASSERT_TRUE(send(3'600'000) && send(0));  // an encoder whose clock jumps by an hour
  size_t received = 0;
  ASSERT_TRUE(read_up_to(player, received, 10'000));
  // The loops report at about the same time, each when it comes to it.
  std::optional<Reports> last;
  const Time limit = Clock::now() + seconds(10);
  do {
    last.emplace(server.engine());
  } while (Clock::now() < limit &&
           (last->sessions() < 2 || last->loop_sessions() < 3 ||
            last->largest("video_frames") < 100 || last->largest("bytes_out") <= 10'000));
  const Reports& reports = *last;
  EXPECT_EQ(reports.sessions(), 2U);
  EXPECT_EQ(reports.largest("video_frames"), 100);
  EXPECT_EQ(reports.largest("audio_frames"), 200);
  EXPECT_EQ(reports.largest("jumps"), 2);  // once for each track
  EXPECT_GE(reports.largest("bytes_in"), static_cast<double>(sent));
  EXPECT_GT(reports.largest("bytes_out"), 10'000);
  ASSERT_EQ(reports.loops().size(), 2U);
  for (const Value& loop : reports.loops()) {
    EXPECT_EQ(loop.as<Fields>()->list("turns_by_length").size(), Loop::kTurnBounds.size() + 1);
  }
  EXPECT_EQ(reports.loop_sessions(), 3);
}

TEST(Engine, StopsWithSessionsOpen) {
  Server server({{"loops", 3}});
  const uint16_t rtmp = server.listen("rtmp");
  const uint16_t http = server.listen("http");
  RtmpClient publisher(rtmp, Purpose::kPublish);
  ASSERT_TRUE(publisher.start());
  std::vector<std::unique_ptr<RtmpClient>> players;
  std::vector<std::unique_ptr<Client>> viewers;
  for (int i = 0; i < 10; ++i) {
    players.push_back(std::make_unique<RtmpClient>(rtmp, Purpose::kPlay));
    ASSERT_TRUE(players.back()->start());
    viewers.push_back(std::make_unique<Client>(http));
    ASSERT_TRUE(viewers.back()->send(kFlvRequest));
  }
  TestPublisher media;
  publisher.send(publisher.messages([&](rtmp::ClientSession& session) {
    media.write_headers(session);
    for (int i = 0; i < 200; ++i) {
      media.write_frame(session);
    }
  }));
  EXPECT_TRUE(server.await("stream_tracks"));
  server.engine().stop();
  std::array<uint8_t, 65536> room;
  for (auto& player : players) {
    while (player->read(room) != 0) {
    }
  }
}

TEST(Engine, ClosesASessionByItsIdAndIgnoresOnesThatAreGone) {
  Server server({{"loops", 2}});
  const uint16_t port = server.listen("rtmp");
  RtmpClient player(port, Purpose::kPlay);
  ASSERT_TRUE(player.start());
  const auto id =
      static_cast<SessionId>(server.events("session_opened").front().number("session", 0));
  server.engine().close(id, ErrorCode::kKicked);
  EXPECT_TRUE(server.await("session_closed"));
  EXPECT_EQ(server.events("session_closed").front().text("code"),
            error_info(ErrorCode::kKicked).name);
  server.engine().close(id, ErrorCode::kKicked);
  server.engine().accept(id, {});
  server.engine().reject(UINT64_MAX, ErrorCode::kKicked, {}, 0);
  // Lives until the events are counted: its own end would be one of them.
  RtmpClient next(port, Purpose::kPlay);
  EXPECT_TRUE(next.start());
  EXPECT_EQ(server.events("session_closed").size(), 1U);
}

// The last words must not stand in the middle of a frame that the socket took in part.
TEST(Engine, PlayerWhoIsKickedInTheMiddleOfAFrameCanReadToTheEnd) {
  Server server({{"loops", 1}});
  const uint16_t port = server.listen("rtmp");
  RtmpClient player(port, Purpose::kPlay);
  ASSERT_TRUE(player.start());
  const auto id =
      static_cast<SessionId>(server.events("session_opened").front().number("session", 0));
  RtmpClient publisher(port, Purpose::kPublish);
  ASSERT_TRUE(publisher.start());
  TestPublisher media;
  // Far more than the player's socket takes while it does not read.
  publisher.send(publisher.messages([&](rtmp::ClientSession& session) {
    media.write_headers(session);
    for (int i = 0; i < 30'000; ++i) {
      media.write_frame(session);
    }
  }));
  ASSERT_TRUE(server.await("stream_tracks"));
  server.engine().close(id, ErrorCode::kKicked);
  ASSERT_TRUE(server.await("session_closed"));

  size_t media_messages = 0;
  std::string last_status;
  EXPECT_TRUE(player.read_to_end([&](const rtmp::ClientEvent& event) {
    media_messages += std::holds_alternative<rtmp::MediaMessage>(event) ? 1 : 0;
    if (const auto* status = std::get_if<rtmp::ServerStatus>(&event)) {
      last_status = status->code;
    }
  }));
  EXPECT_GT(media_messages, 0U);
  EXPECT_EQ(last_status, "NetStream.Play.Stop");
}

TEST(Engine, TwoInOneProcessKnowNothingOfEachOther) {
  Server one({{"loops", 1}});
  Server two({{"loops", 1}});
  RtmpClient first(one.listen("rtmp"), Purpose::kPublish);
  RtmpClient second(two.listen("rtmp"), Purpose::kPublish);
  EXPECT_TRUE(first.start());
  EXPECT_TRUE(second.start()) << "the same stream, but another engine";
}

/// From the publisher's socket to the players' sockets nothing is taken from the heap: per packet,
/// per player, on the publisher's loop and on the mirroring one.
class SteadyState : public ::testing::TestWithParam<Fields> {};

TEST_P(SteadyState, TakesNothingFromTheHeap) {
  AllocationCounter::exempt_this_thread();
  // A small ring, so that it has been full several times before the count begins.
  Server server({{"loops", 2}, {"limits", Fields{{"ring_max_bytes", size_t{1} << 20}}}},
                GetParam());
  const uint16_t rtmp = server.listen("rtmp");
  const uint16_t http = server.listen("http");
  RtmpClient publisher(rtmp, Purpose::kPublish);
  ASSERT_TRUE(publisher.start());
  TestPublisher media;
  std::vector<std::unique_ptr<Client>> players;
  // The kernel deals connections to loops; with so many of each kind both loops have some.
  for (int i = 0; i < 6; ++i) {
    auto player = std::make_unique<RtmpClient>(rtmp, Purpose::kPlay);
    ASSERT_TRUE(player->start());
    players.push_back(std::move(player));
    players.push_back(std::make_unique<Client>(http));
    ASSERT_TRUE(players.back()->send(kFlvRequest));
  }
  constexpr int kRounds = 8;                      // in a window
  constexpr uint32_t kFrames = 50;                // in a round
  constexpr size_t kFrameBytes = 1000 + 2 * 200;  // of video and audio
  std::vector<size_t> received(players.size(), 0);
  size_t sent = 0;
  bool ok = true;
  const auto send = [&](uint32_t frames) {
    ok = ok && publisher.send(publisher.messages([&](rtmp::ClientSession& session) {
      for (uint32_t i = 0; i < frames; ++i) {
        media.write_frame(session);
      }
    }));
    sent += frames * kFrameBytes;
  };
  const auto read_all = [&](size_t total) {
    for (size_t i = 0; ok && i < players.size(); ++i) {
      ok = read_up_to(*players[i], received[i], total);
    }
  };
  ok = publisher.send(
      publisher.messages([&](rtmp::ClientSession& session) { media.write_headers(session); }));
  // One GOP first: who joined within more would begin at the last of them.
  send(25);
  read_all(sent - kFrameBytes * 10);
  const auto window = [&] {
    for (int round = 0; ok && round < kRounds; ++round) {
      send(kFrames);
      read_all(sent -
               kFrames * kFrameBytes);  // at most a round behind, so that nobody is overtaken
    }
  };
  for (int warm_up = 0; warm_up < 6; ++warm_up) {
    window();
  }
  // A loop that was kept waiting may hold more at once than ever before, and take memory for it,
  // once.
  uint64_t allocations = UINT64_MAX;
  for (int attempt = 0; ok && allocations != 0 && attempt < 8; ++attempt) {
    AllocationCounter::start();
    window();
    allocations = AllocationCounter::stop();
  }
  EXPECT_TRUE(ok) << "a player got nothing for 10 s";
  EXPECT_EQ(allocations, 0U) << "for " << kRounds * kFrames * 3 << " packets to " << players.size()
                             << " players";
  EXPECT_GT(server.engine().stats().list("loops").size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(EachFrameAtOnce, SteadyState,
                         ::testing::Values(Fields{{"mw_latency_ms", 0}}));
INSTANTIATE_TEST_SUITE_P(MergedByTime, SteadyState,
                         ::testing::Values(Fields{{"mw_latency_ms", 20}}));
INSTANTIATE_TEST_SUITE_P(MergedByCount, SteadyState,
                         ::testing::Values(Fields{
                             {"min_latency", true}, {"mw_latency_ms", 20}, {"mw_msgs", 8}}));

}  // namespace
}  // namespace millrace
