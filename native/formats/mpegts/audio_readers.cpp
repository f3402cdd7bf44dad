#include "formats/mpegts/audio_readers.hpp"

#include <algorithm>
#include <cstring>

#include "base/byte_writer.hpp"
#include "codecs/aac/adts.hpp"
#include "codecs/ac3/syncframe.hpp"
#include "codecs/mp3/frame_header.hpp"
#include "codecs/opus/identification_header.hpp"
#include "codecs/opus/packet.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {
namespace {

MediaTime time_of(uint64_t ticks) { return from_ticks(static_cast<int64_t>(ticks), kTimescale); }

Ref<Frame> copy_frame(BlockPool& pool, const TrackRef& track, Bytes payload) {
  auto frame = Frame::make(pool, track, payload.size());
  std::memcpy(frame->mutable_payload().data(), payload.data(), payload.size());
  frame->random_access = true;
  return frame;
}

}  // namespace

Status FramedAudioReader::read(const PesPacket& packet, Ring<Demuxed>& out) {
  // A frame that began in the packet before keeps the time that it had there.
  const size_t begun = rest_.size();
  rest_.insert(rest_.end(), packet.payload.begin(), packet.payload.end());
  const Bytes bytes(rest_);
  bool retimed = !packet.pts;
  Status status;
  size_t at = 0;
  while (at < bytes.size()) {
    if (!retimed && at >= begun) {
      time_ = time_of(*packet.pts);
      timed_ = true;
      retimed = true;
    }
    const auto found = find(bytes.subspan(at));
    if (!found) {
      status = found.error();
      ++at;
      continue;
    }
    if (found->size == 0 || found->size > bytes.size() - at) {
      break;
    }
    if (const Status emitted = emit(*found, bytes.subspan(at, found->size), out); !emitted) {
      status = emitted;
    }
    at += found->size;
  }
  // What begins in this packet and ends in the next has this packet's time, unless frames of this
  // one came before it.
  if (!retimed && at >= begun && at < bytes.size()) {
    time_ = time_of(*packet.pts);
    timed_ = true;
  }
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at));
  if (rest_.size() > kMaxFrameBytes) {
    rest_.clear();
  }
  return status;
}

Status FramedAudioReader::emit(const Found& found, Bytes whole, Ring<Demuxed>& out) {
  const auto renewed = renew_track(whole);
  if (!renewed) {
    return renewed.error();
  }
  if (*renewed) {
    track_ = *renewed;
    out.push_back({track_, nullptr, MediaTime(0), MediaTime(0)});
  }
  if (!track_ || !timed_ || found.payload.empty() || found.sample_rate == 0) {
    return {};
  }
  out.push_back({nullptr, copy_frame(pool_, track_, found.payload), time_, time_});
  time_ += from_ticks(found.samples, found.sample_rate);
  return {};
}

// ---- AAC in ADTS

Result<FramedAudioReader::Found> AdtsReader::find(Bytes bytes) {
  if (bytes.size() < aac::AdtsHeader::kSize) {
    return bytes[0] == 0xff ? Result(Found{}) : Result<Found>(ErrorCode::kAacAdtsInvalid);
  }
  const auto header = aac::AdtsHeader::parse(bytes);
  if (!header) {
    return header.error();
  }
  Found found;
  found.size = header->frame_size;
  if (found.size <= bytes.size() && header->raw_data_blocks == 1) {
    found.payload = bytes.subspan(header->header_size, header->frame_size - header->header_size);
  }
  found.samples = 1024 * header->raw_data_blocks;
  found.sample_rate = aac::kSamplingFrequencies[header->sampling_frequency_index];
  return found;
}

Result<TrackRef> AdtsReader::renew_track(Bytes frame) {
  const auto header = aac::AdtsHeader::parse(frame);
  // Several blocks in one frame, or channels that only the frames tell, are for radio.
  if (!header || header->raw_data_blocks != 1 || header->channel_configuration == 0) {
    return ErrorCode::kAacAdtsInvalid;
  }
  const uint32_t configuration = header->object_type << 8 | header->sampling_frequency_index << 4 |
                                 header->channel_configuration;
  if (configuration_ == configuration) {
    return TrackRef();
  }
  const auto config = header->audio_specific_config();
  std::vector<uint8_t> record(config.size());
  ByteWriter writer(record);
  config.write_to(writer);
  auto track = aac::make_track(record);
  if (!track) {
    return track.error();
  }
  configuration_ = configuration;
  return TrackRef(std::move(*track));
}

// ---- AAC in LOAS

Result<FramedAudioReader::Found> LoasReader::find(Bytes bytes) {
  if (bytes.size() < aac::LoasHeader::kSize) {
    return bytes[0] == 0x56 ? Result(Found{}) : Result<Found>(ErrorCode::kAacLatmInvalid);
  }
  const auto header = aac::LoasHeader::parse(bytes);
  if (!header) {
    return header.error();
  }
  Found found;
  found.size = header->frame_size;
  if (found.size > bytes.size()) {
    return found;
  }
  const auto element = latm_.read(
      bytes.subspan(aac::LoasHeader::kSize, header->frame_size - aac::LoasHeader::kSize));
  if (!element) {
    return element.error();
  }
  if (*element && (*element)->new_configuration) {
    auto track = aac::make_track(latm_.configuration());
    if (!track) {
      return track.error();
    }
    made_ = std::move(*track);
    changed_ = true;
  }
  if (*element && made_) {
    found.payload = (*element)->payload;
    found.samples = made_->audio.samples_per_frame;
    found.sample_rate = made_->audio.sample_rate;
  }
  return found;
}

Result<TrackRef> LoasReader::renew_track(Bytes /*frame*/) {
  return std::exchange(changed_, false) ? made_ : TrackRef();
}

// ---- MPEG audio

Result<FramedAudioReader::Found> Mp3Reader::find(Bytes bytes) {
  if (bytes.size() < mp3::FrameHeader::kSize) {
    return bytes[0] == 0xff ? Result(Found{}) : Result<Found>(ErrorCode::kMp3HeaderInvalid);
  }
  const auto header = mp3::FrameHeader::parse(bytes);
  if (!header) {
    return header.error();
  }
  if (header->frame_size < mp3::FrameHeader::kSize) {
    return ErrorCode::kMp3HeaderInvalid;
  }
  Found found;
  found.size = header->frame_size;
  if (found.size <= bytes.size() && header->layer == 3) {
    found.payload = bytes.first(found.size);
  }
  found.samples = header->samples_per_frame;
  found.sample_rate = header->sample_rate;
  return found;
}

Result<TrackRef> Mp3Reader::renew_track(Bytes frame) {
  const auto header = mp3::FrameHeader::parse(frame);
  if (!header || header->layer != 3) {
    return ErrorCode::kCodecUnsupported;
  }
  const uint32_t kind = header->sample_rate << 4 | header->channels;
  if (kind_ == kind) {
    return TrackRef();
  }
  kind_ = kind;
  return TrackRef(mp3::make_track(*header));
}

// ---- AC-3, E-AC-3

Result<FramedAudioReader::Found> Ac3Reader::find(Bytes bytes) {
  constexpr size_t kHeadBytes = 8;
  if (bytes.size() < kHeadBytes) {
    return bytes[0] == 0x0b ? Result(Found{}) : Result<Found>(ErrorCode::kCodecDecodeFailed);
  }
  const auto head = ac3::Syncframe::parse(bytes);
  if (!head || head->frame_size < kHeadBytes) {
    return ErrorCode::kCodecDecodeFailed;
  }
  Found found;
  found.size = head->frame_size;
  // Dependent substreams belong to the frame before them. They end it, as far as they are there.
  while (found.size < bytes.size() && bytes.size() - found.size >= kHeadBytes) {
    const auto next = ac3::Syncframe::parse(bytes.subspan(found.size));
    if (!next || !next->dependent || next->frame_size > bytes.size() - found.size ||
        found.size + next->frame_size > kMaxFrameBytes) {
      break;
    }
    found.size += next->frame_size;
  }
  if (found.size <= bytes.size()) {
    found.payload = bytes.first(found.size);
  }
  found.samples = head->samples_per_frame;
  found.sample_rate = head->sample_rate;
  return found;
}

Result<TrackRef> Ac3Reader::renew_track(Bytes frame) {
  const auto head = ac3::Syncframe::parse(frame);
  if (!head) {
    return head.error();
  }
  if (made_ && made_->codec == head->codec && made_->audio.sample_rate == head->sample_rate &&
      made_->audio.channels == head->channels) {
    return TrackRef();
  }
  made_ = ac3::make_track(*head);
  return made_;
}

// ---- Opus

Status OpusReader::read(const PesPacket& packet, Ring<Demuxed>& out) {
  if (!packet.pts) {
    return {};
  }
  if (!track_) {
    track_ = opus::make_track(channels_);
    out.push_back({track_, nullptr, MediaTime(0), MediaTime(0)});
  }
  MediaTime time = time_of(*packet.pts);
  ByteReader reader(packet.payload);
  while (!reader.empty()) {
    const uint32_t control = reader.u16();
    if (control >> 5 != 0x3ff) {
      return ErrorCode::kOpusPacketInvalid;
    }
    size_t size = 0;
    for (uint8_t part = 255; part == 255 && reader.ok();) {
      part = reader.u8();
      size += part;
    }
    reader.skip((control & 0x10) != 0 ? 2 : 0);  // start_trim
    reader.skip((control & 0x08) != 0 ? 2 : 0);  // end_trim
    if ((control & 0x04) != 0) {                 // control_extension
      reader.skip(reader.u8());
    }
    const Bytes payload = reader.bytes(size);
    const auto duration = opus::packet_duration(payload);
    if (!reader.ok() || !duration) {
      return ErrorCode::kOpusPacketInvalid;
    }
    out.push_back({nullptr, copy_frame(pool_, track_, payload), time, time});
    time += from_ticks(*duration, opus::kSampleRate);
  }
  return {};
}

}  // namespace millrace::mpegts
