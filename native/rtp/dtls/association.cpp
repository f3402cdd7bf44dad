#include "rtp/dtls/association.hpp"

#include <algorithm>

#include "base/byte_writer.hpp"

namespace millrace::dtls {

namespace {

enum class ContentType : uint8_t { kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22 };
constexpr uint8_t kFinished = 20;
constexpr uint8_t kWarning = 1;
constexpr uint8_t kFatal = 2;
constexpr uint8_t kCloseNotify = 0;
// Who has not heard the last flight after so many losses does not hear us at all. Bounds what
// records that are sent again and again can make us send.
constexpr uint8_t kMaxRepetitions = 16;
constexpr size_t kMaxContent = 64;  // alerts have 2 bytes, a Finished has 24

uint64_t number_of(Bytes record) { return ByteReader(record.subspan(3)).u64(); }

/// The record that `datagram` begins with; empty when it is not whole.
Bytes first_record(Bytes datagram) {
  if (datagram.size() < kRecordHeaderSize) {
    return {};
  }
  const size_t size = kRecordHeaderSize + (size_t{datagram[11]} << 8 | datagram[12]);
  return size <= datagram.size() ? datagram.first(size) : Bytes();
}

}  // namespace

void SentRecords::note(Bytes records) {
  for (Bytes record = first_record(records); !record.empty(); record = first_record(records)) {
    records = records.subspan(record.size());
    const uint64_t number = number_of(record);
    const uint64_t epoch = number >> 48;
    if (epoch >= next_numbers_.size()) {
      continue;
    }
    next_numbers_[epoch] = number + 1;
    if (epoch == 1 && record.size() <= last_.size()) {
      std::copy(record.begin(), record.end(), last_.begin());
      last_size_ = record.size();
    }
  }
}

Association::Association(const RecordKeys& keys, const SentRecords& sent, Flight last_flight)
    : keys_(keys),
      next_plain_(sent.next_number(0)),
      next_protected_(sent.next_number(1)),
      repetitions_left_(last_flight == Flight::kOurs ? kMaxRepetitions : 0) {
  const Bytes last = sent.last_protected();
  if (keys_.explicit_nonce_size() != 0 && !last.empty()) {
    // OpenSSL begins anywhere and counts.
    next_nonce_ = ByteReader(last.subspan(kRecordHeaderSize)).u64() + 1;
  }
  std::array<uint8_t, kMaxContent> content;
  const auto size = keys_.open_own(last, content);
  if (size == finished_.size() && content[0] == kFinished) {
    std::copy_n(content.begin(), finished_.size(), finished_.begin());
    has_finished_ = true;
  }
}

void Association::receive(Bytes datagram, std::vector<uint8_t>& output) {
  for (Bytes record = first_record(datagram); !record.empty() && !closed_by_peer_;
       record = first_record(datagram)) {
    datagram = datagram.subspan(record.size());
    if (record[1] == 254 && record[2] == 253 && number_of(record) >> 48 == 1) {
      on_record(record, output);
    }
  }
}

void Association::on_record(Bytes record, std::vector<uint8_t>& output) {
  const auto type = static_cast<ContentType>(record[0]);
  if (type != ContentType::kAlert && type != ContentType::kHandshake) {
    return;  // application data: no data channels are negotiated
  }
  std::array<uint8_t, kMaxContent> content;
  const auto size = keys_.open(record, content);
  if (!size || *size < 2) {
    return;
  }
  if (type == ContentType::kAlert) {
    closed_by_peer_ = content[0] == kFatal || content[1] == kCloseNotify;
  } else if (content[0] == kFinished) {
    repeat_last_flight(output);
  }
}

void Association::repeat_last_flight(std::vector<uint8_t>& output) {
  if (repetitions_left_ == 0 || !has_finished_) {
    return;
  }
  --repetitions_left_;
  std::array<uint8_t, kRecordHeaderSize + 1> change_cipher_spec{};
  ByteWriter writer(change_cipher_spec);
  writer.u8(static_cast<uint8_t>(ContentType::kChangeCipherSpec));
  writer.u16(DTLS1_2_VERSION);
  writer.u64(next_plain_++);
  writer.u16(1);
  writer.u8(1);
  output.insert(output.end(), change_cipher_spec.begin(), change_cipher_spec.end());
  append_protected(static_cast<uint8_t>(ContentType::kHandshake), finished_, output);
}

void Association::close(std::vector<uint8_t>& output) {
  append_protected(static_cast<uint8_t>(ContentType::kAlert),
                   std::array<uint8_t, 2>{kWarning, kCloseNotify}, output);
}

void Association::append_protected(uint8_t type, Bytes content, std::vector<uint8_t>& output) {
  std::array<uint8_t, kMaxContent + kMaxRecordOverhead> room;
  const size_t size = keys_.seal(type, next_protected_++, next_nonce_++, content, room);
  output.insert(output.end(), room.begin(), room.begin() + static_cast<ptrdiff_t>(size));
}

}  // namespace millrace::dtls
