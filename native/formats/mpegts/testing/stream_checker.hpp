#pragma once

// For tests only: reads a transport stream and checks on the way what a muxer can get wrong, down
// to stuffing and reserved bits, which a Demuxer has to forgive. Shares no code with muxer and
// demuxer, so that one mistake cannot hide in both.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"

namespace millrace::mpegts {

struct CheckedPes {
  uint16_t pid = 0;
  uint8_t stream_id = 0;
  uint64_t pts = 0;
  uint64_t dts = 0;
  bool has_dts = false;
  uint16_t length = 0;  // PES_packet_length
  bool random_access = false;
  std::optional<uint64_t> pcr;
  std::vector<uint8_t> payload;
};

struct CheckedPmtEntry {
  uint8_t stream_type = 0;
  uint16_t pid = 0;
  std::vector<uint8_t> descriptors;
};

/// State that runs over several pieces of one stream, as segments are.
class StreamChecker {
 public:
  std::vector<CheckedPes> pes;
  std::vector<CheckedPmtEntry> streams;  // of the last PMT
  uint16_t pcr_pid = 0;
  int pmt_version = -1;
  int tables = 0;  // PMTs seen

  /// Whole packets; every PES packet must end within.
  void read(Bytes bytes) {
    ASSERT_EQ(bytes.size() % 188, 0U);
    for (size_t at = 0; at < bytes.size(); at += 188) {
      ASSERT_NO_FATAL_FAILURE(packet(bytes.subspan(at, 188))) << "at byte " << at;
    }
    for (auto& [pid, open] : open_) {
      finish(open);
    }
    open_.clear();
  }

  /// The PES packets of one PID.
  [[nodiscard]] std::vector<CheckedPes> of(uint16_t pid) const {
    std::vector<CheckedPes> found;
    for (const auto& one : pes) {
      if (one.pid == pid) {
        found.push_back(one);
      }
    }
    return found;
  }

 private:
  void packet(Bytes p) {
    ASSERT_EQ(p[0], 0x47);
    ASSERT_EQ(p[1] & 0xa0, 0) << "transport_error_indicator or transport_priority";
    ASSERT_EQ(p[3] & 0xc0, 0) << "scrambled";
    const bool start = (p[1] & 0x40) != 0;
    const auto pid = static_cast<uint16_t>((p[1] & 0x1f) << 8 | p[2]);
    const int control = p[3] >> 4 & 3;
    ASSERT_TRUE((control & 1) != 0) << "a packet without payload";
    const int continuity = p[3] & 0x0f;
    if (const auto last = continuity_.find(pid); last != continuity_.end()) {
      ASSERT_EQ(continuity, (last->second + 1) & 0x0f) << "continuity of pid " << pid;
    }
    continuity_[pid] = continuity;

    size_t at = 4;
    bool random_access = false;
    std::optional<uint64_t> pcr;
    if ((control & 2) != 0) {
      const size_t length = p[4];
      ASSERT_LE(length, 182U) << "no room for payload";
      if (length > 0) {
        const uint8_t flags = p[5];
        ASSERT_EQ(flags & 0xaf, 0) << "unexpected adaptation field flags";
        random_access = (flags & 0x40) != 0;
        size_t used = 1;
        if ((flags & 0x10) != 0) {
          ASSERT_GE(length, 7U);
          uint64_t bits = 0;
          for (size_t i = 0; i < 6; ++i) {
            bits = bits << 8 | p[6 + i];
          }
          ASSERT_EQ(bits >> 9 & 0x3f, 0x3fU) << "reserved bits of the PCR";
          pcr = bits >> 15;
          used = 7;
        }
        for (size_t i = 5 + used; i < 5 + length; ++i) {
          ASSERT_EQ(p[i], 0xff) << "stuffing";
        }
      }
      at = 5 + length;
    }
    const Bytes payload = p.subspan(at);
    if (pid == 0) {
      section(payload, [this](Bytes body) {
        ASSERT_EQ(body.size(), 4U);
        pmt_pid_ = static_cast<uint16_t>((body[2] & 0x1f) << 8 | body[3]);
      });
      return;
    }
    if (pid == pmt_pid_) {
      section(payload, [this](Bytes body) { pmt(body); });
      return;
    }
    ASSERT_TRUE(is_known(pid)) << "pid " << pid << " is not in the PMT";
    if (start) {
      if (const auto open = open_.find(pid); open != open_.end()) {
        finish(open->second);
      }
      open_[pid] = CheckedPes{};
      open_[pid].pid = pid;
      open_[pid].random_access = random_access;
      open_[pid].pcr = pcr;
    }
    ASSERT_TRUE(open_.count(pid) == 1) << "payload before a start";
    if (pcr) {
      ASSERT_EQ(pid, pcr_pid);
    }
    auto& bytes = open_[pid].payload;
    bytes.insert(bytes.end(), payload.begin(), payload.end());
  }

  template <typename Body>
  void section(Bytes payload, Body&& body) {
    ASSERT_EQ(payload[0], 0) << "pointer_field";
    const size_t length = static_cast<size_t>(payload[2] & 0x0f) << 8 | payload[3];
    ASSERT_LE(length + 4, payload.size());
    ASSERT_EQ(crc(payload.subspan(1, length + 3)), 0U);
    ASSERT_EQ(payload[6] & 1, 1) << "current_next_indicator";
    if (payload[1] == 2) {
      pmt_version = payload[6] >> 1 & 0x1f;
    }
    body(payload.subspan(9, length - 9));
    for (size_t i = length + 4; i < payload.size(); ++i) {
      ASSERT_EQ(payload[i], 0xff);
    }
  }

  void pmt(Bytes body) {
    ++tables;
    pcr_pid = static_cast<uint16_t>((body[0] & 0x1f) << 8 | body[1]);
    streams.clear();
    size_t at = 4 + (static_cast<size_t>(body[2] & 0x0f) << 8 | body[3]);
    while (at < body.size()) {
      ASSERT_LE(at + 5, body.size());
      CheckedPmtEntry entry;
      entry.stream_type = body[at];
      entry.pid = static_cast<uint16_t>((body[at + 1] & 0x1f) << 8 | body[at + 2]);
      const size_t length = static_cast<size_t>(body[at + 3] & 0x0f) << 8 | body[at + 4];
      ASSERT_LE(at + 5 + length, body.size());
      const Bytes descriptors = body.subspan(at + 5, length);
      entry.descriptors.assign(descriptors.begin(), descriptors.end());
      streams.push_back(entry);
      at += 5 + length;
    }
  }

  void finish(CheckedPes& open) {
    auto& p = open.payload;
    ASSERT_GE(p.size(), 14U);
    ASSERT_TRUE(p[0] == 0 && p[1] == 0 && p[2] == 1) << "packet_start_code_prefix";
    open.stream_id = p[3];
    open.length = static_cast<uint16_t>(p[4] << 8 | p[5]);
    ASSERT_EQ(p[6] & 0xf0, 0x80);
    const int flags = p[7] >> 6;
    ASSERT_TRUE(flags == 2 || flags == 3);
    open.pts = time(p, 9, static_cast<uint8_t>(flags));
    open.has_dts = flags == 3;
    open.dts = open.has_dts ? time(p, 14, 1) : open.pts;
    const size_t header = 9U + p[8];
    ASSERT_EQ(p[8], flags == 3 ? 10 : 5);
    if (open.length != 0) {
      ASSERT_EQ(open.length, p.size() - 6);
    } else {
      ASSERT_GT(p.size() - 6, 65535U);
    }
    p.erase(p.begin(), p.begin() + static_cast<ptrdiff_t>(header));
    pes.push_back(std::move(open));
  }

  static uint64_t time(const std::vector<uint8_t>& p, size_t at, uint8_t prefix) {
    EXPECT_EQ(p[at] >> 4, prefix);
    EXPECT_EQ(p[at] & p[at + 2] & p[at + 4] & 1, 1) << "marker bits";
    return uint64_t{p[at] & 0x0eU} << 29 | uint64_t{p[at + 1]} << 22 |
           uint64_t{p[at + 2] & 0xfeU} << 14 | uint64_t{p[at + 3]} << 7 | p[at + 4] >> 1;
  }

  static uint32_t crc(Bytes bytes) {
    uint32_t value = 0xffffffff;
    for (const uint8_t byte : bytes) {
      for (int bit = 7; bit >= 0; --bit) {
        const uint32_t carry = value >> 31 ^ (byte >> bit & 1U);
        value = value << 1 ^ (carry != 0 ? 0x04c11db7U : 0);
      }
    }
    return value;
  }

  [[nodiscard]] bool is_known(uint16_t pid) const {
    for (const auto& stream : streams) {
      if (stream.pid == pid) {
        return true;
      }
    }
    return false;
  }

  uint16_t pmt_pid_ = 0xffff;
  std::map<uint16_t, int> continuity_;
  std::map<uint16_t, CheckedPes> open_;
};

}  // namespace millrace::mpegts
