#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.hpp"
#include "protocols/srt/library.hpp"
#include "protocols/srt/socket.hpp"

namespace millrace::srt::testing {

/// An engine with one SRT port, and its control plane.
class TestServer {
 public:
  using Answer = std::function<void(Engine&, SessionId, const Fields&)>;

  explicit TestServer(Answer answer, const Fields& srt = {}, int64_t max_connections = 1000)
      : answer_(std::move(answer)),
        engine_({{"loops", 2}, {"limits", Fields{{"max_connections", max_connections}}}},
                [this] { wake(); }) {
    const auto listening =
        engine_.listen({{"protocol", "srt"}, {"ip", "127.0.0.1"}, {"port", 0}, {"srt", srt}});
    EXPECT_TRUE(listening);
    address_ = listening->address;
    control_ = std::thread([this] { control(); });
  }
  ~TestServer() {
    engine_.stop();
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    control_.join();
  }

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] Engine& engine() { return engine_; }
  /// Waits for an event; those seen before count. @return false after 10 s.
  bool await(const std::string& type, size_t count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] {
      return static_cast<size_t>(std::ranges::count_if(
                 seen_, [&](const Fields& event) { return event.text("type") == type; })) >= count;
    });
  }
  std::vector<Fields> events(const std::string& type) {
    const std::lock_guard lock(mutex_);
    std::vector<Fields> found;
    std::ranges::copy_if(seen_, std::back_inserter(found),
                         [&](const Fields& event) { return event.text("type") == type; });
    return found;
  }

 private:
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void control() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return woken_ || stopped_; });
      if (!woken_) {
        return;
      }
      woken_ = false;
      lock.unlock();
      const auto events = engine_.take_events();
      for (const Fields& event : events) {
        const std::string type = event.text("type");
        if (type == "publish_requested" || type == "play_requested") {
          answer_(engine_, static_cast<SessionId>(event.number("session", 0)), event);
        }
      }
      lock.lock();
      seen_.insert(seen_.end(), events.begin(), events.end());
      changed_.notify_all();
    }
  }

  Answer answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopped_ = false;
  std::vector<Fields> seen_;
  Address address_;
  Engine engine_;
  std::thread control_;
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
