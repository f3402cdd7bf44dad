#pragma once

// For tests only: what publishes and plays RTP through a ClientPeer.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "protocols/webrtc/testing/webrtc_server.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/rtcp/feedback.hpp"

namespace millrace::testing {

/// A WebRTC publisher of H.264: SPS, PPS and IDR slice, then P slices, one packet each.
class RtpPublisher {
 public:
  explicit RtpPublisher(ClientPeer& peer) : peer_(peer) {}

  /// @param lost  the frame's last packet is not sent; repeat() sends it.
  void send_frame(bool lost = false) {
    if (number_ % 25 == 0) {
      send(hex("6764000aacd9447b011000000300100000030320f1225960"), false);
      send(hex("68ebe3cb22c0"), false);
    }
    std::vector<uint8_t> slice = hex(number_ % 25 == 0 ? "6588" : "419a");
    slice.resize(900, static_cast<uint8_t>(number_));
    send(slice, true, lost);
    ++number_;
  }
  void repeat() { send_packet(last_, last_index_); }
  /// The first piece of a picture (FU-A); the rest does not come.
  void send_piece() {
    std::vector<uint8_t> piece = hex("7c81 9a");
    piece.resize(1000, 0xaa);
    send(piece, false);
    ++number_;
  }
  /// The encoder begins anew, under the same SSRC.
  void restart(uint64_t index) {
    index_ = index;
    number_ = 0;
    base_ = 3'000'000'000;
  }
  [[nodiscard]] uint16_t last_number() const { return static_cast<uint16_t>(last_index_); }

 private:
  void send(const std::vector<uint8_t>& payload, bool marker, bool lost = false) {
    last_index_ = index_++;
    last_ = payload;
    marker_ = marker;
    if (!lost) {
      send_packet(last_, last_index_);
    }
  }
  void send_packet(const std::vector<uint8_t>& payload, uint64_t index) {
    rtp::RtpPacket packet;
    packet.marker = marker_;
    packet.payload_type = kVideoType;
    packet.sequence_number = static_cast<uint16_t>(index);
    packet.timestamp = base_ + number_ * 3600;
    packet.ssrc = 77;
    packet.payload = payload;
    peer_.send_rtp(packet, index);
  }

  ClientPeer& peer_;
  uint32_t number_ = 0;
  uint32_t base_ = 1000;
  uint64_t index_ = 65530;  // wraps soon
  uint64_t last_index_ = 0;
  std::vector<uint8_t> last_;
  bool marker_ = false;
};

/// Collects a player's RTP packets until `enough(numbers)`.
struct Collected {
  std::vector<uint16_t> numbers;
  std::vector<uint32_t> timestamps;
  std::vector<uint8_t> types;  // of NAL units, the first of each packet

  bool take_from(ClientPeer& player, const std::function<bool(const Collected&)>& enough,
                 int limit_ms = 10'000) {
    return player.receive(
        [&](const std::vector<uint8_t>& bytes) {
          const auto packet = rtp::RtpPacket::parse(bytes);
          if (rtp::is_rtcp(bytes) || !packet.ok() || packet->payload.empty()) {
            return false;
          }
          numbers.push_back(packet->sequence_number);
          timestamps.push_back(packet->timestamp);
          types.push_back(packet->payload[0] & 0x1f);
          return enough(*this);
        },
        limit_ms);
  }
  [[nodiscard]] bool consecutive() const {
    for (size_t i = 1; i < numbers.size(); ++i) {
      if (numbers[i] != static_cast<uint16_t>(numbers[i - 1] + 1)) {
        return false;
      }
    }
    return true;
  }
};

/// A publisher of VP8 in layers of different sizes, told apart by rid. A layer sends a key frame
/// when it is asked for one.
class SimulcastPublisher {
 public:
  explicit SimulcastPublisher(ClientPeer& peer) : peer_(peer) {
    map_.add(10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
  }
  static constexpr uint8_t kType = 96;
  static Value::List media(std::string_view direction) {
    return {Fields{
        {"mid", "0"},
        {"kind", "video"},
        {"direction", direction},
        {"codecs",
         Value::List{Fields{{"payload_type", kType}, {"name", "VP8"}, {"clock_rate", 90000}}}},
        {"ssrc", kVideoSsrc},
        {"cname", "server"},
        {"rids", Value::List{"l", "h"}},
        {"extensions",
         Value::List{Fields{{"id", 10}, {"uri", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"}}}},
        {"nack", true},
        {"pli", true},
        {"goog_remb", direction == "sendonly"}}};
  }

  /// 10 ms of it: a picture of each layer, of 100 and of 1000 bytes.
  void send() {
    for (size_t i = 0; i < layers_.size(); ++i) {
      Layer& layer = layers_[i];
      // RFC 7741: start of partition 0; the frame header's lowest bit says "no key frame".
      std::vector<uint8_t> payload = hex(layer.key ? "10 10 02 00 9d012a 4001f000" : "10 11 02 00");
      payload.resize(i == 0 ? 100 : 1000, static_cast<uint8_t>(i));
      layer.key = false;
      rtp::HeaderExtensionWriter writer(map_);
      writer.rid(i == 0 ? "l" : "h");
      rtp::RtpPacket packet;
      writer.apply_to(packet);
      packet.marker = true;
      packet.payload_type = kType;
      packet.sequence_number = static_cast<uint16_t>(layer.index);
      packet.timestamp = layer.timestamp += 900;
      packet.ssrc = static_cast<uint32_t>(500 + i);
      packet.payload = payload;
      peer_.send_rtp(packet, layer.index++);
    }
    peer_.receive(
        [this](const std::vector<uint8_t>& bytes) {
          rtp::RtcpReader reader(bytes);
          for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
            if ((*next)->is(rtp::PayloadFeedbackType::kPictureLoss)) {
              layers_.at(rtp::PictureLossIndication::parse(**next)->media_ssrc - 500).key = true;
            }
          }
          return false;
        },
        10);
  }

 private:
  struct Layer {
    uint64_t index;
    uint32_t timestamp;
    bool key = true;
  };
  ClientPeer& peer_;
  rtp::HeaderExtensionMap map_;
  std::array<Layer, 2> layers_{Layer{1000, 5000}, Layer{30'000, 4'000'000'000}};
};

}  // namespace millrace::testing
