#include "rtp/payload/av1.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "base/bounded_list.hpp"
#include "base/byte_writer.hpp"
#include "codecs/av1/codec_configuration.hpp"
#include "codecs/av1/obu.hpp"
#include "codecs/av1/temporal_unit.hpp"

namespace millrace::rtp {
namespace {

using av1::ObuType;

// Aggregation header, §4.4: |Z|Y| W |N|-|-|-|
constexpr uint8_t kContinues = 0x80;    // Z: the first element began in the packet before
constexpr uint8_t kContinued = 0x40;    // Y: the last element goes on in the next packet
constexpr uint8_t kNewSequence = 0x08;  // N: first packet of a coded video sequence
// W counts up to 3 elements, so that the last one needs no length. More small OBUs than that in a
// row are rare, and go into the next packet.
constexpr size_t kMaxElements = 3;

constexpr uint8_t kHasExtension = 0x04;
constexpr uint8_t kHasSize = 0x02;
/// An OBU is not cut for less than this at the end of a packet.
constexpr size_t kLeastPiece = 16;

constexpr bool is_left_out(ObuType type) {
  return type == ObuType::kTemporalDelimiter || type == ObuType::kTileList ||
         type == ObuType::kPadding;
}

size_t leb128_size(size_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) {
    ++size;
  }
  return size;
}

template <typename Put>
void write_leb128(size_t value, Put put) {
  for (; value >= 0x80; value >>= 7) {
    put(static_cast<uint8_t>(0x80 | (value & 0x7f)));
  }
  put(static_cast<uint8_t>(value));
}

}  // namespace

Status Av1Packetizer::collect(Bytes obus, bool& has_sequence_header) {
  av1::ObuReader reader(obus);
  for (auto next = reader.next(); !next.ok() || next.value(); next = reader.next()) {
    if (!next) {
      return next.error();
    }
    const av1::Obu& obu = **next;
    if (is_left_out(obu.type)) {
      continue;
    }
    has_sequence_header = has_sequence_header || obu.type == ObuType::kSequenceHeader;
    Element element{};
    element.header[0] = static_cast<uint8_t>(obu.whole[0] & ~kHasSize);
    element.header_size = (obu.whole[0] & kHasExtension) != 0 ? 2 : 1;
    element.header[1] = element.header_size == 2 ? obu.whole[1] : uint8_t{0};
    element.payload = obu.payload;
    elements_.push_back(element);
  }
  return {};
}

Status Av1Packetizer::write(const Frame& frame) {
  elements_.clear();
  bool has_sequence_header = false;
  if (const Status status = collect(frame.payload(), has_sequence_header); !status) {
    return status;
  }
  if (frame.random_access && !has_sequence_header && frame.track->configuration) {
    const auto configuration = av1::CodecConfiguration::parse(frame.track->configuration->bytes());
    const auto from_frame = static_cast<ptrdiff_t>(elements_.size());
    if (configuration && collect(configuration->config_obus, has_sequence_header)) {
      std::rotate(elements_.begin(), elements_.begin() + from_frame, elements_.end());
    } else {
      elements_.resize(static_cast<size_t>(from_frame));
    }
  }

  bool continues = false;
  bool new_sequence = frame.random_access && has_sequence_header;
  size_t offset = 0;  // in the element at hand
  for (size_t at = 0; at < elements_.size();) {
    BoundedList<Piece, kMaxElements> pieces;
    size_t room = max_payload_size() - 1;
    bool continued = false;
    while (at < elements_.size() && !pieces.full() && !continued) {
      // The piece before was thought to be the last one; now it needs a length.
      const size_t length_field = pieces.empty() ? 0 : leb128_size(pieces[pieces.size() - 1].size);
      const size_t left = elements_[at].size() - offset;
      if (room <= length_field ||
          (left > room - length_field && !pieces.empty() && room - length_field < kLeastPiece)) {
        break;
      }
      room -= length_field;
      const size_t size = std::min(left, room);
      (void)pieces.push_back({&elements_[at], offset, size});
      room -= size;
      continued = size < left;
      offset = continued ? offset + size : 0;
      at += continued ? 0 : 1;
    }
    write_packet({pieces.begin(), pieces.size()}, continues, continued, new_sequence);
    continues = continued;
    new_sequence = false;
  }
  return {};
}

void Av1Packetizer::write_packet(std::span<const Piece> pieces, bool continues, bool continued,
                                 bool new_sequence) {
  size_t size = 1;
  for (size_t i = 0; i < pieces.size(); ++i) {
    size += pieces[i].size + (i + 1 < pieces.size() ? leb128_size(pieces[i].size) : 0);
  }
  ByteWriter writer(add(size).mutable_payload());
  writer.u8((continues ? kContinues : 0U) | (continued ? kContinued : 0U) |
            static_cast<uint32_t>(pieces.size()) << 4 | (new_sequence ? kNewSequence : 0U));
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const Element& element = *piece.element;
    if (i + 1 < pieces.size()) {
      write_leb128(piece.size, [&writer](uint8_t byte) { writer.u8(byte); });
    }
    // The header of an OBU is not in the payload that the frame has: it lost its size field.
    const Bytes header(element.header, element.header_size);
    const size_t from_header =
        piece.offset < header.size() ? std::min(piece.size, header.size() - piece.offset) : 0;
    if (from_header > 0) {
      writer.bytes(header.subspan(piece.offset, from_header));
    }
    const size_t from = piece.offset + from_header - header.size();
    if (piece.size > from_header) {
      writer.bytes(element.payload.subspan(from, piece.size - from_header));
    }
  }
}

Status Av1Depacketizer::append(Bytes payload) {
  const Error malformed{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(payload.size())};
  const uint8_t header = payload[0];
  const unsigned count = header >> 4 & 3;  // W; 0: every element has a length
  const bool continues = (header & kContinues) != 0;
  const bool continued = (header & kContinued) != 0;
  if (continues != obu_continues_ || (continues && (header & kNewSequence) != 0)) {
    return malformed;
  }
  ByteReader reader(payload.subspan(1));
  if (reader.empty()) {
    return malformed;
  }
  for (unsigned i = 1; !reader.empty(); ++i) {
    if (count != 0 && i > count) {
      return malformed;
    }
    const size_t size = i == count ? reader.remaining() : av1::read_leb128(reader);
    const Bytes element = reader.bytes(size);
    if (!reader.ok()) {
      return malformed;
    }
    if (element.size() > kMaxFrameBytes - obu_.size()) {
      return Error{ErrorCode::kRtpFrameTooLarge, static_cast<uint32_t>(obu_.size())};
    }
    obu_.insert(obu_.end(), element.begin(), element.end());
    obu_continues_ = reader.empty() && continued;
    if (!obu_continues_) {
      if (const Status status = end_obu(); !status) {
        return status;
      }
    }
  }
  return {};
}

Status Av1Depacketizer::end_obu() {
  if (obu_.empty()) {
    return {};  // an element of length 0 is of no use, but allowed
  }
  // A size field may be there, §4.5 only says that it should not. The bytes behind it are dropped.
  av1::ObuReader reader(obu_);
  const auto next = reader.next();
  if (!next) {
    return next.error();
  }
  const av1::Obu& obu = **next;
  if (!is_left_out(obu.type)) {
    const size_t header_size = (obu_[0] & kHasExtension) != 0 ? 2 : 1;
    std::array<uint8_t, 2 + 8> head{};
    size_t head_size = header_size;
    std::memcpy(head.data(), obu_.data(), header_size);
    head[0] |= kHasSize;
    write_leb128(obu.payload.size(),
                 [&head, &head_size](uint8_t byte) { head[head_size++] = byte; });
    if (const Status status = append_bytes(Bytes(head).first(head_size)); !status) {
      return status;
    }
    if (const Status status = append_bytes(obu.payload); !status) {
      return status;
    }
  }
  obu_.clear();
  return {};
}

Result<Ref<Frame>> Av1Depacketizer::finish() {
  if (obu_continues_) {
    return Error{ErrorCode::kRtpPayloadMalformed, static_cast<uint32_t>(obu_.size())};
  }
  const auto unit = av1::TemporalUnit::inspect(bytes_);
  if (!unit) {
    return unit.error();
  }
  if (!unit->has_frame) {
    return Ref<Frame>();
  }
  if (!unit->sequence_header.empty() &&
      (!sequence_header_ ||
       !std::ranges::equal(sequence_header_->bytes(), unit->sequence_header))) {
    auto track = av1::make_track_from_sequence_header(unit->sequence_header);
    if (!track) {
      return track.error();
    }
    sequence_header_ = Buffer::copy_of(unit->sequence_header);
    adopt_track(*std::move(track));
  }
  if (!track_) {
    ++counters_.unusable_frames;
    wants_random_access_ = true;
    return Ref<Frame>();
  }
  auto frame = Frame::make(pool_, track_, bytes_.size());
  std::memcpy(frame->mutable_payload().data(), bytes_.data(), bytes_.size());
  frame->random_access = unit->has_key_frame;
  return frame;
}

void Av1Depacketizer::abandon() {
  bytes_.clear();
  obu_.clear();
  obu_continues_ = false;
}

PayloadInfo inspect_av1_payload(Bytes payload) {
  PayloadInfo info;
  if (payload.size() < 2) {
    return info;
  }
  const uint8_t header = payload[0];
  info.starts_random_access = (header & (kNewSequence | kContinues)) == kNewSequence;
  info.starts_frame = info.starts_random_access;
  if ((header & kContinues) == 0) {
    // Layers are in the first OBU's extension, if it has one.
    ByteReader reader(payload.subspan(1));
    if ((header >> 4 & 3) != 1) {
      (void)av1::read_leb128(reader);
    }
    const uint8_t obu = reader.u8();
    const uint8_t extension = (obu & kHasExtension) != 0 ? reader.u8() : uint8_t{0};
    if (reader.ok()) {
      info.temporal_id = extension >> 5;
      info.spatial_id = extension >> 3 & 3;
    }
  }
  return info;
}

}  // namespace millrace::rtp
