#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/http2/multiplexer.hpp"

namespace {

using namespace millrace;  // NOLINT(google-build-using-namespace)

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void must(bool what) {
  if (!what) {
    std::abort();
  }
}

/// What the peer, the network and the answering sessions do beside the bytes that come.
class Choices {
 public:
  explicit Choices(uint32_t seed) : state_(seed) {}
  uint32_t next(uint32_t below) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 16) % below;
  }

 private:
  uint32_t state_;
};

/// The peer's end of the connection: takes what there is room for.
class Wire final : public Carrier {
 public:
  explicit Wire(size_t& room) : room_(room) {}
  size_t send(std::span<const iovec> pieces) override {
    size_t taken = 0;
    for (const iovec& piece : pieces) {
      const size_t part = std::min(room_, piece.iov_len);
      room_ -= part;
      taken += part;
    }
    return taken;
  }
  void finish() override {}
  void read_on() override {}

 private:
  size_t& room_;
};

/// Who answers one stream. It gets one request, whole and well framed, or the stream's end.
class Answerer final : public Connection::Owner {
 public:
  Answerer(std::unique_ptr<Connection> stream, uint32_t kind)
      : connection_(std::move(stream)), kind_(kind) {
    connection_->set_owner(*this);
    must(connection_->start());
    if (kind_ == 1) {
      connection_->pause_reading();
    }
  }
  ~Answerer() override {
    if (!connection_->closed()) {
      Connection::linger(std::move(connection_));
    }
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  void on_bytes(Bytes bytes) override {
    must(!ended_ && !bytes.empty());
    parser_.feed(bytes);
    for (;;) {
      const auto event = parser_.poll();
      if (!event.ok()) {
        must(!headed_);  // only a head may be wrong: the framing behind it is made here
        return answer("HTTP/1.1 400 Bad Request\r\n\r\n");
      }
      if (!*event) {
        return;
      }
      must(!complete_);
      switch ((*event)->kind) {
        case http::RequestEvent::Kind::kHead:
          must(!std::exchange(headed_, true));
          parser_.set_body_limit(std::numeric_limits<uint64_t>::max());
          if (kind_ == 2) {
            connection_->write("HTTP/1.1 100 Continue\r\n\r\n");
          } else if (kind_ == 3) {
            return answer("HTTP/1.1 200 OK\r\n\r\n");  // before the body
          }
          break;
        case http::RequestEvent::Kind::kBody:
          break;
        case http::RequestEvent::Kind::kComplete:
          complete_ = true;
          answer(kind_ == 4 ? "nonsense\r\n\r\n" : "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n");
          break;
      }
    }
  }
  void on_writable() override {
    must(!ended_);
    send_some();
  }
  void on_closed(Error /*error*/) override { must(!std::exchange(ended_, true)); }

  /// Some time later.
  void go_on(uint32_t choice) {
    if (ended_) {
      return;
    }
    if (kind_ == 1) {
      connection_->resume_reading();
    } else if (kind_ == 5 && choice == 0) {
      connection_->close();
    }
  }
  [[nodiscard]] bool over() const { return ended_ || connection_->closed(); }

 private:
  void answer(std::string_view head) {
    if (!std::exchange(answered_, true) && kind_ != 6) {
      connection_->write(head);
      send_some();
    }
  }
  void send_some() {
    if (!answered_ || kind_ == 6) {
      return;
    }
    // One kind never ends.
    for (size_t sent = 1; sent > 0 && (left_ > 0 || kind_ == 5);) {
      const iovec piece{const_cast<uint8_t*>(kBody.data()),
                        left_ > 0 ? std::min(left_, kBody.size()) : kBody.size()};
      sent = connection_->try_write({&piece, 1});
      left_ -= std::min(sent, left_);
    }
    if (left_ == 0 && kind_ != 5) {
      connection_->close_when_sent();
    }
  }

  std::unique_ptr<Connection> connection_;
  const uint32_t kind_;
  static constexpr std::array<uint8_t, 100'000> kBody{};
  size_t left_ = 150'000;  // more than a window of either kind
  http::RequestParser parser_;
  bool headed_ = false;
  bool complete_ = false;
  bool answered_ = false;
  bool ended_ = false;
};

/// One connection on a loop of its own, each part of the peer's bytes in a turn of its own.
class Run final : private http2::Multiplexer::Handler {
 public:
  Run(Bytes bytes, size_t step, uint32_t seed) : bytes_(bytes), step_(step), choices_(seed) {
    auto connection = std::make_unique<Connection>(loop_, std::make_unique<Wire>(room_), Address{});
    connection_ = connection.get();
    http2::MultiplexerSettings settings;
    settings.max_streams = 8;
    settings.request = {.target_bytes = 256, .head_bytes = 2048, .header_count = 16};
    multiplexer_ =
        std::make_unique<http2::Multiplexer>(loop_, std::move(connection), settings, scratch_,
                                             static_cast<http2::Multiplexer::Handler&>(*this));
    loop_.post([this] {
      must(connection_->start());
      multiplexer_->start();
      receive({reinterpret_cast<const uint8_t*>(kPreface.data()), kPreface.size()});
      loop_.post([this] { go_on(); });
    });
    loop_.run();
    must(ended_);
  }

 private:
  void go_on() {
    if (ended_ || bytes_.empty()) {
      return finish();
    }
    const Bytes part = bytes_.first(std::min(step_, bytes_.size()));
    bytes_ = bytes_.subspan(part.size());
    receive(part);
    for (size_t i = 0; i < answerers_.size(); ++i) {
      answerers_[i]->go_on(choices_.next(4));
    }
    std::erase_if(answerers_, [this](std::unique_ptr<Answerer>& one) {
      const bool over = one->over();
      if (over) {
        loop_.dispose(std::move(one));
      }
      return over;
    });
    if (!ended_) {
      room_ = choices_.next(8) == 0 ? choices_.next(100) : 1'000'000;
      connection_->carried_writable();
    }
    loop_.post([this] { go_on(); });
  }
  void receive(Bytes bytes) {
    const std::vector<uint8_t> lent(bytes.begin(), bytes.end());
    connection_->carried_bytes(lent);
  }
  void finish() {
    if (!ended_) {
      choices_.next(2) == 0 ? multiplexer_->close({ErrorCode::kShuttingDown})
                            : connection_->carried_end({ErrorCode::kPeerClosed});
    }
    for (const auto& one : answerers_) {
      must(one->over());
    }
    answerers_.clear();
    loop_.dispose(std::move(multiplexer_));
    loop_.post([this] { loop_.stop(); });
  }

  unsigned refusal() override { return choices_.next(16) == 0 ? 503 : 0; }
  void on_stream(std::unique_ptr<Connection> stream) override {
    must(!ended_);
    answerers_.push_back(std::make_unique<Answerer>(std::move(stream), choices_.next(9)));
  }
  void on_fault(Error /*error*/) override { must(!ended_); }
  void on_end(Error /*reason*/) override { must(!std::exchange(ended_, true)); }

  Bytes bytes_;
  const size_t step_;
  Choices choices_;
  size_t room_ = 1'000'000;
  bool ended_ = false;
  std::vector<uint8_t> scratch_;
  Loop loop_{0};
  std::vector<std::unique_ptr<Answerer>> answerers_;
  std::unique_ptr<http2::Multiplexer> multiplexer_;
  Connection* connection_ = nullptr;
};

}  // namespace

// First byte: step size; second: what else happens. The bytes follow the connection preface.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 2) {
    const Run run(Bytes(data, size).subspan(2), 1 + size_t{data[0]} * 8, data[1]);
  }
  return 0;
}
