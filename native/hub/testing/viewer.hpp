#pragma once

// For tests only: a reader with its connection on a loop, and its peer on the test's thread.

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "hub/rendition.hpp"
#include "io/testing/loop_thread.hpp"
#include "io/testing/peer.hpp"

namespace millrace::testing {

struct ViewerOptions {
  int send_buffer = 0;  // of the socket; 0 = as the system likes
  TimeJitter jitter = TimeJitter::kFull;
  std::shared_ptr<const TlsContext> tls;
};

/// Its reader is used on the loop, its peer on the test's thread.
class Viewer final : private Connection::Owner, private Reader::Owner {
 public:
  explicit Viewer(LoopThread& thread, const ViewerOptions& options = {}) : thread_(thread) {
    auto [ours, theirs] = socket_pair(options.send_buffer);
    peer_ = std::make_unique<Peer>(std::move(theirs), options.tls ? Secure::kYes : Secure::kNo);
    thread_.call([this, fd = std::move(ours), &options]() mutable {
      connection_ =
          std::make_unique<Connection>(thread_.loop(), std::move(fd), Address{}, options.tls,
                                       static_cast<Connection::Owner&>(*this));
      reader_ = std::make_unique<Reader>(*connection_, static_cast<Reader::Owner&>(*this),
                                         options.jitter);
      (void)connection_->start();
    });
    if (options.tls) {
      secured_ = peer_->handshake();
    }
  }
  ~Viewer() override {
    thread_.call([this] {
      reader_.reset();
      thread_.loop().dispose(std::move(connection_));
    });
    thread_.finish_turn();
  }
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  [[nodiscard]] Reader& reader() { return *reader_; }
  [[nodiscard]] Connection& connection() { return *connection_; }
  [[nodiscard]] Peer& peer() { return *peer_; }
  [[nodiscard]] bool secured() const { return secured_; }
  [[nodiscard]] bool stalled() const { return stalled_.load(); }
  [[nodiscard]] bool closed() const { return closed_.load(); }

  /// Feeds `parser` with what has come, in pieces of at most `piece` bytes. @return bytes.
  template <typename Parser>
  size_t read_now(Parser& parser, size_t piece = size_t{64} << 10) {
    std::vector<uint8_t> room(piece);
    size_t total = 0;
    while (const size_t size = peer_->read_now(room)) {
      parser.feed(Bytes(room).first(size));
      total += size;
    }
    return total;
  }
  /// The same until `done()`, waiting for more. @return false when nothing came for 10 s, or at the
  /// end.
  template <typename Parser, typename Done>
  bool read_until(Parser& parser, Done done, size_t piece = size_t{64} << 10) {
    std::vector<uint8_t> room(piece);
    while (!done()) {
      const size_t size = peer_->read_now(room);
      parser.feed(Bytes(room).first(size));
      if (size == 0 && (peer_->ended() || !peer_->wait())) {
        return done();
      }
    }
    return true;
  }

 private:
  void on_bytes(Bytes /*bytes*/) override {}
  void on_writable() override {
    if (reader_) {
      reader_->pump();
    }
  }
  void on_closed(Error /*error*/) override { closed_ = true; }
  void on_reader_stalled() override { stalled_ = true; }

  LoopThread& thread_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Reader> reader_;
  std::atomic<bool> stalled_{false};
  std::atomic<bool> closed_{false};
  bool secured_ = false;
};

}  // namespace millrace::testing
