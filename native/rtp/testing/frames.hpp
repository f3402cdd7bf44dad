#pragma once

// For tests only: frames of every codec with true headers and numbered bodies, and ways through a
// packetizer and back.

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/block_pool.hpp"
#include "codecs/aac/audio_specific_config.hpp"
#include "codecs/av1/codec_configuration.hpp"
#include "codecs/g711/g711.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/nal/nal_units.hpp"
#include "codecs/opus/identification_header.hpp"
#include "codecs/testing/hex.hpp"
#include "codecs/vp9/codec_configuration.hpp"
#include "codecs/vp9/frame_header.hpp"
#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp::testing {

using millrace::testing::hex;

/// x264, High, and x265, Main, both 64x48; the sequence header is libaom's.
constexpr const char* kH264Sps = "6764000aacd9447b011000000300100000030320f1225960";
constexpr const char* kH264Pps = "68ebe3cb22c0";
constexpr const char* kH265Vps = "40010c01ffff01600000030090000003000003001e959009";
constexpr const char* kH265Sps =
    "42010101600000030090000003000003001ea020831659592e4caf016808000003000800000300c840";
constexpr const char* kH265Pps = "4401c173d089";
constexpr const char* kAv1SequenceHeader = "0a0a00000002aff79b5f2008";

inline TrackRef make_track(CodecId codec) {
  switch (codec) {
    case CodecId::kH264: {
      const auto sps = hex(kH264Sps);
      const auto pps = hex(kH264Pps);
      const std::vector<Bytes> all_sps{sps};
      const std::vector<Bytes> all_pps{pps};
      return *h264::make_track(all_sps, all_pps);
    }
    case CodecId::kH265: {
      const auto vps = hex(kH265Vps);
      const auto sps = hex(kH265Sps);
      const auto pps = hex(kH265Pps);
      const std::vector<Bytes> all_vps{vps};
      const std::vector<Bytes> all_sps{sps};
      const std::vector<Bytes> all_pps{pps};
      return *h265::make_track(all_vps, all_sps, all_pps);
    }
    case CodecId::kAv1:
      return *av1::make_track_from_sequence_header(hex(kAv1SequenceHeader));
    case CodecId::kVp9:
      return vp9::make_track(*vp9::FrameHeader::parse(hex("824983420003f002f606")));
    case CodecId::kOpus:
      return opus::make_track(2);
    case CodecId::kG711A:
    case CodecId::kG711U:
      return g711::make_track(codec, 1);
    case CodecId::kAac:
      return *aac::make_track(hex("1190"));  // LC, 48 kHz, stereo
    default: {
      auto track = Track::make();
      track->kind = kind_of(codec);
      track->codec = codec;
      return track;
    }
  }
}

/// `head` and then bytes that follow from `number`, `size` in all.
inline std::vector<uint8_t> body(const std::vector<uint8_t>& head, uint32_t number, size_t size) {
  std::vector<uint8_t> out(head);
  while (out.size() < size) {
    out.push_back(static_cast<uint8_t>(number * 31 + out.size() * 7 + (out.size() >> 8)));
  }
  return out;
}

/// A NAL frame of these units.
inline Ref<Frame> nal_frame(BlockPool& pool, const TrackRef& track,
                            const std::vector<std::vector<uint8_t>>& nals) {
  std::vector<uint8_t> all;
  std::vector<NalUnit> units;
  for (const auto& nal : nals) {
    units.push_back({static_cast<uint32_t>(all.size()), static_cast<uint32_t>(nal.size())});
    all.insert(all.end(), nal.begin(), nal.end());
  }
  return nal::make_frame(pool, track, all, units);
}

inline Ref<Frame> plain_frame(BlockPool& pool, const TrackRef& track,
                              const std::vector<uint8_t>& bytes) {
  auto frame = Frame::make(pool, track, bytes.size());
  std::memcpy(frame->mutable_payload().data(), bytes.data(), bytes.size());
  return frame;
}

/// Frame `number` of a stream at 25 (video) or 50 (audio) frames per second. Video frames have
/// about `size` bytes, in NAL codecs over two slices.
inline Ref<Frame> make_frame(BlockPool& pool, const TrackRef& track, uint32_t number, bool key,
                             size_t size) {
  Ref<Frame> frame;
  const size_t half = size / 2 + 1;
  switch (track->codec) {
    case CodecId::kH264:
      frame = nal_frame(pool, track,
                        {hex("0605ff00"), body(hex(key ? "6588" : "419a"), number, half),
                         body(hex(key ? "6508" : "411a"), number + 1, half)});
      break;
    case CodecId::kH265:
      frame = nal_frame(pool, track,
                        {body(hex(key ? "2601af" : "0201d0"), number, half),
                         body(hex(key ? "26012f" : "020150"), number + 1, half)});
      break;
    case CodecId::kAv1: {
      std::vector<uint8_t> bytes;
      if (key) {
        bytes = hex(kAv1SequenceHeader);
      }
      const auto obu = body(hex(key ? "10" : "30"), number, size);
      bytes.push_back(0x32);
      for (size_t value = obu.size();; value >>= 7) {
        bytes.push_back(static_cast<uint8_t>((value >= 0x80 ? 0x80 : 0) | (value & 0x7f)));
        if (value < 0x80) {
          break;
        }
      }
      bytes.insert(bytes.end(), obu.begin(), obu.end());
      frame = plain_frame(pool, track, bytes);
      break;
    }
    case CodecId::kVp8:
      frame = plain_frame(pool, track,
                          body(hex(key ? "1002009d012a40003000" : "110200"), number, size));
      break;
    case CodecId::kVp9:
      frame = plain_frame(pool, track,
                          body(hex(key ? "824983420003f002f606" : "860040929c"), number, size));
      break;
    case CodecId::kOpus:
      frame = plain_frame(pool, track, body(hex("fc"), number, size));  // CELT, 20 ms, stereo
      break;
    default:
      frame = plain_frame(pool, track, body({}, number, size));
      break;
  }
  frame->random_access = key || frame->is_audio();
  frame->dts = frame->pts = MediaTime(int64_t{number} * (frame->is_audio() ? 20'000 : 40'000));
  return frame;
}

/// Pushes the packets but those for whose position `lost` is true, and collects the frames.
inline std::vector<Depacketized> depacketize(
    Depacketizer& depacketizer, const MediaPackets& packets,
    const std::function<bool(size_t)>& lost = [](size_t) { return false; }) {
  std::vector<Depacketized> out;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (lost(i)) {
      continue;
    }
    (void)depacketizer.push(*packets[i]);
    while (auto frame = depacketizer.poll()) {
      out.push_back(std::move(*frame));
    }
  }
  return out;
}

/// A packet with this payload.
inline Ref<MediaPacket> packet(BlockPool& pool, int64_t index, int64_t timestamp, bool marker,
                               Bytes payload) {
  auto out = MediaPacket::copy_of(pool, payload);
  out->index = index;
  out->timestamp = timestamp;
  out->marker = marker;
  return out;
}

inline DepacketizerOptions options_for(CodecId codec) {
  DepacketizerOptions options;
  options.codec = codec;
  options.channels = codec == CodecId::kOpus ? 2 : 1;
  options.configuration = codec == CodecId::kAac ? make_track(codec)->configuration : BufferRef();
  return options;
}

}  // namespace millrace::rtp::testing
