#include "protocols/rtmp/handshake.hpp"

#include <algorithm>
#include <span>

#include "base/byte_writer.hpp"

namespace millrace::rtmp {

namespace {

constexpr uint8_t kProxyMark = 0xf3;
constexpr size_t kMaxProxyBytes = 1024;
/// What SRS and Flash Player say of themselves in S1 and C1. Not zero: that means no digest.
constexpr uint32_t kServerVersion = 0x01000504;
constexpr uint32_t kClientVersion = 0x80000702;

/// splitmix64 (Steele, Lea, Flood 2014): the bytes only have to differ.
uint64_t next_random(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t value = state;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

void fill_random(std::span<uint8_t> bytes, uint64_t& state) {
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t value = next_random(state);
    for (uint8_t& byte : bytes.subspan(at, std::min<size_t>(8, bytes.size() - at))) {
      byte = static_cast<uint8_t>(value);
      value >>= 8;
    }
  }
}

/// Time 0, `version`, random bytes: the shape of C1 and S1 in both forms.
void fill_part(MutableHandshakePart part, uint32_t version, uint64_t& random_state) {
  ByteWriter out(part);
  out.u32(0);
  out.u32(version);
  fill_random(part.subspan(8), random_state);
}

MutableHandshakePart part_at(std::vector<uint8_t>& bytes, size_t offset) {
  return std::span(bytes).subspan(offset).first<kHandshakeBytes>();
}

}  // namespace

Result<size_t> ServerHandshake::feed(Bytes bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ != State::kDone) {
    if (state_ == State::kStart) {
      const uint8_t first = bytes[taken];
      ++taken;
      if (first == kProxyMark && !address_) {
        state_ = State::kProxyLength;
        left_ = 2;
      } else if (first == kRtmpVersion) {
        state_ = State::kC1;
        left_ = kHandshakeBytes;
      } else {
        return Error{ErrorCode::kRtmpHandshakeVersion, first};
      }
      continue;
    }
    const Bytes part = bytes.subspan(taken, std::min(left_, bytes.size() - taken));
    taken += part.size();
    left_ -= part.size();
    // C2 should repeat S1. Nothing depends on it and field encoders send other bytes: not kept.
    if (state_ != State::kC2) {
      collected_.insert(collected_.end(), part.begin(), part.end());
    }
    if (left_ != 0) {
      break;
    }
    ByteReader in(collected_);
    switch (state_) {
      case State::kProxyLength:
        left_ = in.u16();
        if (left_ < 4 || left_ > kMaxProxyBytes) {
          return Error{ErrorCode::kRtmpHandshakeVersion, kProxyMark};
        }
        state_ = State::kProxyBody;
        break;
      case State::kProxyBody:
        address_.emplace();
        std::copy_n(collected_.begin(), address_->size(), address_->begin());
        state_ = State::kStart;
        break;
      case State::kC1:
        answer(part_at(collected_, 0));
        left_ = kHandshakeBytes;
        state_ = State::kC2;
        break;
      default:
        state_ = State::kDone;
        break;
    }
    collected_.clear();
  }
  if (done()) {
    collected_ = {};
  }
  return taken;
}

void ServerHandshake::answer(HandshakePart c1) {
  output_.resize(1 + 2 * kHandshakeBytes);
  output_[0] = kRtmpVersion;
  const MutableHandshakePart s1 = part_at(output_, 1);
  const MutableHandshakePart s2 = part_at(output_, 1 + kHandshakeBytes);
  schema_ = find_digest(c1, HandshakeSide::kClient);
  if (schema_) {
    fill_part(s1, kServerVersion, random_state_);
    put_digest(s1, *schema_, HandshakeSide::kServer);
    fill_random(s2, random_state_);
    put_answer_digest(s2, HandshakeSide::kServer, digest_in(c1, *schema_));
  } else {
    fill_part(s1, 0, random_state_);
    std::copy(c1.begin(), c1.end(), s2.begin());  // §5.2.4
  }
}

ClientHandshake::ClientHandshake(Form form, uint64_t random_seed) : random_state_(random_seed) {
  output_.resize(1 + kHandshakeBytes);
  output_[0] = kRtmpVersion;
  const MutableHandshakePart c1 = part_at(output_, 1);
  fill_part(c1, form == Form::kDigest ? kClientVersion : 0, random_state_);
  if (form == Form::kDigest) {
    put_digest(c1, DigestSchema::kDigestFirst, HandshakeSide::kClient);
    digest_ = digest_in(c1, DigestSchema::kDigestFirst);
  }
}

Result<size_t> ClientHandshake::feed(Bytes bytes) {
  constexpr size_t kWhole = 1 + 2 * kHandshakeBytes;
  if (done_) {
    return size_t{0};
  }
  const Bytes part = bytes.first(std::min(bytes.size(), kWhole - collected_.size()));
  collected_.insert(collected_.end(), part.begin(), part.end());
  if (!collected_.empty() && collected_[0] != kRtmpVersion) {
    return Error{ErrorCode::kRtmpHandshakeVersion, collected_[0]};
  }
  if (collected_.size() == kWhole) {
    if (const Status answered = answer(); !answered.ok()) {
      return answered.error();
    }
    collected_ = {};
    done_ = true;
  }
  return part.size();
}

Status ClientHandshake::answer() {
  const HandshakePart s1 = part_at(collected_, 1);
  const HandshakePart s2 = part_at(collected_, 1 + kHandshakeBytes);
  output_.resize(kHandshakeBytes);
  const MutableHandshakePart c2 = part_at(output_, 0);
  if (digest_) {
    schema_ = find_digest(s1, HandshakeSide::kServer);
  }
  if (!schema_) {
    std::copy(s1.begin(), s1.end(), c2.begin());  // §5.2.4
    return {};
  }
  if (!answers_digest(s2, HandshakeSide::kServer, *digest_)) {
    return ErrorCode::kRtmpHandshakeDigest;
  }
  fill_random(c2, random_state_);
  put_answer_digest(c2, HandshakeSide::kClient, digest_in(s1, *schema_));
  return {};
}

}  // namespace millrace::rtmp
