#pragma once

// For tests only: an engine with a control plane that lets everybody in, and clients of it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "engine/engine.hpp"
#include "engine/testing/controlled_engine.hpp"
#include "protocols/rtmp/client_session.hpp"

namespace millrace::testing {

/// An engine that lets everybody in, to one stream.
class Server {
 public:
  explicit Server(const Fields& options, Fields play_options = {})
      : play_options_(std::move(play_options)),
        controlled_(options,
                    [this](Engine& engine, const Fields& event) { answer(engine, event); }) {
    play_options_.set("stream", "live/a");
    (void)engine().configure(
        "http",
        {{"vhosts",
          Value::List{Fields{
              {"name", "__defaultVhost__"},
              {"live_mounts", Value::List{Fields{{"format", "flv"},
                                                 {"mount", "[vhost]/[app]/[stream].flv"}}}}}}}});
  }

  [[nodiscard]] Engine& engine() { return controlled_.engine(); }
  uint16_t listen(const char* protocol) {
    const auto listening =
        engine().listen({{"protocol", protocol}, {"ip", "127.0.0.1"}, {"port", 0}});
    return listening.ok() ? listening->address.port() : 0;
  }
  bool await(const std::function<bool(const Fields&)>& fits) { return controlled_.await(fits); }
  bool await(const std::string& type) { return controlled_.await(type); }
  std::vector<Fields> events(const std::string& type) { return controlled_.events(type); }

 private:
  void answer(Engine& engine, const Fields& event) const {
    const auto session = static_cast<SessionId>(event.number("session", 0));
    const std::string type = event.text("type");
    if (type == "connect_requested") {
      engine.accept(session, {});
    } else if (type == "publish_requested") {
      engine.accept(session, {{"stream", "live/a"}});
    } else if (type == "play_requested") {
      engine.accept(session, play_options_);
    }
  }

  Fields play_options_;
  ControlledEngine controlled_;
};

/// A blocking TCP client of 127.0.0.1 that gives up after 10 s.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    connected_ =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes = bytes.subspan(static_cast<size_t>(sent));
    }
    return true;
  }
  bool send(std::string_view text) {
    return send(Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }
  /// @return 0 at the end, or after 10 s without bytes.
  size_t read(std::span<uint8_t> room) {
    const ssize_t size = ::recv(fd_.get(), room.data(), room.size(), 0);
    return size > 0 ? static_cast<size_t>(size) : 0;
  }
  /// What there is at the moment.
  size_t read_now(std::span<uint8_t> room) {
    const ssize_t size = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
    return size > 0 ? static_cast<size_t>(size) : 0;
  }
  void close() { fd_.reset(); }

 private:
  Fd fd_;
  bool connected_ = false;
};

/// A publisher or player of RTMP.
class RtmpClient : public Client {
 public:
  using Purpose = rtmp::ClientOptions::Purpose;

  RtmpClient(uint16_t port, Purpose purpose)
      : Client(port),
        session_({.purpose = purpose,
                  .tc_url = "rtmp://127.0.0.1/live",
                  .app = "live",
                  .stream = "a",
                  .page_url = {},
                  .swf_url = {},
                  .connect_arguments = {}},
                 {}, 1) {}

  /// @return false when the server refused or said nothing.
  bool start() {
    for (;;) {
      if (!flush()) {
        return false;
      }
      if (session_.started()) {
        return true;
      }
      const size_t size = read(room_);
      session_.feed(Bytes(room_).first(size));
      for (;;) {
        const auto event = session_.poll();
        if (!event.ok() || size == 0) {
          return false;
        }
        if (!event->has_value()) {
          break;
        }
        if (std::holds_alternative<rtmp::Started>(**event)) {
          break;  // what follows is media
        }
      }
    }
  }
  /// After start(): reads until the server closes.
  /// @return false when it sent what is no RTMP.
  bool read_to_end(const std::function<void(const rtmp::ClientEvent&)>& on_event) {
    for (;;) {
      const auto event = session_.poll();
      if (!event.ok()) {
        return false;
      }
      if (event->has_value()) {
        on_event(**event);
        continue;
      }
      const size_t size = read(room_);
      if (size == 0) {
        return true;
      }
      session_.feed(Bytes(room_).first(size));
    }
  }
  /// The bytes of a publisher's messages, to be sent in any pieces.
  std::vector<uint8_t> messages(const std::function<void(rtmp::ClientSession&)>& write) {
    write(session_);
    const Bytes output = session_.pending_output();
    std::vector<uint8_t> out(output.begin(), output.end());
    session_.consume_output(out.size());
    return out;
  }
  [[nodiscard]] rtmp::ClientSession& session() { return session_; }

 private:
  bool flush() {
    const Bytes output = session_.pending_output();
    const bool sent = send(output);
    session_.consume_output(output.size());
    return sent;
  }

  std::array<uint8_t, 65536> room_{};  // lent to the session
  rtmp::ClientSession session_;
};

/// Sequence headers, and then frames of a fixed size with a random access point every 25th: 40 ms
/// of video and two frames of audio in turn.
class TestPublisher {
 public:
  void write_headers(rtmp::ClientSession& session) {
    write_video_header(session);
    session.write_media(rtmp::MessageType::kAudio, 0, hex("af 00 1210"));
  }
  void write_video_header(rtmp::ClientSession& session) {
    session.write_media(
        rtmp::MessageType::kVideo, 0,
        hex("17 00 000000 01 64000a ff e1 0018 6764000aacd9447b011000000300100000030320f1225960"
            "01 0006 68ebe3cb22c0 fdf8f800"));
  }
  void write_frame(rtmp::ClientSession& session) {
    const uint32_t time_ms = number_ * 40 + shift_ms_;
    std::vector<uint8_t> audio = hex("af 01");
    audio.resize(202, static_cast<uint8_t>(number_));
    write_video(session);
    session.write_media(rtmp::MessageType::kAudio, time_ms + 1, audio);
    session.write_media(rtmp::MessageType::kAudio, time_ms + 24, audio);
  }
  void write_video(rtmp::ClientSession& session) {
    const uint32_t time_ms = number_ * 40 + shift_ms_;
    const bool key = number_ % 25 == 0;
    std::vector<uint8_t> video = hex(key ? "17 01 000000 000003e8 65" : "27 01 000000 000003e8 41");
    video.resize(5 + 4 + 1000, static_cast<uint8_t>(number_));
    session.write_media(rtmp::MessageType::kVideo, time_ms, video);
    ++number_;
  }
  /// Frames from here on are so much later.
  void shift(uint32_t by_ms) { shift_ms_ += by_ms; }

 private:
  uint32_t number_ = 0;
  uint32_t shift_ms_ = 0;
};

}  // namespace millrace::testing
