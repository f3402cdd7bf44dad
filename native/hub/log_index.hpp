#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "hub/byte_log.hpp"
#include "hub/muxer.hpp"

namespace millrace {

/// What lies where in a rendition's log: the ends of frames, the random access points at which
/// readers may begin, and the splices at which they must be primed anew. One loop's own.
class LogIndex {
 public:
  explicit LogIndex(const ByteLog& log) : log_(log) {}

  /// A frame, or what belongs to one, ends at the end of the log.
  void note_end(MediaTime dts);
  /// The end of the frame that holds the byte at `position`.
  [[nodiscard]] uint64_t frame_end_after(uint64_t position) const;
  /// Nothing of a frame lies on both sides of `position`.
  [[nodiscard]] bool at_boundary(uint64_t position) const;
  /// The first boundary with no more than so many bytes and so much media behind it.
  [[nodiscard]] uint64_t oldest_within(size_t max_bytes, Duration max_lag, MediaTime newest) const;

  /// Readers may begin at `point`, which is the end of the log. The newest two are kept: who was
  /// sent to the one before may not have begun yet.
  void add_join(JoinPoint point);
  /// @return null when there is none.
  [[nodiscard]] const JoinPoint* newest_join() const;
  void forget_joins() { joins_.clear(); }
  void forget_joins_without_video();

  /// No reader may cross `splice`, which is the end of the log, without being primed with it. Join
  /// points at the same place are brought up to date.
  void add_splice(JoinPoint splice);
  /// @return null when there is none.
  [[nodiscard]] const JoinPoint* splice_at(uint64_t position) const;
  [[nodiscard]] bool has_splices() const { return !splices_.empty(); }
  /// The next splice behind `position`, else the end of the log.
  [[nodiscard]] uint64_t next_stop(uint64_t position) const;

  /// What a reader at `position` is primed with: a join point, else a splice; null for neither.
  [[nodiscard]] const JoinPoint* point_at(uint64_t position) const;

  /// What lies before `position`, a boundary, is to be forgotten by the log.
  void forget_before(uint64_t position);

 private:
  struct Entry {
    uint64_t end = 0;
    MediaTime dts{0};
  };
  static constexpr size_t kMaxJoinPoints = 2;

  const ByteLog& log_;
  Ring<Entry> entries_;
  Ring<JoinPoint> joins_;           // oldest first
  std::vector<JoinPoint> splices_;  // nearly always empty
};

}  // namespace millrace
