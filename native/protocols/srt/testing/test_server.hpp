#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/testing/controlled_engine.hpp"
#include "protocols/srt/library.hpp"
#include "protocols/srt/socket.hpp"

namespace millrace::srt::testing {

/// An engine with one SRT port, and its control plane.
class TestServer {
 public:
  using Answer = std::function<void(Engine&, SessionId, const Fields&)>;

  /// @param answer  is shown the questions.
  explicit TestServer(Answer answer, const Fields& srt = {}, const Fields& limits = {})
      : controlled_({{"loops", 2}, {"limits", limits}},
                    [answer = std::move(answer)](Engine& engine, const Fields& event) {
                      const std::string type = event.text("type");
                      if (type == "publish_requested" || type == "play_requested") {
                        answer(engine, static_cast<SessionId>(event.number("session", 0)), event);
                      }
                    }) {
    const auto listening =
        engine().listen({{"protocol", "srt"}, {"ip", "127.0.0.1"}, {"port", 0}, {"srt", srt}});
    EXPECT_TRUE(listening);
    address_ = listening->address;
  }

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] Engine& engine() { return controlled_.engine(); }
  bool await(const std::string& type, size_t count = 1) { return controlled_.await(type, count); }
  std::vector<Fields> events(const std::string& type) { return controlled_.events(type); }

 private:
  Address address_;
  millrace::testing::ControlledEngine controlled_;
};

inline void accept_all(Engine& engine, SessionId session, const Fields& /*event*/) {
  engine.accept(session, {{"stream", "/live/a"}});
}

/// A caller that waits.
class Caller {
 public:
  explicit Caller(const TestServer& server, const std::string& stream_id,
                  const std::string& passphrase = {}) {
    SocketOptions options;
    options.stream_id = stream_id;
    options.passphrase = passphrase;
    options.receive_latency_ms = 20;
    auto opened = Socket::open(options);
    EXPECT_TRUE(opened);
    socket_ = std::move(*opened);
    const bool yes = true;
    srt_setsockflag(socket_.get(), SRTO_RCVSYN, &yes, sizeof yes);
    srt_setsockflag(socket_.get(), SRTO_SNDSYN, &yes, sizeof yes);
    const int timeout_ms = 10'000;
    srt_setsockflag(socket_.get(), SRTO_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    connected_ = static_cast<bool>(socket_.connect(server.address()));
  }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  Library library_;
  Socket socket_;
  bool connected_ = false;
};

}  // namespace millrace::srt::testing
