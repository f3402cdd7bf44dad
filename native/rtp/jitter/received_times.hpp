#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace millrace::rtp {

/// Numbers and times of the newest packets of a source. A redundant copy of a packet (RFC 2198)
/// comes with its time alone; from what is around the gap follows the number that it was sent with.
///
/// Between the packets of media may be some of padding, which have numbers of their own and the
/// time of the packet before them. Which numbers of a longer gap were padding, nobody can tell; a
/// packet may so be given a neighbouring number, in the right order all the same.
class ReceivedTimes {
 public:
  /// How many numbers are looked back over. The 14 bits of a block's offset are 341 ms at 48 kHz.
  static constexpr int64_t kReach = 64;

  struct Entry {
    int64_t index = 0;
    int64_t timestamp = 0;
    bool padding = false;
  };

  void add(const Entry& entry) { slot(entry.index) = entry; }
  /// One whose place missing_at() found.
  void add_recovered(const Entry& entry) {
    add(entry);
    recovered_[recovered_count_++ % recovered_.size()] = entry.timestamp;
  }
  void reset();

  /// @param duration  of the packet, in ticks; 0: not known.
  /// @param carrier   the packet with the copy; need not be added yet.
  /// @return the number of the missing packet of that time; nullopt when a packet of that time is
  ///         here, or what is around the gap does not tell which of several it is.
  [[nodiscard]] std::optional<int64_t> missing_at(int64_t timestamp, int64_t duration,
                                                  const Entry& carrier) const;
  /// Whether a packet of that time was recovered a short while ago.
  [[nodiscard]] bool was_recovered(int64_t timestamp) const;

 private:
  [[nodiscard]] std::optional<Entry>& slot(int64_t index) {
    return entries_[static_cast<size_t>(index) & (kReach - 1)];
  }
  [[nodiscard]] const std::optional<Entry>& slot(int64_t index) const {
    return entries_[static_cast<size_t>(index) & (kReach - 1)];
  }

  std::array<std::optional<Entry>, kReach> entries_{};
  std::array<int64_t, 16> recovered_{};  // timestamps
  size_t recovered_count_ = 0;
};

}  // namespace millrace::rtp
