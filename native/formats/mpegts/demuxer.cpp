#include "formats/mpegts/demuxer.hpp"

#include <algorithm>

namespace millrace::mpegts {
namespace {

// Errors of one packet that wait to be told; a packet causes one or two.
constexpr size_t kMaxErrors = 16;

/// Follows the counter of a PID with sections. @return false when a packet is missing or repeated.
bool continues(const PacketHeader& packet, int& last) {
  const bool next =
      last < 0 || packet.discontinuity || packet.continuity_counter == ((last + 1) & 0x0f);
  last = packet.continuity_counter;
  return next;
}

}  // namespace

Demuxer::Demuxer(BlockPool& pool, DemuxerOptions options) : pool_(pool), options_(options) {}

Result<std::optional<Demuxed>> Demuxer::poll() {
  for (;;) {
    if (!errors_.empty()) {
      const Error error = errors_.front();
      errors_.pop_front();
      return error;
    }
    if (!out_.empty()) {
      Demuxed next = std::move(out_.front());
      out_.pop_front();
      return std::optional(std::move(next));
    }
    const auto packet = aligner_.next();
    if (aligner_.losses() != reported_losses_) {
      reported_losses_ = aligner_.losses();
      note(Error{ErrorCode::kTsSyncLost,
                 static_cast<uint32_t>(std::min<uint64_t>(aligner_.skipped_bytes(), UINT32_MAX))});
    }
    if (!packet) {
      if (errors_.empty()) {
        return std::optional<Demuxed>();
      }
      continue;
    }
    note(on_packet(*packet));
  }
}

void Demuxer::finish() {
  for (Stream* stream : {video_.get(), audio_.get()}) {
    if (stream != nullptr) {
      stream->pes.flush();
      note(drain(*stream));
    }
  }
}

DemuxerCounters Demuxer::counters() const {
  DemuxerCounters counters = counters_;
  counters.skipped_bytes = aligner_.skipped_bytes();
  return counters;
}

void Demuxer::note(const Status& status) {
  if (!status && errors_.size() < kMaxErrors) {
    errors_.push_back(status.error());
  }
}

Status Demuxer::on_packet(Bytes bytes) {
  ++counters_.packets;
  const auto packet = PacketHeader::parse(bytes);
  if (!packet) {
    return packet.error();
  }
  if (packet->transport_error || packet->scrambled) {
    ++counters_.transport_errors;
    return {};
  }
  if (packet->pcr && packet->pid == pcr_pid_) {
    pcr_ = packet->pcr;
  }
  for (Stream* stream : {video_.get(), audio_.get()}) {
    if (stream != nullptr && stream->pid == packet->pid) {
      return on_stream(*stream, *packet);
    }
  }
  if (packet->pid == kPatPid) {
    return on_pat(*packet);
  }
  for (const auto& program : programs_) {
    if (program->map_pid == packet->pid) {
      return on_map(*program, *packet);
    }
  }
  return {};
}

Status Demuxer::on_pat(const PacketHeader& packet) {
  if (!packet.has_payload) {
    return {};
  }
  if (!continues(packet, pat_continuity_)) {
    pat_sections_.reset();
  }
  pat_sections_.push(packet.payload, packet.payload_unit_start);
  for (;;) {
    const auto section = pat_sections_.next();
    if (!section || !*section) {
      return section ? Status{} : section.error();
    }
    const auto pat = PatSection::parse(**section);
    if (!pat) {
      return pat.error();
    }
    if (!pat->header.current) {
      continue;
    }
    if (pat->header.version != pat_version_) {
      pat_version_ = pat->header.version;
      // Programs that stay keep what has been read of their maps.
      std::erase_if(programs_, [&pat](const auto& program) {
        return std::ranges::none_of(pat->programs, [&program](const PatSection::Program& listed) {
          return listed.number == program->number && listed.map_pid == program->map_pid;
        });
      });
      if (program_ != 0 && std::ranges::none_of(programs_, [this](const auto& program) {
            return program->number == program_;
          })) {
        program_ = 0;
        map_version_ = -1;
      }
    }
    for (const PatSection::Program& listed : pat->programs) {
      if ((options_.program != 0 && listed.number != options_.program) ||
          std::ranges::any_of(programs_, [&listed](const auto& program) {
            return program->number == listed.number && program->map_pid == listed.map_pid;
          })) {
        continue;
      }
      if (programs_.size() == kMaxPids - 3) {
        return Error{ErrorCode::kTsPidsTooMany, kMaxPids};
      }
      auto program = std::make_unique<Program>();
      program->number = listed.number;
      program->map_pid = listed.map_pid;
      programs_.push_back(std::move(program));
    }
  }
}

Status Demuxer::on_map(Program& program, const PacketHeader& packet) {
  if (!packet.has_payload) {
    return {};
  }
  if (!continues(packet, program.last_continuity)) {
    program.sections.reset();
  }
  program.sections.push(packet.payload, packet.payload_unit_start);
  for (;;) {
    const auto section = program.sections.next();
    if (!section || !*section) {
      return section ? Status{} : section.error();
    }
    // Other tables may share the PID, and several programs one PID.
    if ((**section)[0] == PmtSection::kTableId) {
      if (const Status status = on_map_section(program, **section); !status) {
        return status;
      }
    }
  }
}

Status Demuxer::on_map_section(const Program& program, Bytes bytes) {
  // Maps are repeated every 100 ms. The CRC tells whether it is the same one.
  const size_t size = bytes.size();
  const uint32_t crc = size < 4
                           ? 0
                           : uint32_t{bytes[size - 4]} << 24 | uint32_t{bytes[size - 3]} << 16 |
                                 uint32_t{bytes[size - 2]} << 8 | bytes[size - 1];
  if (program_ == program.number && map_version_ >= 0 && crc == map_crc_) {
    return {};
  }
  const auto map = PmtSection::parse(bytes);
  if (!map) {
    return map.error();
  }
  if (!map->header.current || std::ranges::none_of(programs_, [&map](const auto& listed) {
        return listed->number == map->header.table_id_extension;
      })) {
    return {};
  }
  const PmtSection::Stream* video = nullptr;
  const PmtSection::Stream* audio = nullptr;
  const PmtSection::Stream* unsupported = nullptr;
  for (const PmtSection::Stream& stream : map->streams) {
    const CodecId codec = StreamFormat::of(stream).codec;
    if (codec == CodecId::kUnknown) {
      unsupported = unsupported == nullptr ? &stream : unsupported;
    } else if (kind_of(codec) == TrackKind::kVideo) {
      video = video == nullptr ? &stream : video;
    } else {
      audio = audio == nullptr ? &stream : audio;
    }
  }
  const uint16_t number = map->header.table_id_extension;
  if (program_ != number) {
    // One is taken already, or another that comes later may have more.
    if (program_ != 0 && (video_ || audio_)) {
      return {};
    }
    if (video == nullptr && audio == nullptr && options_.program == 0 && programs_.size() > 1) {
      return {};
    }
  }
  program_ = number;
  map_version_ = map->header.version;
  map_crc_ = crc;
  pcr_pid_ = map->pcr_pid;
  keep_stream(video_, video);
  keep_stream(audio_, audio);
  if (unsupported != nullptr && video == nullptr && audio == nullptr) {
    return Error{ErrorCode::kTsStreamTypeUnsupported, unsupported->stream_type};
  }
  return {};
}

/// A stream that the new map still has goes on as it was.
void Demuxer::keep_stream(std::unique_ptr<Stream>& kept, const PmtSection::Stream* entry) {
  if (entry == nullptr) {
    kept = nullptr;
    return;
  }
  const StreamFormat format = StreamFormat::of(*entry);
  if (kept && kept->pid == entry->pid && kept->format == format) {
    return;
  }
  if (kept) {
    kept->pes.flush();
    note(drain(*kept));
  }
  kept = std::make_unique<Stream>();
  kept->pid = entry->pid;
  kept->format = format;
  kept->reader = make_elementary_reader(pool_, format, entry->descriptors);
}

Status Demuxer::on_stream(Stream& stream, const PacketHeader& packet) {
  const Status status = stream.pes.push(packet);
  if (!status) {
    if (status.error().code == ErrorCode::kTsContinuityGap) {
      ++counters_.continuity_gaps;
    }
    stream.reader->on_gap();
  }
  note(status);
  return drain(stream);
}

Status Demuxer::drain(Stream& stream) {
  while (const auto packet = stream.pes.next()) {
    if (const Status status = stream.reader->read(*packet, out_); !status) {
      note(status);
    }
  }
  return {};
}

}  // namespace millrace::mpegts
