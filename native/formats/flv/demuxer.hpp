#pragma once

#include <cstddef>
#include <cstdint>

#include "base/block_pool.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/flv/audio_demuxer.hpp"
#include "formats/flv/demuxed.hpp"
#include "formats/flv/video_demuxer.hpp"
#include "media/track.hpp"

namespace millrace::flv {

/// Turns the bodies of FLV tags, or of RTMP messages, of one publisher into tracks and frames.
/// Has no socket, clock or log. Call from the pool's owner thread.
///
/// Times are as on the wire: `dts_ms` wraps after 2^32 ms and is not mended here. Errors cost the
/// message only, whatever scope the table gives them: the caller counts them by code and goes on.
/// Each frame takes one block of the pool and nothing else.
class Demuxer {
 public:
  struct Limits {
    size_t max_metadata_bytes = 65536;  // longest onMetaData taken, in bytes after its name
  };

  explicit Demuxer(BlockPool& pool) : Demuxer(pool, Limits{}) {}
  Demuxer(BlockPool& pool, Limits limits) : pool_(pool), limits_(limits) {}

  /// @return see VideoDemuxer.
  [[nodiscard]] Result<Demuxed> on_video(Bytes body, uint32_t dts_ms) {
    return video_.on_message(body, dts_ms);
  }

  /// @return see AudioDemuxer.
  [[nodiscard]] Result<Demuxed> on_audio(Bytes body, uint32_t dts_ms) {
    return audio_.on_message(body, dts_ms);
  }

  /// Script data, AMF0: "onMetaData", alone or after "@setDataFrame", gives a frame of a
  /// kAmfMetadata track whose payload is what follows the name. Its values are not looked at.
  /// @return kFlvTagMalformed when there is no name, kFlvMetadataTooLarge (detail: size).
  [[nodiscard]] Result<Demuxed> on_script(Bytes body, uint32_t dts_ms);

  /// The track of the latest sequence header, null before the first.
  [[nodiscard]] const TrackRef& video_track() const { return video_.track(); }
  [[nodiscard]] const TrackRef& audio_track() const { return audio_.track(); }

 private:
  BlockPool& pool_;
  const Limits limits_;
  VideoDemuxer video_{pool_};
  AudioDemuxer audio_{pool_};
  TrackRef metadata_track_;
};

}  // namespace millrace::flv
