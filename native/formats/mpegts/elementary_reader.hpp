#pragma once

#include <cstdint>
#include <memory>

#include "base/ring.hpp"
#include "formats/mpegts/pes_assembler.hpp"
#include "formats/mpegts/psi_tables.hpp"
#include "media/frame.hpp"
#include "media/media_time.hpp"
#include "media/track.hpp"

namespace millrace::mpegts {

/// What a transport stream gave: a track, before its first frame and when it changes, or a frame.
struct Demuxed {
  TrackRef new_track;
  Ref<Frame> frame;  // not shared yet; its times are for the caller to set
  // On the sender's clock, from 0 to 2^33 ticks of 90 kHz. Frames of audio that begin within a PES
  // packet have what the sample rate says.
  MediaTime dts{0};
  MediaTime pts{0};
};

/// PES payloads of one elementary stream into frames.
class ElementaryReader {
 public:
  virtual ~ElementaryReader() = default;

  /// @param out  gets what the packet completes, in order.
  /// @return an error of the codec when a part of it cannot be read; what could be is in `out`.
  virtual Status read(const PesPacket& packet, Ring<Demuxed>& out) = 0;
  /// Packets are missing: what is carried over to the next packet is of no use.
  virtual void on_gap() {}
};

/// What a stream of the program map table carries.
struct StreamFormat {
  CodecId codec = CodecId::kUnknown;
  bool latm = false;  // AAC in LOAS frames, not in ADTS

  /// By stream_type (ISO/IEC 13818-1 table 2-34, ATSC A/53, ETSI EN 300 468) and descriptors.
  /// kUnknown for data, and for codecs that no output carries.
  [[nodiscard]] static StreamFormat of(const PmtSection::Stream& stream);
  friend bool operator==(const StreamFormat&, const StreamFormat&) = default;
};

/// @param descriptors  of the stream's entry in the PMT; borrowed for the call.
/// @return null for kUnknown.
[[nodiscard]] std::unique_ptr<ElementaryReader> make_elementary_reader(BlockPool& pool,
                                                                       const StreamFormat& format,
                                                                       Bytes descriptors);

}  // namespace millrace::mpegts
