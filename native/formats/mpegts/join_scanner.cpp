#include "formats/mpegts/join_scanner.hpp"

#include <algorithm>

#include "codecs/h264/nal_unit.hpp"
#include "codecs/h265/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::mpegts {

bool JoinScanner::can_begin_with(Bytes packet) {
  const unsigned pid = (packet[1] & 0x1fU) << 8 | packet[2];
  const bool start = (packet[1] & 0x40) != 0;
  if (pid == video_pid_ || (video_pid_ == kNoPid && pid == audio_pid_)) {
    if (!start) {
      return false;
    }
    const auto header = PacketHeader::parse(packet);
    return header && header->has_payload &&
           (pid != video_pid_ || header->random_access || shows_parameter_sets(header->payload));
  }
  if (pid == kPatPid || std::ranges::find(map_pids_, pid) != map_pids_.end()) {
    if (const auto header = PacketHeader::parse(packet); header && header->has_payload) {
      pid == kPatPid ? on_pat(packet, *header) : on_map(packet, *header);
    }
  }
  return false;
}

/// @return true when the packet completes a section.
bool JoinScanner::take(Table& table, Bytes packet, const PacketHeader& header, Bytes& section) {
  if (header.payload_unit_start) {
    table.sections.reset();
    table.packets.clear();
  }
  if (table.packets.size() >= kMaxTablePackets * kPacketBytes) {
    return false;
  }
  table.packets.insert(table.packets.end(), packet.begin(), packet.end());
  table.sections.push(header.payload, header.payload_unit_start);
  const auto next = table.sections.next();
  if (!next || !*next) {
    return false;
  }
  section = **next;
  return true;
}

void JoinScanner::on_pat(Bytes packet, const PacketHeader& header) {
  Bytes section;
  if (!take(pat_, packet, header, section)) {
    return;
  }
  const auto pat = PatSection::parse(section);
  if (!pat || !pat->header.current) {
    return;
  }
  map_pids_.clear();
  for (const PatSection::Program& program : pat->programs) {
    map_pids_.push_back(program.map_pid);
  }
  pat_packets_ = pat_.packets;
  tables_ = pat_packets_;
  tables_.insert(tables_.end(), map_packets_.begin(), map_packets_.end());
}

void JoinScanner::on_map(Bytes packet, const PacketHeader& header) {
  if (header.payload_unit_start) {
    map_pid_ = header.pid;
  }
  Bytes section;
  if (header.pid != map_pid_ || !take(map_, packet, header, section)) {
    return;
  }
  const auto map = PmtSection::parse(section);
  if (!map || !map->header.current) {
    return;
  }
  uint16_t video = kNoPid;
  uint16_t audio = kNoPid;
  CodecId codec = CodecId::kUnknown;
  for (const PmtSection::Stream& stream : map->streams) {
    const CodecId found = StreamFormat::of(stream).codec;
    if (found != CodecId::kUnknown && kind_of(found) == TrackKind::kVideo && video == kNoPid) {
      video = stream.pid;
      codec = found;
    } else if (found != CodecId::kUnknown && kind_of(found) == TrackKind::kAudio &&
               audio == kNoPid) {
      audio = stream.pid;
    }
  }
  if (video == kNoPid && (audio == kNoPid || video_pid_ != kNoPid)) {
    return;  // a program without media, or one of sound beside one with pictures
  }
  video_pid_ = video;
  audio_pid_ = audio;
  video_codec_ = codec;
  map_packets_ = map_.packets;
  tables_ = pat_packets_;
  tables_.insert(tables_.end(), map_packets_.begin(), map_packets_.end());
}

/// For multiplexers that do not set random_access_indicator: parameter sets stand at the start of
/// such a picture, and nearly always within its first packet.
bool JoinScanner::shows_parameter_sets(Bytes payload) const {
  for (size_t at = nal::find_start_code(payload, 6); at + 3 < payload.size();
       at = nal::find_start_code(payload, at + 3)) {
    const Bytes nal = payload.subspan(at + 3);
    if (video_codec_ == CodecId::kH264) {
      const auto type = h264::nal_unit_type(nal);
      if (type == h264::NalUnitType::kSps || type == h264::NalUnitType::kSliceIdr) {
        return true;
      }
    } else if (video_codec_ == CodecId::kH265) {
      const auto type = h265::nal_unit_type(nal);
      if (type == h265::NalUnitType::kVps || type == h265::NalUnitType::kSps ||
          h265::is_irap(type)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace millrace::mpegts
