#include "control/session.hpp"

#include <gtest/gtest.h>

#include <set>

#include "control/module_states.hpp"
#include "control/session_counters.hpp"
#include "hub/loop_hub.hpp"
#include "io/testing/loop_thread.hpp"

namespace millrace {
namespace {

/// What happened to the sessions of a test.
struct Story {
  std::vector<std::string> lines;
};

class TestSession final : public Session {
 public:
  TestSession(LoopContext& context, Story& story) : Session(context, "test"), story_(story) {}
  ~TestSession() override { story_.lines.emplace_back("gone"); }
  void start() override {}
  void on_accept(const Fields& options) override {
    story_.lines.push_back("accept " + options.text("x"));
  }
  void on_reject(ErrorCode code, std::string_view text, int http_status) override {
    story_.lines.push_back("reject " + std::string(error_info(code).name) + " " +
                           std::string(text) + " " + std::to_string(http_status));
  }
  void close(ErrorCode code) override { finish({code, 5}, 1, 2, 3); }
  void count(SessionCounters& counters) const override { counters.bytes_in = 7; }
  using Session::ask;
  using Session::asking;

 private:
  Story& story_;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    thread_.call([&] {
      sessions_ = std::make_unique<SessionTable>(thread_.loop());
      troubles_ = std::make_unique<TroubleLog>(thread_.loop(), events_);
      hub_ = std::make_unique<LoopHub>(thread_.loop(), directory_);
      context_.reset(new LoopContext{thread_.loop(), *hub_, *sessions_, events_, *troubles_,
                                     modules_, modules_, limits_, identity_, connections_,
                                     max_connections_, addresses_});
    });
  }
  ~SessionTest() override {
    thread_.call([&] {
      sessions_->close_all(ErrorCode::kShuttingDown);
      troubles_.reset();
    });
    thread_.finish_turn();
    thread_.stop();
    thread_.loop().discard();
    hub_.reset();
    EXPECT_EQ(connections_, 0U);
  }
  /// On the loop.
  TestSession& add() {
    ++connections_;
    auto session = std::make_unique<TestSession>(*context_, story_);
    TestSession& added = *session;
    sessions_->add(std::move(session));
    return added;
  }

  testing::LoopThread thread_{3};
  Story story_;
  std::atomic<int> wakes_{0};
  EventQueue events_{[this] { ++wakes_; }};
  Directory directory_;
  ModuleStates modules_;
  Limits limits_;
  Identity identity_;
  std::atomic<size_t> connections_{0};
  std::atomic<size_t> max_connections_{1000};
  AddressCounts addresses_{0, limits_.trusted_proxies};
  std::unique_ptr<SessionTable> sessions_;
  std::unique_ptr<TroubleLog> troubles_;
  std::unique_ptr<LoopHub> hub_;
  std::unique_ptr<LoopContext> context_;
};

TEST_F(SessionTest, IdsNameOneSessionForGood) {
  thread_.call([&] {
    std::set<SessionId> ids;
    for (int i = 0; i < 100; ++i) {
      TestSession& session = add();
      EXPECT_TRUE(ids.insert(session.id()).second);
      EXPECT_EQ(SessionTable::loop_of(session.id()), 3U);
      EXPECT_LT(session.id(), SessionId{1} << 52);
      EXPECT_EQ(sessions_->find(session.id()), &session);
      EXPECT_EQ(session.cid().size(), 8U);
      const SessionId id = session.id();
      session.close(ErrorCode::kNone);
      EXPECT_EQ(sessions_->find(id), nullptr);
    }
    EXPECT_EQ(sessions_->size(), 0U);
    EXPECT_EQ(sessions_->find(UINT64_MAX), nullptr);
    EXPECT_EQ(sessions_->find(0), nullptr);
  });
}

TEST_F(SessionTest, ShowsTheSessionsThatTheControlPlaneKnows) {
  thread_.call([&] {
    TestSession& known = add();
    TestSession& unknown = add();
    known.ask({{"type", "play_requested"}});
    std::vector<const Session*> shown;
    sessions_->for_each_known([&](const Session& session) {
      SessionCounters counters;
      session.count(counters);
      EXPECT_EQ(counters.bytes_in, 7U);
      shown.push_back(&session);
    });
    EXPECT_EQ(shown, std::vector<const Session*>{&known});
    EXPECT_NE(&unknown, &known);
  });
}

TEST_F(SessionTest, DecisionCountsOnceAndOnlyWhenAsked) {
  thread_.call([&] {
    TestSession& session = add();
    session.decide_accept({{"x", "unasked"}});
    session.ask({{"type", "play_requested"}});
    EXPECT_TRUE(session.asking());
    session.decide_accept({{"x", "1"}});
    session.decide_reject(ErrorCode::kStreamBusy, "late", 400);
    session.ask({{"type", "play_requested"}});
    session.decide_reject(ErrorCode::kStreamBusy, "busy", 400);
  });
  EXPECT_EQ(story_.lines,
            (std::vector<std::string>{
                "accept 1",
                "reject " + std::string(error_info(ErrorCode::kStreamBusy).name) + " busy 400"}));
  EXPECT_EQ(wakes_, 1) << "one wake-up for a burst";
  const auto events = events_.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].text("type"), "play_requested");
  EXPECT_NE(events[0].number("session", 0), 0);
  EXPECT_TRUE(events_.take().empty());
}

TEST_F(SessionTest, SilenceIsARejection) {
  limits_.admission_timeout = milliseconds(5);
  thread_.call([&] { add().ask({{"type", "play_requested"}}); });
  while (thread_.call([&] { return story_.lines.empty(); })) {
  }
  EXPECT_EQ(story_.lines.front(), "reject " +
                                      std::string(error_info(ErrorCode::kAdmissionTimeout).name) +
                                      " no decision in time 503");
}

TEST_F(SessionTest, EndIsToldOnceAndDestroysAtTheTurnsEnd) {
  thread_.call([&] {
    TestSession& session = add();
    session.close(ErrorCode::kIdleTimeout);
    session.close(ErrorCode::kNone);
    session.decide_accept({});
    EXPECT_TRUE(story_.lines.empty());
  });
  thread_.finish_turn();
  EXPECT_EQ(story_.lines, std::vector<std::string>{"gone"});
  const auto events = events_.take();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].text("code"), error_info(ErrorCode::kIdleTimeout).name);
  EXPECT_EQ(events[0].integer("bytes_out", 0), 2);
}

TEST_F(SessionTest, TroublesAreFoldedIntoOneEventASecond) {
  thread_.call([&] {
    for (uint32_t i = 0; i < 1000; ++i) {
      troubles_->note("rtmp", {ErrorCode::kIoError, i}, i);
    }
    troubles_->note("http", {ErrorCode::kIoError, 7});
  });
  while (wakes_ == 0) {
    thread_.finish_turn();
  }
  thread_.finish_turn();
  const auto events = events_.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].text("area"), "rtmp");
  EXPECT_EQ(events[1].integer("count", 0), 1000);
  EXPECT_EQ(events[1].integer("detail", 0), 999);
}

}  // namespace
}  // namespace millrace
