#pragma once

// For tests only: the simplest output form that can show every fault of a rendition, and its
// parser.

#include <optional>
#include <string>
#include <vector>

#include "base/byte_writer.hpp"
#include "hub/muxer.hpp"
#include "hub/testing/media.hpp"

namespace millrace::testing {

/// What one record says.
struct Record {
  enum class Kind : uint8_t { kPrime = 1, kTrack, kFrame, kMetadata, kSession } kind{};
  uint8_t flags = 0;    // kPrime: what is open; kFrame: kVideo, kRandomAccess
  int64_t time_us = 0;  // kFrame: the stream's; kPrime: the reader's
  uint32_t number = 0;  // kFrame, kMetadata: of the frame
  uint32_t size = 0;    // of the payload

  static constexpr uint8_t kVideo = 1;
  static constexpr uint8_t kAudio = 2;
  static constexpr uint8_t kRandomAccess = 4;
  static constexpr uint8_t kHasVideo = 8;
  static constexpr uint8_t kHasAudio = 16;
  static constexpr size_t kHeaderBytes = 1 + 1 + 8 + 4;
};

template <typename Append>
void write_record(Record::Kind kind, uint8_t flags, MediaTime time, Bytes payload,
                  Append&& append) {
  std::array<uint8_t, Record::kHeaderBytes> room;
  ByteWriter writer(room);
  writer.u8(static_cast<uint8_t>(kind));
  writer.u8(flags);
  writer.u64(static_cast<uint64_t>(time.count()));
  writer.u32(static_cast<uint32_t>(payload.size()));
  append(writer.written());
  append(payload);
}

/// What a session says of its own.
inline std::vector<uint8_t> session_record(size_t size) {
  std::vector<uint8_t> out;
  write_record(Record::Kind::kSession, 0, MediaTime(0), std::vector<uint8_t>(size, 0x55),
               [&out](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
  return out;
}

/// Like RTMP it opens audio and video apart, so a track that comes later needs a splice.
class RecordMuxer final : public Muxer {
 public:
  void write_track(const Track& track, MediaTime at, ByteLog& log) override {
    write_record(Record::Kind::kTrack, flag(track.kind), at, {},
                 [&log](Bytes bytes) { log.append(bytes); });
  }
  void write_frame(const Frame& frame, ByteLog& log) override {
    const auto flags = static_cast<uint8_t>(flag(frame.track->kind) |
                                            (frame.random_access ? Record::kRandomAccess : 0));
    write_record(frame.is_data() ? Record::Kind::kMetadata : Record::Kind::kFrame, flags, frame.dts,
                 frame.payload(), [&log](Bytes bytes) { log.append(bytes); });
  }
  bool needs_prime_for(const Track& track, MediaTime /*at*/) override {
    const bool open = (open_ & flag(track.kind)) != 0;
    open_ = static_cast<uint8_t>(open_ | flag(track.kind));
    return !open;
  }
  std::array<int64_t, 4> mark() const override { return {open_}; }
  void write_prime(const JoinPoint& point, ReaderClock& clock, std::vector<uint8_t>& out) override {
    if (!clock.started) {
      clock.started = true;
      clock.origin = point.dts;
    }
    const auto flags = static_cast<uint8_t>(point.mark[0] | (point.video ? Record::kHasVideo : 0) |
                                            (point.audio ? Record::kHasAudio : 0));
    write_record(Record::Kind::kPrime, flags, point.dts - clock.origin, {},
                 [&out](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
  }

 private:
  static uint8_t flag(TrackKind kind) {
    return kind == TrackKind::kVideo   ? Record::kVideo
           : kind == TrackKind::kAudio ? Record::kAudio
                                       : 0;
  }
  uint8_t open_ = 0;
};

/// Reads what a reader got. `problem` says what a player could not have understood.
class RecordParser {
 public:
  void feed(Bytes bytes) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    size_t at = 0;
    while (problem.empty() && pending_.size() - at >= Record::kHeaderBytes) {
      ByteReader reader(Bytes(pending_).subspan(at));
      Record record;
      record.kind = static_cast<Record::Kind>(reader.u8());
      record.flags = reader.u8();
      record.time_us = static_cast<int64_t>(reader.u64());
      record.size = reader.u32();
      if (record.kind < Record::Kind::kPrime || record.kind > Record::Kind::kSession) {
        problem = "no record after " + std::to_string(records.size());
        break;
      }
      if (reader.remaining() < record.size) {
        break;
      }
      check(record, reader.bytes(record.size));
      at += Record::kHeaderBytes + record.size;
      records.push_back(record);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  /// Nothing of a record that is not whole.
  [[nodiscard]] bool at_boundary() const { return pending_.empty(); }
  /// Numbers of the frames, in order.
  [[nodiscard]] std::vector<uint32_t> numbers() const {
    std::vector<uint32_t> out;
    for (const Record& record : records) {
      if (record.kind == Record::Kind::kFrame) {
        out.push_back(record.number);
      }
    }
    return out;
  }
  [[nodiscard]] size_t count(Record::Kind kind) const {
    size_t count = 0;
    for (const Record& record : records) {
      count += record.kind == kind ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] std::optional<uint32_t> last() const { return last_; }

  std::vector<Record> records;
  std::string problem;

 private:
  void check(Record& record, Bytes payload) {
    const auto where = " at record " + std::to_string(records.size());
    switch (record.kind) {
      case Record::Kind::kPrime:
        open_ = record.flags & (Record::kVideo | Record::kAudio);
        primed_ = true;
        break;
      case Record::Kind::kTrack:
      case Record::Kind::kSession:
        break;
      case Record::Kind::kMetadata:
        record.number = frame_number(payload);
        break;
      case Record::Kind::kFrame: {
        record.number = frame_number(payload);
        // After a gap only a random access point will do, and it must be primed.
        const bool gap = !last_ || record.number != *last_ + 1;
        if ((open_ & record.flags & (Record::kVideo | Record::kAudio)) == 0) {
          problem = "a frame of a track that was not opened" + where;
        } else if (record.number == UINT32_MAX) {
          problem = "other bytes in a frame" + where;
        } else if (last_ && record.number <= *last_) {
          problem = "a frame twice or back in order" + where;
        } else if (gap && (!primed_ || (record.flags & Record::kRandomAccess) == 0)) {
          problem = "a gap before frame " + std::to_string(record.number) + where;
        }
        last_ = record.number;
        primed_ = false;
        break;
      }
    }
  }

  std::vector<uint8_t> pending_;
  int open_ = 0;
  bool primed_ = false;
  std::optional<uint32_t> last_;
};

}  // namespace millrace::testing
