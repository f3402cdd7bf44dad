#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/buffer_chain.hpp"
#include "io/connection.hpp"
#include "io/fd.hpp"

namespace millrace::http {

/// One answer on its way: a head, then a part of shared memory or of a file. Sent from where it
/// lies, as the socket takes it; nothing is queued.
class OutgoingAnswer {
 public:
  enum class Progress : uint8_t {
    kSent,       // all of it
    kBlocked,    // the socket is full: go on when it is writable
    kTurnTaken,  // the socket took this answer's share of a turn: go on in the next one
    kFileCut,    // the file has become shorter than what the head promised
  };

  /// The head, and any bytes of the body that are made for this answer alone; to be appended to.
  [[nodiscard]] std::string& head() { return head_; }
  /// Bytes `offset` to `offset + size` of `body`.
  void set_body(std::shared_ptr<const BufferChain> body, size_t offset, size_t size);
  /// Bytes `offset` to `offset + size` of `file`. A small piece is read at once, to go with the
  /// head.
  void set_file(Fd file, uint64_t offset, uint64_t size);

  [[nodiscard]] Progress send(Connection& connection);
  /// Lets go of everything, for the next answer.
  void clear();

 private:
  [[nodiscard]] Progress send_memory(Connection& connection, uint64_t& turn_left);
  [[nodiscard]] Progress send_file(Connection& connection, uint64_t& turn_left);

  std::string head_;
  size_t head_sent_ = 0;
  std::shared_ptr<const BufferChain> body_;
  size_t part_ = 0;     // of body_, that is sent next
  size_t part_at_ = 0;  // first byte of it
  size_t body_left_ = 0;
  Fd file_;
  off_t file_at_ = 0;
  uint64_t file_left_ = 0;
};

}  // namespace millrace::http
