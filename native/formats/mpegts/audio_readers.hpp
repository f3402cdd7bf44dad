#pragma once

#include <optional>
#include <vector>

#include "codecs/aac/latm.hpp"
#include "formats/mpegts/elementary_reader.hpp"

namespace millrace::mpegts {

/// Cuts a stream of audio frames that have a header each, wherever PES packets begin and end. A
/// frame's time is that of the packet in which it begins, later ones in it follow by their
/// duration: ISO/IEC 13818-1 §2.4.3.7, "PTS".
class FramedAudioReader : public ElementaryReader {
 public:
  explicit FramedAudioReader(BlockPool& pool) : pool_(pool) {}
  Status read(const PesPacket& packet, Ring<Demuxed>& out) final;
  void on_gap() final { rest_.clear(); }

 protected:
  /// What stands at the start of `bytes`.
  struct Found {
    size_t size = 0;  // bytes to the next frame; 0: more are needed
    Bytes payload;    // of the frame; empty: nothing to emit
    uint32_t samples = 0;
    uint32_t sample_rate = 0;
  };
  /// Most bytes that one frame may have, so that what is kept has a bound.
  static constexpr size_t kMaxFrameBytes = 8192;

  /// @return an error when no frame begins here: the next byte is tried.
  virtual Result<Found> find(Bytes bytes) = 0;
  /// Called for each frame found, before it is emitted: a new track, or null when it is as before.
  virtual Result<TrackRef> renew_track(Bytes frame) = 0;

 private:
  Status emit(const Found& found, Bytes whole, Ring<Demuxed>& out);

  BlockPool& pool_;
  TrackRef track_;
  std::vector<uint8_t> rest_;  // of a frame that is not whole
  MediaTime time_{0};          // of the next frame
  bool timed_ = false;
};

/// ISO/IEC 13818-1 stream_type 0x0f.
class AdtsReader final : public FramedAudioReader {
 public:
  using FramedAudioReader::FramedAudioReader;

 private:
  Result<Found> find(Bytes bytes) override;
  Result<TrackRef> renew_track(Bytes frame) override;
  std::optional<uint32_t> configuration_;  // the bits of the ADTS header that make the track
};

/// ISO/IEC 13818-1 stream_type 0x11.
class LoasReader final : public FramedAudioReader {
 public:
  using FramedAudioReader::FramedAudioReader;

 private:
  Result<Found> find(Bytes bytes) override;
  Result<TrackRef> renew_track(Bytes frame) override;
  aac::LatmReader latm_;
  TrackRef made_;  // of the last configuration
  bool changed_ = false;
};

/// ISO/IEC 13818-1 stream_type 0x03 and 0x04; layer III alone.
class Mp3Reader final : public FramedAudioReader {
 public:
  using FramedAudioReader::FramedAudioReader;

 private:
  Result<Found> find(Bytes bytes) override;
  Result<TrackRef> renew_track(Bytes frame) override;
  std::optional<uint32_t> kind_;  // the bits of the frame header that make the track
};

/// AC-3 and E-AC-3: ATSC A/52 Annex A and E, ETSI EN 300 468 Annex D.
class Ac3Reader final : public FramedAudioReader {
 public:
  using FramedAudioReader::FramedAudioReader;

 private:
  Result<Found> find(Bytes bytes) override;
  Result<TrackRef> renew_track(Bytes frame) override;
  TrackRef made_;
};

/// Opus, "Opus in MPEG-TS" (ETSI draft): a control header before each packet; whole packets in each
/// PES packet.
class OpusReader final : public ElementaryReader {
 public:
  OpusReader(BlockPool& pool, uint8_t channels) : pool_(pool), channels_(channels) {}
  Status read(const PesPacket& packet, Ring<Demuxed>& out) override;

 private:
  BlockPool& pool_;
  const uint8_t channels_;
  TrackRef track_;
};

}  // namespace millrace::mpegts
