#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/block_pool.hpp"
#include "base/result.hpp"
#include "base/ring.hpp"
#include "formats/mpegts/elementary_reader.hpp"
#include "formats/mpegts/packet_aligner.hpp"
#include "formats/mpegts/packet_header.hpp"
#include "formats/mpegts/pes_assembler.hpp"
#include "formats/mpegts/psi_tables.hpp"
#include "formats/mpegts/section_assembler.hpp"

namespace millrace::mpegts {

struct DemuxerOptions {
  /// program_number to take; 0: the first program in which there is something to take.
  uint16_t program = 0;
};

/// Counts for logs and metrics.
struct DemuxerCounters {
  uint64_t packets = 0;
  uint64_t skipped_bytes = 0;  // that belonged to no packet
  uint64_t transport_errors = 0;
  uint64_t continuity_gaps = 0;
};

/// Reads a transport stream into frames: ISO/IEC 13818-1. Takes the first video and the first audio
/// stream of one program whose codecs the server knows, and follows the tables when they change.
/// Other streams are passed over. Has no socket, clock or thread.
///
/// Use: feed(), then poll() until it gives nothing; the bytes are borrowed until then. An error
/// costs a part of the stream, never the demuxer: go on polling.
class Demuxer {
 public:
  /// Most PIDs that are looked at: the PAT, maps of programs, and two streams.
  static constexpr size_t kMaxPids = 64;

  /// Frames are made in `pool`, on its owner's thread.
  explicit Demuxer(BlockPool& pool, DemuxerOptions options = {});

  /// The next bytes, cut anywhere.
  void feed(Bytes bytes) { aligner_.feed(bytes); }
  /// @return what came next; nullopt when more bytes are needed.
  /// Errors: kTsAdaptationFieldInvalid, kTsSectionMalformed, kTsSectionCrcMismatch,
  /// kTsPidsTooMany, kTsContinuityGap, kTsPesTooLarge, kTsPesMalformed, kTsStreamTypeUnsupported
  /// (detail: stream_type; once for each map), kTsSyncLost (detail: bytes passed over so far), and
  /// those of the codecs.
  [[nodiscard]] Result<std::optional<Demuxed>> poll();
  /// The end of the stream: poll() then gives the last picture, whose end no packet told.
  void finish();

  [[nodiscard]] DemuxerCounters counters() const;
  /// A map of the program has been read.
  [[nodiscard]] bool has_program() const { return map_version_ >= 0; }
  /// A map of the program has been read, and it has nothing to take.
  [[nodiscard]] bool has_nothing() const { return has_program() && !video_ && !audio_; }
  /// The last PCR of the program.
  [[nodiscard]] const std::optional<Pcr>& pcr() const { return pcr_; }

 private:
  struct Program {
    uint16_t number = 0;
    uint16_t map_pid = 0;
    SectionAssembler sections;
    int last_continuity = -1;
  };
  struct Stream {
    uint16_t pid = 0;
    StreamFormat format;
    PesAssembler pes;
    std::unique_ptr<ElementaryReader> reader;
  };

  Status on_packet(Bytes bytes);
  Status on_pat(const PacketHeader& packet);
  Status on_map(Program& program, const PacketHeader& packet);
  Status on_map_section(const Program& program, Bytes bytes);
  Status on_stream(Stream& stream, const PacketHeader& packet);
  Status drain(Stream& stream);
  void keep_stream(std::unique_ptr<Stream>& kept, const PmtSection::Stream* entry);
  void note(const Status& status);

  BlockPool& pool_;
  const DemuxerOptions options_;
  PacketAligner aligner_;
  uint64_t reported_losses_ = 0;
  SectionAssembler pat_sections_;
  int pat_continuity_ = -1;
  int pat_version_ = -1;
  std::vector<std::unique_ptr<Program>> programs_;
  uint16_t program_ = 0;  // that is taken; 0: none yet
  int map_version_ = -1;
  uint32_t map_crc_ = 0;
  uint16_t pcr_pid_ = 0x1fff;
  std::optional<Pcr> pcr_;
  std::unique_ptr<Stream> video_;
  std::unique_ptr<Stream> audio_;
  Ring<Demuxed> out_;
  Ring<Error> errors_;
  DemuxerCounters counters_;
};

}  // namespace millrace::mpegts
