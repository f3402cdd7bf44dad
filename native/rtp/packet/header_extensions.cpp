#include "rtp/packet/header_extensions.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::rtp {
namespace {

constexpr uint16_t kOneByteProfile = 0xbede;  // RFC 8285 §4.2
constexpr uint16_t kTwoByteProfile = 0x1000;  // §4.3; the lower four bits are the application's
constexpr uint8_t kReservedId = 15;

constexpr std::array<std::string_view, kHeaderExtensions> kUris{
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
};

std::string_view as_text(Bytes value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

}  // namespace

std::string_view header_extension_uri(HeaderExtension extension) {
  return kUris[static_cast<size_t>(extension)];
}

std::optional<HeaderExtension> header_extension_of_uri(std::string_view uri) {
  const auto found = std::ranges::find(kUris, uri);
  if (found == kUris.end()) {
    return std::nullopt;
  }
  return static_cast<HeaderExtension>(found - kUris.begin());
}

void HeaderExtensionMap::add(uint32_t id, std::string_view uri) {
  const auto extension = header_extension_of_uri(uri);
  if (!extension || id == 0 || id > 255 || extension_of(static_cast<uint8_t>(id))) {
    return;
  }
  uint8_t& slot = ids_[static_cast<size_t>(*extension)];
  slot = slot == 0 ? static_cast<uint8_t>(id) : slot;
}

HeaderExtensionReader::HeaderExtensionReader(const RtpPacket& packet)
    : reader_(packet.extension_profile == kOneByteProfile ||
                      (packet.extension_profile & 0xfff0) == kTwoByteProfile
                  ? packet.extension
                  : Bytes()),
      two_byte_(packet.extension_profile != kOneByteProfile) {}

std::optional<HeaderExtensionReader::Element> HeaderExtensionReader::next() {
  while (!reader_.empty()) {
    const uint8_t first = reader_.u8();
    const uint8_t id = two_byte_ ? first : first >> 4;
    if (id == 0) {
      // §4.2: id 0 is one byte of padding. One that claims a length ends what can be understood.
      if (!two_byte_ && first != 0) {
        reader_.fail();
      }
      continue;
    }
    if (!two_byte_ && id == kReservedId) {
      reader_.fail();
      break;
    }
    const size_t size = two_byte_ ? reader_.u8() : (first & 0x0fU) + 1U;
    const Bytes value = reader_.bytes(size);
    if (reader_.ok()) {
      return Element{id, value};
    }
  }
  return std::nullopt;
}

HeaderExtensions HeaderExtensions::parse(const RtpPacket& packet, const HeaderExtensionMap& map) {
  HeaderExtensions out;
  HeaderExtensionReader elements(packet);
  while (const auto element = elements.next()) {
    const auto extension = map.extension_of(element->id);
    if (!extension) {
      continue;
    }
    ByteReader value(element->value);
    const size_t size = element->value.size();
    switch (*extension) {
      case HeaderExtension::kMid:
        out.mid = as_text(element->value);
        break;
      case HeaderExtension::kRid:
        out.rid = as_text(element->value);
        break;
      case HeaderExtension::kRepairedRid:
        out.repaired_rid = as_text(element->value);
        break;
      case HeaderExtension::kTransportWideCc:
        if (size >= 2) {
          out.transport_sequence_number = value.u16();
        }
        break;
      case HeaderExtension::kAbsSendTime:
        if (size == 3) {
          out.abs_send_time = value.u24();
        }
        break;
      case HeaderExtension::kPlayoutDelay:
        if (size == 3) {
          const uint32_t both = value.u24();
          out.playout_delay =
              PlayoutDelay{static_cast<uint16_t>(both >> 12), static_cast<uint16_t>(both & 0xfff)};
        }
        break;
      case HeaderExtension::kAbsCaptureTime:
        if (size == 8 || size == 16) {
          AbsCaptureTime time{value.u64(), std::nullopt};
          if (size == 16) {
            time.clock_offset_q32 = static_cast<int64_t>(value.u64());
          }
          out.abs_capture_time = time;
        }
        break;
      case HeaderExtension::kAudioLevel:
        if (size >= 1) {  // RFC 6464 §3: two-byte form may pad
          const uint8_t byte = value.u8();
          out.audio_level = AudioLevel{(byte & 0x80) != 0, static_cast<uint8_t>(byte & 0x7f)};
        }
        break;
    }
  }
  return out;
}

HeaderExtensionWriter::HeaderExtensionWriter(const HeaderExtensionMap& map) : map_(map) {
  for (size_t i = 0; i < kHeaderExtensions; ++i) {
    two_byte_ = two_byte_ || map.id_of(static_cast<HeaderExtension>(i)) >= kReservedId;
  }
}

std::optional<std::span<uint8_t>> HeaderExtensionWriter::element(HeaderExtension extension,
                                                                 size_t size) {
  const uint8_t id = map_.id_of(extension);
  if (id == 0 || size == 0) {
    return std::nullopt;
  }
  assert(size <= kMaxTextSize && size_ + 2 + size + 3 <= kMaxSize);
  if (two_byte_) {
    room_[size_++] = id;
    room_[size_++] = static_cast<uint8_t>(size);
  } else {
    room_[size_++] = static_cast<uint8_t>(id << 4 | (size - 1));
  }
  const std::span<uint8_t> value = std::span(room_).subspan(size_, size);
  size_ += size;
  return value;
}

void HeaderExtensionWriter::text(HeaderExtension extension, std::string_view value) {
  if (value.size() > kMaxTextSize) {
    return;  // the SDP side does not make such names
  }
  if (const auto room = element(extension, value.size())) {
    std::memcpy(room->data(), value.data(), value.size());
  }
}

void HeaderExtensionWriter::transport_sequence_number(uint16_t number) {
  if (const auto room = element(HeaderExtension::kTransportWideCc, 2)) {
    transport_sequence_number_offset_ = size_ - 2;
    ByteWriter(*room).u16(number);
  }
}

void HeaderExtensionWriter::abs_send_time(uint32_t time) {
  if (const auto room = element(HeaderExtension::kAbsSendTime, 3)) {
    ByteWriter(*room).u24(time);
  }
}

void HeaderExtensionWriter::playout_delay(PlayoutDelay delay) {
  if (const auto room = element(HeaderExtension::kPlayoutDelay, 3)) {
    ByteWriter(*room).u24(static_cast<uint32_t>(delay.min_10ms & 0xfff) << 12 |
                          (delay.max_10ms & 0xfffU));
  }
}

void HeaderExtensionWriter::abs_capture_time(const AbsCaptureTime& time) {
  if (const auto room = element(HeaderExtension::kAbsCaptureTime, time.clock_offset_q32 ? 16 : 8)) {
    ByteWriter writer(*room);
    writer.u64(time.ntp);
    if (time.clock_offset_q32) {
      writer.u64(static_cast<uint64_t>(*time.clock_offset_q32));
    }
  }
}

void HeaderExtensionWriter::audio_level(AudioLevel level) {
  if (const auto room = element(HeaderExtension::kAudioLevel, 1)) {
    (*room)[0] = static_cast<uint8_t>((level.voice ? 0x80 : 0) | (level.level & 0x7f));
  }
}

Bytes HeaderExtensionWriter::finish() {
  while (size_ % 4 != 0) {
    room_[size_++] = 0;
  }
  return Bytes(room_).first(size_);
}

uint16_t HeaderExtensionWriter::profile() const {
  return two_byte_ ? kTwoByteProfile : kOneByteProfile;
}

void HeaderExtensionWriter::apply_to(RtpPacket& packet) {
  packet.extension = finish();
  packet.has_extension = !packet.extension.empty();
  packet.extension_profile = packet.has_extension ? profile() : uint16_t{0};
}

}  // namespace millrace::rtp
