#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rtp/dtls/record_keys.hpp"

namespace millrace::dtls {

/// What was sent in a handshake, as far as whoever goes on with the association must know.
class SentRecords {
 public:
  /// @param records  whole ones, in the order of their numbers.
  void note(Bytes records);

  /// The next number of an epoch, which it begins with.
  [[nodiscard]] uint64_t next_number(uint16_t epoch) const { return next_numbers_[epoch]; }
  /// The last protected one, which is that of our Finished; empty when there was none.
  [[nodiscard]] Bytes last_protected() const { return Bytes(last_).first(last_size_); }

 private:
  std::array<uint64_t, 2> next_numbers_{0, uint64_t{1} << 48};
  std::array<uint8_t, 64> last_{};
  size_t last_size_ = 0;
};

/// An association whose handshake is over, in a few hundred bytes. DTLS carries nothing for SRTP
/// then but alerts and the last flight when it was lost, and OpenSSL's object takes 75 KB for
/// those. Renegotiation is refused by not answering. Source: RFC 6347 §4.2.4 (the last flight
/// again), §4.1.2.7 (what is not authentic is dropped).
class Association {
 public:
  enum class Flight : bool { kOfThePeer, kOurs };
  /// @param last_flight  whose it was: the server's, without resumption.
  Association(const RecordKeys& keys, const SentRecords& sent, Flight last_flight);

  /// One datagram of the peer. Appends what is to be answered to `output`.
  void receive(Bytes datagram, std::vector<uint8_t>& output);
  /// Appends close_notify.
  void close(std::vector<uint8_t>& output);
  /// Has the peer said close_notify, or a fatal alert?
  [[nodiscard]] bool closed_by_peer() const { return closed_by_peer_; }

 private:
  void on_record(Bytes record, std::vector<uint8_t>& output);
  void repeat_last_flight(std::vector<uint8_t>& output);
  void append_protected(uint8_t type, Bytes content, std::vector<uint8_t>& output);

  RecordKeys keys_;
  uint64_t next_plain_;
  uint64_t next_protected_;
  uint64_t next_nonce_ = 0;
  std::array<uint8_t, 24> finished_{};  // the message; of it the end is 12 bytes, RFC 5246 §7.4.9
  bool has_finished_ = false;
  uint8_t repetitions_left_;
  bool closed_by_peer_ = false;
};

}  // namespace millrace::dtls
