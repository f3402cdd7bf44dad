#pragma once

// For tests only.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "engine/testing/server.hpp"
#include "protocols/webrtc/testing/client_peer.hpp"

namespace millrace::testing {

inline constexpr uint32_t kVideoSsrc = 1111;
inline constexpr uint8_t kVideoType = 102;

inline Value::List video_media(std::string_view direction) {
  return {Fields{{"mid", "0"},
                 {"kind", "video"},
                 {"direction", direction},
                 {"codecs", Value::List{Fields{{"payload_type", kVideoType},
                                               {"name", "H264"},
                                               {"clock_rate", 90000},
                                               {"channels", 0},
                                               {"fmtp", "packetization-mode=1"}}}},
                 {"ssrc", kVideoSsrc},
                 {"cname", "server"},
                 {"nack", true},
                 {"pli", true}}};
}

/// An engine with a WebRTC port, and a publisher of RTMP that sends until the end.
class WebrtcServer : public ::testing::Test {
 protected:
  explicit WebrtcServer(int loops = 2) : server_({{"loops", loops}}) {
    port_ = listen(ClientPeer::Over::kUdp);
    fingerprint_ = server_.engine().describe("webrtc").text("fingerprint");
  }
  ~WebrtcServer() override {
    stop_ = true;
    if (feeder_.joinable()) {
      feeder_.join();
    }
  }

  uint16_t listen(ClientPeer::Over over) {
    const auto listening =
        server_.engine().listen({{"protocol", "webrtc"},
                                 {"transport", over == ClientPeer::Over::kUdp ? "udp" : "tcp"},
                                 {"ip", "127.0.0.1"},
                                 {"port", 0}});
    return listening.ok() ? listening->address.port() : 0;
  }
  /// @return the session.
  SessionId create(const ClientPeer& peer, std::string_view role) {
    const auto session = server_.engine().create(
        "webrtc", peer.describe(role, video_media(role == "play" ? "sendonly" : "recvonly")));
    EXPECT_TRUE(session.ok());
    EXPECT_TRUE(server_.await([&](const Fields& event) {
      return event.text("type") == "session_opened" &&
             event.number("session", 0) == static_cast<double>(*session);
    }));
    return *session;
  }
  void publish() {
    publisher_ =
        std::make_unique<RtmpClient>(server_.listen("rtmp"), RtmpClient::Purpose::kPublish);
    ASSERT_TRUE(publisher_->start());
    feeder_ = std::thread([this] {
      TestPublisher media;
      publisher_->send(publisher_->messages([&](auto& session) { media.write_headers(session); }));
      while (!stop_) {
        publisher_->send(publisher_->messages([&](auto& session) { media.write_frame(session); }));
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
  }
  bool closed_with(SessionId session, std::string_view code) {
    return server_.await([&](const Fields& event) {
      return event.text("type") == "session_closed" && event.text("code") == code &&
             event.number("session", 0) == static_cast<double>(session);
    });
  }

  Server server_;
  uint16_t port_ = 0;
  std::string fingerprint_;
  std::unique_ptr<RtmpClient> publisher_;
  std::atomic<bool> stop_{false};
  std::thread feeder_;
};

}  // namespace millrace::testing
