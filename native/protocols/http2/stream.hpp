#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <span>
#include <vector>

#include "io/connection.hpp"
#include "protocols/http2/multiplexer.hpp"

namespace millrace::http2 {

/// One stream of a Multiplexer, from its head until nghttp2 has closed it.
class Multiplexer::Stream {
 public:
  /// What a Connection has of its stream. Either may go first.
  class Handle final : public Carrier {
   public:
    explicit Handle(Stream& stream) : stream_(&stream) { stream.handle_ = this; }
    ~Handle() override {
      if (stream_ != nullptr) {
        stream_->let_go();
      }
    }
    size_t send(std::span<const iovec> pieces) override {
      return stream_ != nullptr ? stream_->send(pieces) : 0;
    }
    void finish() override {
      if (stream_ != nullptr) {
        stream_->finish();
      }
    }
    void read_on() override {
      if (stream_ != nullptr) {
        stream_->hand_out_input();
      }
    }

   private:
    friend class Stream;
    Stream* stream_;
  };

  Stream(Multiplexer& multiplexer, int32_t id) : multiplexer_(multiplexer), id_(id) {}

  [[nodiscard]] int32_t id() const { return id_; }
  [[nodiscard]] RequestHead& head() { return head_; }
  [[nodiscard]] bool opened() const { return opened_; }
  [[nodiscard]] bool input_ended() const { return input_ended_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool blocked() const { return blocked_; }

  // From nghttp2's callbacks: nothing of the owner is called.
  void on_head(bool more_follows);
  void on_data(Bytes bytes);
  void on_input_end();
  void on_close() { closed_ = true; }
  /// What is to be sent next. @return as nghttp2_data_source_read_callback.
  ssize_t read_source(size_t room, uint32_t& flags) const;
  /// Hands `size` bytes of what is to be sent to the frame that is made.
  void take(size_t size);

  // Outside of them.
  void attach(Connection& connection);
  void hand_out_input();
  void on_writable();
  /// The stream is no more: tells the connection why.
  void detach(Error reason);
  void refuse(unsigned status);

 private:
  size_t send(std::span<const iovec> pieces);
  [[nodiscard]] bool submit_head();
  void finish();
  void let_go();
  void reset(uint32_t error_code);

  Multiplexer& multiplexer_;
  const int32_t id_;
  RequestHead head_;
  ResponseHead response_;
  std::vector<uint8_t> input_;  // HTTP/1.1, that the owner has not had
  size_t unconsumed_ = 0;       // DATA bytes in it, that the peer may not send again yet
  Connection* connection_ = nullptr;
  Handle* handle_ = nullptr;

  std::span<const iovec> offer_;  // only while send() runs
  size_t offer_at_ = 0;           // in its first piece
  size_t offer_left_ = 0;

  bool opened_ = false;     // somebody answers, or has refused
  bool in_chunks_ = false;  // the body's length was not told
  bool input_ended_ = false;
  bool responded_ = false;
  bool finished_ = false;
  bool closed_ = false;
  bool blocked_ = false;
};

}  // namespace millrace::http2
