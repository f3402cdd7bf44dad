#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "rtp/packet/rtp_packet.hpp"

namespace millrace::rtp {

/// The header extensions that the server reads or writes.
enum class HeaderExtension : uint8_t {
  kMid,              // RFC 9143 §15.1
  kRid,              // RFC 8852 §3.1
  kRepairedRid,      // RFC 8852 §3.2
  kTransportWideCc,  // draft-holmer-rmcat-transport-wide-cc-extensions-01 §2
  kAbsSendTime,      // 24 bits: seconds in 6.18 fixed point
  kPlayoutDelay,     // 2 x 12 bits: least and most delay in 10 ms
  kAbsCaptureTime,   // NTP time of capture, 8 bytes, and 8 more for the clock's offset
  kAudioLevel,       // RFC 6464: voice activity and -dBov
};
constexpr size_t kHeaderExtensions = 8;

/// The URI by which an SDP `a=extmap` names it.
[[nodiscard]] std::string_view header_extension_uri(HeaderExtension extension);
[[nodiscard]] std::optional<HeaderExtension> header_extension_of_uri(std::string_view uri);

/// Which id stands for which extension in one direction of one session, as negotiated (RFC 8285
/// §5).
class HeaderExtensionMap {
 public:
  /// Ids of extensions that are not known here are left out, and of two with the same id or the
  /// same URI the first counts.
  /// @param id  1 to 255; others are left out. 15 cannot be had in one-byte form (§4.2).
  void add(uint32_t id, std::string_view uri);

  /// 0 when the peer did not negotiate it.
  [[nodiscard]] uint8_t id_of(HeaderExtension extension) const {
    return ids_[static_cast<size_t>(extension)];
  }
  [[nodiscard]] std::optional<HeaderExtension> extension_of(uint8_t id) const {
    for (size_t i = 0; i < kHeaderExtensions; ++i) {
      if (id != 0 && ids_[i] == id) {
        return static_cast<HeaderExtension>(i);
      }
    }
    return std::nullopt;
  }

 private:
  std::array<uint8_t, kHeaderExtensions> ids_{};
};

/// Walks the elements of a header extension, one- or two-byte form (RFC 8285 §4.2, §4.3). Padding
/// is passed over. A lying length or the reserved id 15 ends the walk, as §4.2 asks for.
class HeaderExtensionReader {
 public:
  struct Element {
    uint8_t id;
    Bytes value;  // borrowed; may be empty in two-byte form
  };
  explicit HeaderExtensionReader(const RtpPacket& packet);
  [[nodiscard]] std::optional<Element> next();

 private:
  ByteReader reader_;
  bool two_byte_ = false;
};

struct PlayoutDelay {
  uint16_t min_10ms = 0;  // 12 bits, units of 10 ms
  uint16_t max_10ms = 0;
  friend bool operator==(const PlayoutDelay&, const PlayoutDelay&) = default;
};

struct AbsCaptureTime {
  uint64_t ntp = 0;                           // Q32.32 seconds since 1900
  std::optional<int64_t> clock_offset_q32{};  // to the sender's own NTP clock
  friend bool operator==(const AbsCaptureTime&, const AbsCaptureTime&) = default;
};

struct AudioLevel {
  bool voice = false;
  uint8_t level = 127;  // -dBov: 0 loud, 127 silence
  friend bool operator==(const AudioLevel&, const AudioLevel&) = default;
};

/// What the known extensions of one packet say. Elements of a wrong size are passed over: they are
/// hints, and the media beside them is good. Borrows from the packet.
struct HeaderExtensions {
  std::string_view mid;  // empty: not there
  std::string_view rid;
  std::string_view repaired_rid;
  std::optional<uint16_t> transport_sequence_number;
  std::optional<uint32_t> abs_send_time;
  std::optional<PlayoutDelay> playout_delay;
  std::optional<AbsCaptureTime> abs_capture_time;
  std::optional<AudioLevel> audio_level;

  [[nodiscard]] static HeaderExtensions parse(const RtpPacket& packet,
                                              const HeaderExtensionMap& map);
};

/// Makes the extension part of a packet that is sent. The form is chosen by the ids: one-byte while
/// all are below 15 (RFC 8285 §4.1.2), which every value here fits into.
class HeaderExtensionWriter {
 public:
  /// Longest extension part, in bytes: all known extensions in two-byte form, ids of 16 bytes.
  static constexpr size_t kMaxSize = 128;
  /// Longest mid or rid in bytes; one-byte form has no more (RFC 8285 §4.2).
  static constexpr size_t kMaxTextSize = 16;

  explicit HeaderExtensionWriter(const HeaderExtensionMap& map);

  /// Adds the value if the peer negotiated the extension, else nothing. Each at most once.
  void mid(std::string_view mid) { text(HeaderExtension::kMid, mid); }
  void rid(std::string_view rid) { text(HeaderExtension::kRid, rid); }
  void repaired_rid(std::string_view rid) { text(HeaderExtension::kRepairedRid, rid); }
  void transport_sequence_number(uint16_t number);
  void abs_send_time(uint32_t time);
  void playout_delay(PlayoutDelay delay);
  void abs_capture_time(const AbsCaptureTime& time);
  void audio_level(AudioLevel level);

  /// The packet's extension part, padded to 4 bytes: what goes into RtpPacket::extension.
  /// Borrowed from the writer. Empty when nothing was added.
  [[nodiscard]] Bytes finish();
  [[nodiscard]] uint16_t profile() const;
  /// Sets has_extension, extension_profile and extension of the packet.
  void apply_to(RtpPacket& packet);
  /// Where the transport-wide sequence number lies in finish(), so that a prepared header can be
  /// patched; nullopt when it was not added.
  [[nodiscard]] std::optional<size_t> transport_sequence_number_offset() const {
    return transport_sequence_number_offset_;
  }

 private:
  std::optional<std::span<uint8_t>> element(HeaderExtension extension, size_t size);
  void text(HeaderExtension extension, std::string_view value);

  const HeaderExtensionMap& map_;
  bool two_byte_ = false;
  size_t size_ = 0;
  std::optional<size_t> transport_sequence_number_offset_;
  std::array<uint8_t, kMaxSize> room_{};
};

/// abs-send-time of a clock that counts from anywhere: its seconds in 6.18 fixed point, modulo 64
/// s.
[[nodiscard]] constexpr uint32_t to_abs_send_time(int64_t microseconds) {
  constexpr int64_t kCycle = 64'000'000;
  return static_cast<uint32_t>((microseconds % kCycle << 18) / 1'000'000) & 0xffffff;
}

}  // namespace millrace::rtp
