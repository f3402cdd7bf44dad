#include "formats/mpegts/pes_writer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/byte_writer.hpp"

namespace millrace::mpegts {
namespace {

constexpr size_t kPcrBytes = 6;

/// program_clock_reference_base, reserved bits and an extension of 0: ISO/IEC 13818-1 §2.4.3.4.
void put_pcr(uint8_t* at, uint64_t base) {
  at[0] = static_cast<uint8_t>(base >> 25);
  at[1] = static_cast<uint8_t>(base >> 17);
  at[2] = static_cast<uint8_t>(base >> 9);
  at[3] = static_cast<uint8_t>(base >> 1);
  at[4] = static_cast<uint8_t>((base & 1) << 7 | 0x7e);
  at[5] = 0;
}

/// A time in five bytes with marker bits: ISO/IEC 13818-1 §2.4.3.7.
void put_time(ByteWriter& writer, uint32_t prefix, uint64_t time) {
  writer.u8(prefix << 4 | static_cast<uint32_t>(time >> 29 & 0x0e) | 1);
  writer.u16(static_cast<uint32_t>(time >> 14 & 0xfffe) | 1);
  writer.u16(static_cast<uint32_t>(time << 1 & 0xfffe) | 1);
}

}  // namespace

void PesWriter::put(Bytes bytes) {
  assert(bytes.size() <= left_);
  while (!bytes.empty()) {
    if (packet_left_ == 0) {
      begin_packet();
    }
    const size_t size = std::min(packet_left_, bytes.size());
    std::memcpy(room_.data() + at_, bytes.data(), size);
    at_ += size;
    packet_left_ -= size;
    left_ -= size;
    bytes = bytes.subspan(size);
  }
}

void PesWriter::finish() {
  assert(left_ == 0 && packet_left_ == 0);
  if (at_ > 0) {
    out_.commit(at_);
    at_ = 0;
  }
}

void PesWriter::begin_packet() {
  if (room_.size() - at_ < kPacketBytes) {
    if (at_ > 0) {
      out_.commit(at_);
    }
    room_ = out_.room(kPacketBytes);
    at_ = 0;
  }
  size_t adaptation = 0;  // bytes of the adaptation field, its length byte included
  const bool first = !started_;
  const bool with_flags = first && (first_.random_access || first_.pcr);
  if (with_flags) {
    adaptation = 2 + (first_.pcr ? kPcrBytes : 0);
  }
  packet_left_ = std::min(kPacketPayloadBytes - adaptation, left_);
  adaptation = kPacketPayloadBytes - packet_left_;

  uint8_t* packet = room_.data() + at_;
  packet[0] = kSyncByte;
  packet[1] = static_cast<uint8_t>((first ? 0x40 : 0) | pid_ >> 8);
  packet[2] = static_cast<uint8_t>(pid_);
  packet[3] = static_cast<uint8_t>((adaptation > 0 ? 0x30 : 0x10) | (continuity_ & 0x0f));
  continuity_ = (continuity_ + 1) & 0x0f;
  if (adaptation > 0) {
    uint8_t* field = packet + kPacketHeaderBytes;
    field[0] = static_cast<uint8_t>(adaptation - 1);
    if (adaptation > 1) {
      size_t used = 2;
      field[1] = 0;
      if (with_flags) {
        field[1] =
            static_cast<uint8_t>((first_.random_access ? 0x40 : 0) | (first_.pcr ? 0x10 : 0));
        if (first_.pcr) {
          put_pcr(field + used, *first_.pcr);
          used += kPcrBytes;
        }
      }
      std::memset(field + used, 0xff, adaptation - used);
    }
  }
  at_ += kPacketHeaderBytes + adaptation;
  started_ = true;
}

PesHeader::PesHeader(uint8_t stream_id, uint64_t pts, uint64_t dts, size_t payload_bytes) {
  const bool with_dts = pts != dts;
  const uint32_t data_length = with_dts ? 10 : 5;
  const size_t length = 3 + data_length + payload_bytes;
  ByteWriter writer(bytes_);
  writer.u24(1);
  writer.u8(stream_id);
  writer.u16(length > UINT16_MAX ? 0 : static_cast<uint32_t>(length));
  writer.u8(0x84);  // '10', data_alignment_indicator: an access unit begins with the payload
  writer.u8(with_dts ? 0xc0 : 0x80);
  writer.u8(data_length);
  put_time(writer, with_dts ? 3 : 2, pts);
  if (with_dts) {
    put_time(writer, 1, dts);
  }
  size_ = writer.size();
}

}  // namespace millrace::mpegts
