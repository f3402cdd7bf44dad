#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/byte_sink.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::srt {

/// Gathers TS packets into payloads of seven, the most that fit the smallest usual MTU, and hands
/// each on when it is full.
class PayloadSink final : public ByteSink {
 public:
  static constexpr size_t kPackets = 7;
  static constexpr size_t kBytes = kPackets * mpegts::kPacketBytes;

  class Receiver {
   public:
    virtual ~Receiver() = default;
    /// @param payload  valid for the call.
    virtual void on_payload(Bytes payload) = 0;
  };

  explicit PayloadSink(Receiver& receiver) : receiver_(receiver) {}

  std::span<uint8_t> room(size_t at_least) override {
    if (bytes_.size() - size_ < at_least) {
      flush();
    }
    return std::span(bytes_).subspan(size_);
  }
  void commit(size_t size) override {
    size_ += size;
    if (size_ == kBytes) {
      flush();
    }
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Hands on what there is.
  void flush() {
    if (size_ != 0) {
      const size_t size = std::exchange(size_, 0);
      receiver_.on_payload(Bytes(bytes_).first(size));
    }
  }

 private:
  Receiver& receiver_;
  std::array<uint8_t, kBytes> bytes_{};
  size_t size_ = 0;
};

}  // namespace millrace::srt
